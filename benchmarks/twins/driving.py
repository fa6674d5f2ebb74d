"""PilotNet in PyTorch."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from benchmarks.twins.twin import Twin

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch


class Driving(Twin):
    """Five convolutions, four dense layers, Huber loss."""

    def __init__(self, *, size: tuple[int, int]) -> None:
        super().__init__()
        height, width = size
        convolutions = []
        for before, after, kernel, stride in (
            (3, 24, 5, 2), (24, 36, 5, 2), (36, 48, 5, 2), (48, 64, 3, 1), (64, 64, 3, 1),
        ):  # fmt: skip
            convolutions.append(nn.Conv2d(before, after, kernel, stride=stride))
            height, width = ((side - kernel) // stride + 1 for side in (height, width))
        sizes = (64 * height * width, 100, 50, 10, 1)
        dense = [nn.Linear(before, after) for before, after in pairwise(sizes)]
        self.convolutions, self.dense = nn.ModuleList(convolutions), nn.ModuleList(dense)

    def layers(self) -> dict[str, nn.Module]:
        return {
            **{f"conv{n}": layer for n, layer in enumerate(self.convolutions, 1)},
            **{f"dense{n}": layer for n, layer in enumerate(self.dense, 1)},
        }

    def channels_before(self) -> dict[str, int]:
        return {"dense1": 64}

    def losses(self, step: str, feeds: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        x = self.picture(feeds["input"])
        for layer in self.convolutions:
            x = functional.relu(layer(x))
        x = x.flatten(1)
        *hidden, last = self.dense
        for layer in hidden:
            x = functional.relu(layer(x))
        return {"loss": functional.huber_loss(last(x), feeds["targets"].to(x.dtype))}
