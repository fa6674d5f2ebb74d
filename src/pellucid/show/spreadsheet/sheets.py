"""Where values lie in a workbook: which sheet, which cell.

Feature maps (H, W, C) lie with their rows down, and across with the channels of a pixel side by
side: value (y, x, c) is in column x·C + c. So the window of a convolution over all channels is
one block of cells, and one SUMPRODUCT with the kernel's block computes an output. Vectors run down,
and sequences (T, F) with a row for each step.
Row 1 and column A hold labels, so that everything begins in B2.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pellucid.explain.activations import Position
    from pellucid.ops.operation import Shape

LONGEST_SHEET_NAME = 31
"""Letters that a sheet's name may have in Excel."""


@dataclass(frozen=True)
class Sheet:
    """One layer's values, or one array of weights, on a sheet of their own.

    Attributes:
        name: The sheet's name.
        shape: (H, W, C), (T, F) or (F,).
    """

    name: str
    shape: Shape

    def cell(self, at: Position) -> str:
        """One value's cell, as formulas on any sheet write it."""
        return f"{self._quoted}!{cell_name(*self._place(at))}"

    def cells(self, places: Iterable[Position]) -> list[str]:
        """The cells of several values."""
        return [self.cell(at) for at in places]

    def block(self, first: Position, last: Position) -> str:
        """All cells from one value's to another's."""
        start, end = cell_name(*self._place(first)), cell_name(*self._place(last))
        return f"{self._quoted}!{start}:{end}"

    def _place(self, at: Position) -> tuple[int, int]:
        """Row and column, from 0, without the labels."""
        if len(self.shape) == 3:
            return at[0], at[1] * self.shape[2] + at[2]
        return at[0], at[1] if len(at) == 2 else 0

    @property
    def columns(self) -> int:
        """How many columns hold values."""
        return math.prod(self.shape[1:])

    @property
    def _quoted(self) -> str:
        escaped = self.name.replace("'", "''")
        return f"'{escaped}'"


def cell_name(row: int, column: int) -> str:
    """A cell behind the labels, ``B2`` for row 0 and column 0."""
    return f"{column_name(column + 1)}{row + 2}"


def column_name(column: int) -> str:
    """A column's letters, ``A`` for 0."""
    letters, n = "", column + 1
    while n:
        n, rest = divmod(n - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def sheet_name(wanted: str, taken: set[str]) -> str:
    """A name that Excel takes, and that no other sheet has; it is added to those taken."""
    plain = re.sub(r"[\[\]:*?/\\]", "_", wanted).strip("'") or "_"
    name, k = plain[:LONGEST_SHEET_NAME], 1
    while name.lower() in taken:
        k += 1
        name = f"{plain[: LONGEST_SHEET_NAME - len(str(k)) - 1]}~{k}"
    taken.add(name.lower())
    return name
