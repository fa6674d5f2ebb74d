"""What a stage does to a batch, counted where its code is written: for reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pellucid.engines.native.memory.layout import Layout


@dataclass(frozen=True)
class Work:
    """What a stage costs.

    Attributes:
        flops: Multiplications and additions of convolutions and dense layers, as textbooks count;
            0 for all else, which takes its time from memory.
        reads: Bytes, at least; what is read again counts once.
        writes: Bytes, at least.
    """

    flops: int = 0
    reads: int = 0
    writes: int = 0


@dataclass(frozen=True)
class Description:
    """What a stage does.

    Attributes:
        kernel: The family that its code belongs to.
        work: What it costs, with as many images as there is room for.
        tile: (rows, vectors) of sums that stay in registers, for those that have a tile.
        layout: How what it writes lies, where that is values of images or their gradients.
        notes: Why it is not faster.
    """

    kernel: str
    work: Work = Work()
    tile: tuple[int, int] | None = None
    layout: Layout | None = None
    notes: tuple[str, ...] = ()
