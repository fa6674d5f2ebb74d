"""A residual body with a pyramid in PyTorch, as detectors stand on it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from benchmarks.twins.twin import Twin

if TYPE_CHECKING:
    from collections.abc import Mapping

STRIDE, WIDTH = 8, 64


class ConvNorm(nn.Module):
    """A convolution without bias, and a batch norm."""

    def __init__(self, before: int, after: int, size: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, size, stride, size // 2, bias=False)
        self.norm = nn.BatchNorm2d(after)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Both."""
        normed: torch.Tensor = self.norm(self.conv(x))
        return normed


class Block(nn.Module):
    """ResNet's basic block."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.first, self.second = ConvNorm(before, after, 3, stride), ConvNorm(after, after)
        self.shortcut = ConvNorm(before, after, 1, stride) if before != after else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Body plus shortcut."""
        body = self.second(functional.relu(self.first(x)))
        return functional.relu(body + (x if self.shortcut is None else self.shortcut(x)))


class OnPyramid(Twin):
    """A detector without its head: from pictures to a map with a cell in 8×8 pixels."""

    def __init__(self, *, size: tuple[int, int], depth: int) -> None:
        super().__init__()
        self.cells = size[0] // STRIDE, size[1] // STRIDE
        self.stem = ConvNorm(3, 16)
        before, blocks = 16, []
        for after in (16, 32, 64):
            for number in range(depth):
                blocks.append(Block(before, after, 2 if after > 16 and number == 0 else 1))
                before = after
        self.blocks = nn.Sequential(*blocks)
        self.down, self.lateral, self.smooth = (
            ConvNorm(64, WIDTH, 3, 2), ConvNorm(WIDTH, WIDTH, 1), ConvNorm(WIDTH, WIDTH),
        )  # fmt: skip
        self.down.conv.padding = (0, 0)  # its borders are below and to the right alone

    def layers(self) -> dict[str, nn.Module]:
        numbered = [self.stem]
        for block in self.blocks:
            assert isinstance(block, Block)
            numbered += [block.first, block.second]
            numbered += [] if block.shortcut is None else [block.shortcut]
        named = {f"conv{number}": pair for number, pair in enumerate(numbered, 1)}
        named.update({"down8": self.down, "lateral8": self.lateral, "smooth": self.smooth})
        return {**of_pairs(named), **self.head()}

    @abstractmethod
    def head(self) -> dict[str, nn.Module]:
        """The module of each of the head's layers that has weights."""

    def pyramid(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pixels (N, H, W, 3) as a map (N, 64, H/8, W/8)."""
        x = self.blocks(functional.relu(self.stem(self.picture(pixels))))
        x = functional.relu(self.down(functional.pad(x, (0, 1, 0, 1))))
        return functional.relu(self.smooth(functional.relu(self.lateral(x))))


def of_pairs(named: Mapping[str, ConvNorm]) -> dict[str, nn.Module]:
    """The two modules of each pair, under the package's names."""
    found: dict[str, nn.Module] = {}
    for name, pair in named.items():
        norm = name.replace("conv", "norm") if name.startswith("conv") else f"{name}-norm"
        found[name], found[norm] = pair.conv, pair.norm
    return found
