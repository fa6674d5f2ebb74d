"""One image alone: its stages are split by rows or by blocks of filters, so that all threads work.

Batches are split by images, and threads hardly ever wait for each other. A single image leaves all
threads but one with nothing to do, so inference has a schedule of its own for it, in which threads
meet after nearly every stage.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

WORTH_MEETING = 40_000
"""Multiply-adds, or values moved, below which one thread is done before two have met."""

WORTH_WAKING = 1_000_000
"""The same of a whole network, below which it is done before the others are awake."""


@dataclass(frozen=True)
class Split:
    """How a stage's work for one image is split.

    Attributes:
        by: ``rows`` of its result, or ``blocks`` of filters.
        units: How many there are.
        work: Multiply-adds, or values moved, in all.
        local: Whether a row needs nothing of other rows, as where each value is made of one.
        each: Rows in a unit of rows, the last of which may have fewer; 0 where they differ.
    """

    by: str
    units: int
    work: int
    local: bool = False
    each: int = 1

    def cut_as(self, before: Split | None) -> Split:
        """Cut as the stage before, where each thread can then go on with what it has made."""
        if not self.local or before is None or (self.by, before.by) != ("rows", "rows"):
            return self
        if self.each != 1 or before.each < 2 or -(-self.units // before.each) != before.units:
            return self
        return replace(self, units=before.units, each=before.each)

    def goes_with(self, before: Split | None) -> bool:
        """Whether each thread can go on with what it has made of the last stage."""
        return self.local and before is not None and self.same_parts(before)

    def same_parts(self, other: Split) -> bool:
        """Whether both give each thread the same units."""
        return (self.by, self.units, self.each) == (other.by, other.units, other.each)

    def worth(self, before: Split | None) -> bool:
        """Whether to split at all, behind a stage split so."""
        return self.units > 1 and (self.work >= WORTH_MEETING or self.goes_with(before))


def better(rows: Split, blocks: Split, threads: int, *, more_weights: bool) -> Split:
    """The better split of a convolution.

    Args:
        rows: Into rows; all threads then read all weights.
        blocks: Into blocks of filters; all threads then read the whole image.
        threads: Who share the work.
        more_weights: Whether there are more weights than values in the image.
    """
    splits = [blocks, rows] if more_weights else [rows, blocks]
    return min(
        splits, key=lambda split: -(-split.units // threads) / split.units
    )  # the first of equals


def worth_waking(splits: Iterable[Split | None]) -> bool:
    """Whether stages split so are together worth the waking of other threads."""
    return sum(split.work for split in splits if split is not None) >= WORTH_WAKING
