"""Which taps of a kernel carry the gradient back to which positions of its input.

Input position y meets output position (y + before − k·dilation) / stride through tap k, where that
is a whole number. So positions fall into as many phases as the stride has steps, each with taps of
its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pellucid.engines.native.memory.geometry import Pair
    from pellucid.ops import Conv2D


@dataclass(frozen=True)
class Axis:
    """One axis of a phase: its input positions, a stride apart.

    Attributes:
        positions: How many there are.
        taps: Which taps reach them, each with the output position that it joins with the first of
            them; the last tap first, so that output positions ascend.
    """

    positions: int
    taps: tuple[Pair, ...]


@dataclass(frozen=True)
class Phase:
    """The input positions that lie a whole number of strides apart.

    Attributes:
        first: The first of them, (row, column).
        rows: Down.
        columns: Across.
    """

    first: Pair
    rows: Axis
    columns: Axis

    @property
    def reached(self) -> bool:
        """Whether any tap reaches them; their gradient is zero otherwise."""
        return bool(self.rows.taps and self.columns.taps)


def phases(operation: Conv2D, height: int, width: int) -> list[Phase]:
    """All phases of an image of that size; together they hold every position once."""
    down, across = (
        [_axis(operation, axis, length, first) for first in range(min(step, length))]
        for axis, (length, step) in enumerate(zip((height, width), operation.stride, strict=True))
    )
    return [
        Phase((y, x), rows, columns)
        for y, rows in enumerate(down)
        for x, columns in enumerate(across)
    ]


def _axis(operation: Conv2D, axis: int, length: int, first: int) -> Axis:
    before = operation.window.along(axis, length).before
    stride, dilation = operation.stride[axis], operation.dilation[axis]
    met = [
        (tap, (first + before - tap * dilation) // stride)
        for tap in reversed(range(operation.size[axis]))
        if (first + before - tap * dilation) % stride == 0
    ]
    return Axis(-(-(length - first) // stride), tuple(met))
