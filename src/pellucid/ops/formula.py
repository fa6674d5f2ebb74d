"""How operations write themselves as spreadsheet formulas: what a value's cell computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.ops.arguments import Position
    from pellucid.ops.operation import Shape

MOST_ARGUMENTS = 250
"""How many a function is given; Excel takes 255."""


class Cells(Protocol):
    """The cells of one layer's values, or of one array of weights.

    Feature maps lie with their channels side by side, so that (y, x, c) is in column x·C + c.
    A kernel (kh, kw, c, o) is laid out as (o·kh, kw, c), a matrix (i, o) as (i, 1, o).
    """

    @property
    def shape(self) -> Shape:
        """Of the values as they are laid out, (H, W, C) or (F,)."""

    def cell(self, at: Position) -> str:
        """One value's cell."""

    def block(self, first: Position, last: Position) -> str:
        """All cells from one value's to another's."""


@dataclass(frozen=True)
class Named:
    """Stands for the cells of a layer in a formula that is meant for every place.

    Attributes:
        shape: Of the values.
    """

    shape: Shape

    def cell(self, at: Position) -> str:
        """The value at the output's own place."""
        return "x"

    def block(self, first: Position, last: Position) -> str:
        """All that the output reads."""
        return "all"


if TYPE_CHECKING:
    InputCells: TypeAlias = Sequence[Cells]
    """The cells of an operation's inputs, in their order."""

    WeightCells: TypeAlias = Mapping[str, Cells]
    """The cells of its weights, by name."""


def constant(value: float) -> str:
    """A number inside a formula, where a minus sign may not follow another operator."""
    return f"({value!r})" if value < 0 else f"{value!r}"


def nested(function: str, cells: Sequence[str]) -> str:
    """A function of any number of cells: of itself, where there are too many for one call."""
    if len(cells) <= MOST_ARGUMENTS:
        return f"{function}({','.join(cells)})"
    parts = [cells[k : k + MOST_ARGUMENTS] for k in range(0, len(cells), MOST_ARGUMENTS)]
    return f"{function}({','.join(nested(function, part) for part in parts)})"
