"""The network that writes what is said, in PyTorch: convolutions to a row of logits, CTC loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from benchmarks.twins.twin import Twin

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTHS = (32, 64, 96, 128)


class ConvNorm(nn.Module):
    """A convolution that keeps borders, a batch norm, and ReLU."""

    def __init__(
        self, before: int, after: int, size: tuple[int, int], stride: tuple[int, int] = (1, 1),
        *, padded: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        padding = (size[0] // 2, size[1] // 2) if padded else (0, 0)
        self.conv = nn.Conv2d(before, after, size, stride, padding, bias=False)
        self.norm = nn.BatchNorm2d(after)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """All three."""
        return functional.relu(self.norm(self.conv(x)))


class Transcripts(Twin):
    """The speech network without dropout, four columns a step."""

    def __init__(self, *, size: tuple[int, int], classes: int, labels: int) -> None:
        super().__init__()
        self.labels = labels
        self.named: dict[str, ConvNorm] = {}
        rows, columns, number, before = size[0], 4, 0, 1
        while rows > 4 or columns > 1:
            stride = 2 if rows > 4 else 1, 2 if columns > 1 else 1
            width = WIDTHS[min(number, 3)]
            self.named[f"down{number + 1}"] = ConvNorm(before, width, (3, 3), stride)
            if stride[1] == 2 and number:
                self.named[f"same{number + 1}"] = ConvNorm(width, width, (3, 3))
            rows, columns = -(-rows // stride[0]), max(1, columns // 2)
            before, number = width, number + 1
        self.named["frequencies"] = ConvNorm(before, 128, (rows, 1), padded=False)
        self.named["context1"] = ConvNorm(128, 128, (1, 7))
        self.named["context2"] = ConvNorm(128, 128, (1, 7))
        self.body = nn.Sequential(*self.named.values())
        self.steps = nn.Conv2d(128, classes, 1)

    def layers(self) -> dict[str, nn.Module]:
        found: dict[str, nn.Module] = {}
        for name, pair in self.named.items():
            found[name], found[f"{name}-norm"] = pair.conv, pair.norm
        return {**found, "steps": self.steps}

    def losses(self, step: str, feeds: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        logits = self.steps(self.body(self.picture(feeds["input"])))[:, :, 0]  # (N, K, T)
        log_y, wanted = functional.log_softmax(logits, 1).permute(2, 0, 1), feeds["targets"]
        steps = torch.full((len(wanted),), len(log_y))
        found = functional.ctc_loss(
            log_y, wanted.clamp(min=0), steps, (wanted >= 0).sum(1), reduction="none"
        )
        return {"loss": found.mean()}
