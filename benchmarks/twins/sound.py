"""The lecture's network on spectrograms, in PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from benchmarks.twins.twin import Twin

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch


class Sound(Twin):
    """Two convolutions with pooling, two dense layers, cross-entropy."""

    def __init__(self, *, size: tuple[int, int], classes: int) -> None:
        super().__init__()
        height, width = size
        self.body = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(64 * (height // 4) * (width // 4), 128), nn.ReLU(), nn.Linear(128, classes),
        )  # fmt: skip

    def layers(self) -> dict[str, nn.Module]:
        body = self.body
        return {"conv1": body[0], "conv2": body[3], "dense1": body[7], "dense2": body[9]}

    def channels_before(self) -> dict[str, int]:
        return {"dense1": 64}

    def losses(self, step: str, feeds: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        logits = self.body(self.picture(feeds["input"]))
        return {"loss": functional.cross_entropy(logits, feeds["targets"])}
