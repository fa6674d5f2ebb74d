"""What grids of places share: each position of a map, times a matrix of numbers of the image.

u and v are −1 at the left and upper edge and 1 at the right and lower one. Edges are those of the
pixels, so that the middle of the first of W is at −1 + 1/W; with ``align_corners`` the middles of
the first and the last pixel are at −1 and 1.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.errors import ShapeError
from pellucid.ops.formula import constant
from pellucid.ops.operation import INFERENCE, Mode, Operation, describe, flat_shape
from pellucid.ops.reads import Axis, Reads, Table

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class PlaneGrid(Operation):
    """A grid of a matrix; θ is (N, as many as the identity has), y is (N, H, W, rows).

    Attributes:
        size: (H, W) of the map to be made.
        align_corners: Whether −1 and 1 are the middles of the outermost pixels, not their edges.
        relative: Whether θ counts from the identity: zeros leave every position where it is.
        scale: What θ is multiplied with first. Below 1, places move more slowly than all else that
            learns.
    """

    family: ClassVar[Family] = "resampling"
    rule: ClassVar[Rule] = "sum"
    identity: ClassVar[tuple[float, ...]]
    """The θ that leaves every position where it is: a matrix of three columns, row by row; a last
    number that is not among them is 1."""
    size: tuple[int, int]
    align_corners: bool = False
    relative: bool = False
    scale: float = 1.0

    def __post_init__(self) -> None:
        checks.pair("size", self.size)
        checks.truth("align_corners", self.align_corners)
        checks.truth("relative", self.relative)
        checks.number("scale", self.scale, 1e-6, 1e6)

    @property
    @abstractmethod
    def rows(self) -> int:
        """Of the matrix: how many numbers a position has."""

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        (shape,) = inputs
        count = len(self.identity)
        if flat_shape(shape) != count:
            raise ShapeError(
                f"takes the {count} numbers of a map of the plane, got {describe(shape)}; put a "
                f"Dense({count}) before it"
            )
        return *self.size, self.rows

    def multiply_adds(self, *inputs: Shape) -> int:
        return 2 * self.rows * self.size[0] * self.size[1]

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (theta,) = inputs
        missing = 3 * self.rows - len(self.identity)
        whole = np.pad(theta, ((0, 0), (0, missing))).reshape(-1, self.rows, 3)
        y = np.einsum("hwk,nak->nhwa", self._base(theta.dtype), whole)
        return y + self.added({}, (*self.size, self.rows)).astype(theta.dtype), None

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        whole = np.einsum("hwk,nhwa->nak", self._base(gradient.dtype), gradient)
        return (whole.reshape(len(gradient), 3 * self.rows)[:, : len(self.identity)],), {}

    def _base(self, dtype: np.dtype[np.floating]) -> Array:
        """(u, v, 1) of each position, times the scale: (H, W, 3)."""
        return (self.scale * base(self.size, self.align_corners)).astype(dtype)

    def added(self, weights: Weights, shape: Shape) -> Array:
        y = np.zeros((*self.size, self.rows))
        if self.relative:
            y[:, :, :2] = base(self.size, self.align_corners)[:, :, :2]
        if len(self.identity) < 3 * self.rows:
            y[:, :, -1] = 1.0
        return y

    def reads(self, *inputs: Shape) -> Reads:
        table = _table(self.size, self.align_corners, self.scale, len(self.identity), self.rows)
        return Reads(((Axis(len(self.identity), table=table),),), self.output_shape(*inputs))

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        (theta,) = inputs
        sources = self.reads(theta.shape).sources(at)
        assert sources.factors is not None
        parts = [
            f"{constant(factor)}*{theta.cell((place,))}"
            for (_, place), factor in zip(
                sources.table.tolist(), sources.factors.tolist(), strict=True
            )
        ]
        added = self.added({}, (*self.size, self.rows))
        if added.any():
            parts.append(constant(float(added[at])))
        return "+".join(parts)

    def window_cost(self, *inputs: Shape) -> tuple[int, int, int]:
        return 0, 0, 3 * self.size[0] * self.size[1]


@lru_cache(maxsize=64)
def _along(length: int, align_corners: bool) -> tuple[float, ...]:
    """Where the middles of ``length`` pixels are, from −1, the first edge (or middle), to 1."""
    if align_corners:
        return tuple(2 * k / (length - 1) - 1 if length > 1 else 0.0 for k in range(length))
    return tuple((2 * k + 1) / length - 1 for k in range(length))


def base(size: tuple[int, int], align_corners: bool) -> Array:
    """(u, v, 1) of each position, float64: (H, W, 3)."""
    height, width = size
    found = np.ones((height, width, 3))
    found[:, :, 0] = _along(width, align_corners)
    found[:, :, 1] = np.array(_along(height, align_corners))[:, None]
    return found


@lru_cache(maxsize=64)
def _table(
    size: tuple[int, int], align_corners: bool, scale: float, count: int, rows: int
) -> Table:
    """Of each number of a position: which of θ it reads; not those times 0."""
    entries = tuple(
        tuple(
            (3 * across + k, factor)
            for k, factor in enumerate(factors)
            if factor != 0 and 3 * across + k < count
        )
        for row in (scale * base(size, align_corners)).tolist()
        for factors in row
        for across in range(rows)
    )
    return Table((0, 1, 2), (*size, rows), entries)
