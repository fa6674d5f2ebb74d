"""A network with a spatial transformer in PyTorch: an affine grid, and bilinear sampling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from benchmarks.twins.twin import Twin

if TYPE_CHECKING:
    from collections.abc import Mapping

UNITS, SCALE = 64, 0.3


class Spatial(Twin):
    """A localisation network, sampling, two convolutions and two dense layers."""

    def __init__(self, *, size: tuple[int, int], classes: int) -> None:
        super().__init__()
        seen = [((side // 2 - 4) // 2) - 2 for side in size]
        left = [((side - 4) // 2 - 4) // 2 for side in size]
        self.looks = nn.Sequential(
            nn.MaxPool2d(2), nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(20, 20, 3), nn.ReLU(), nn.Flatten(),
            nn.Linear(20 * seen[0] * seen[1], 32), nn.ReLU(), nn.Linear(32, 6),
        )  # fmt: skip
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 5), nn.ReLU(),
            nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * left[0] * left[1], UNITS), nn.ReLU(),
            nn.Linear(UNITS, classes),
        )  # fmt: skip

    def layers(self) -> dict[str, nn.Module]:
        looks, body = self.looks, self.body
        return {
            "conv1": looks[1], "conv2": looks[4], "dense1": looks[7], "dense2": looks[9],
            "conv3": body[0], "conv4": body[3], "dense3": body[7], "dense4": body[9],
        }  # fmt: skip

    def channels_before(self) -> dict[str, int]:
        return {"dense1": 20, "dense3": 32}

    def losses(self, step: str, feeds: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        x = self.picture(feeds["input"])
        identity = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], dtype=x.dtype)
        theta = SCALE * self.looks(x).unflatten(1, (2, 3)) + identity
        grid = functional.affine_grid(theta, list(x.shape), align_corners=False)
        seen = functional.grid_sample(x, grid, align_corners=False)
        return {"loss": functional.cross_entropy(self.body(seen), feeds["targets"])}
