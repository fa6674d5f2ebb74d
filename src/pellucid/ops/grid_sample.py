"""Grid sampling: a map made of another's values at places that a grid gives, between its pixels.

    y[n, i, j, c] = Σ_{r, s} max(0, 1 − |p − r|) · max(0, 1 − |q − s|) · x[n, r, s, c]

where (p, q) is the place in rows and columns of x that g[n, i, j] = (across, down) names: −1 is the
left or upper edge and 1 the right or lower one, p = ((down + 1) · H − 1)/2; with ``align_corners``
the middles of the outermost pixels, p = (down + 1) · (H − 1)/2. What lies outside x counts as
zeros (Jaderberg et al. 2015, *Spatial transformer networks*, equation 5; the gradients are its
equations 6 and 7).

Of at most four values each is made, with gradients to them and to the grid. At a whole p the
gradient is that towards larger p. A place that is infinite reads nothing; NaN is handed on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.errors import ShapeError
from pellucid.ops.formula import constant
from pellucid.ops.operation import INFERENCE, Mode, Operation, describe, image_shape
from pellucid.ops.reads import Axis, Located, Reads, along, whole
from pellucid.ops.terms import Terms

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class GridSample(Operation):
    """Bilinear sampling; x is (N, H, W, C), g is (N, H', W', 2), y is (N, H', W', C).

    Attributes:
        align_corners: Whether −1 and 1 are the middles of the outermost pixels, not their edges.
    """

    kind: ClassVar[str] = "grid_sample"
    title: ClassVar[str] = "values taken at places"
    family: ClassVar[Family] = "resampling"
    rule: ClassVar[Rule] = "sampled"
    align_corners: bool = False

    def __post_init__(self) -> None:
        checks.truth("align_corners", self.align_corners)

    def check_inputs(self, *inputs: Shape) -> None:
        if len(inputs) != 2:
            raise ShapeError(f"takes 2 inputs, feature maps and a grid, got {len(inputs)}")

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        first, grid = inputs
        _, _, channels = image_shape(first)
        height, width, coordinates = image_shape(grid)
        if coordinates != 2:
            raise ShapeError(
                f"takes a grid of 2 numbers a position (across, down), got {describe(grid)}"
            )
        return height, width, channels

    def multiply_adds(self, *inputs: Shape) -> int:
        height, width, channels = self.output_shape(*inputs)
        return 4 * height * width * channels

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        x_nhwc, grid = inputs
        y = np.zeros((*grid.shape[:3], x_nhwc.shape[3]), x_nhwc.dtype)
        for values, down, across in self._corners(x_nhwc, grid):
            y += values * (down.factor * across.factor)[..., None]
        return np.where(np.isnan(grid).any(axis=3, keepdims=True), np.nan, y), (x_nhwc, grid)

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        x_nhwc, grid = saved
        dx, dgrid = np.zeros_like(x_nhwc), np.zeros_like(grid)
        images = np.arange(len(x_nhwc))[:, None, None]
        for values, down, across in self._corners(x_nhwc, grid):
            part = gradient * (down.factor * across.factor)[..., None]
            np.add.at(dx, (images, down.position, across.position), part)
            of_both = (gradient * values).sum(axis=3)
            dgrid[..., 0] += of_both * down.factor * across.slope
            dgrid[..., 1] += of_both * across.factor * down.slope
        return (dx, dgrid), {}

    def _corners(self, x_nhwc: Array, grid: Array) -> list[tuple[Array, _Beside, _Beside]]:
        """The four values around each place, zeros outside, with their rows and columns."""
        images = np.arange(len(x_nhwc))[:, None, None]
        return [
            (x_nhwc[images, down.position, across.position], down, across)
            for down in _beside(grid[..., 1], x_nhwc.shape[1], *self.place(x_nhwc.shape[1]))
            for across in _beside(grid[..., 0], x_nhwc.shape[2], *self.place(x_nhwc.shape[2]))
        ]

    def place(self, length: int) -> tuple[float, float]:
        """The scale and offset by which a grid's number becomes a place on an axis."""
        if self.align_corners:
            return (length - 1) / 2, (length - 1) / 2
        return length / 2, (length - 1) / 2

    def reads(self, *inputs: Shape) -> Reads:
        (height, width, channels), _ = inputs
        rows, columns = (
            # All may be read; which ones are, the grid says.
            Axis(length, taps=length, located=Located(1, (0, 1), channel, *self.place(length)))
            for length, channel in ((height, 1), (width, 0))
        )
        grid = along(0, inputs[1][0]), along(1, inputs[1][1]), whole(2)
        return Reads(((rows, columns, along(2, channels)), grid), self.output_shape(*inputs))

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        sources = self.reads(*(x.shape for x in inputs)).given(inputs).sources(at)
        values, factors = sources.values(inputs), sources.factors
        assert factors is not None
        with np.errstate(invalid="ignore"):
            products = np.where(np.isnan(factors), 0.0, values * factors)
        return Terms("sampled", sources.table, values, factors, products)

    def derivative_at(
        self, inputs: Arrays, weights: Weights, output: Position, branch: int, at: Position
    ) -> float:
        x, grid = inputs
        row, column, channel = output
        # Of the maps and the one place of the grid that the output is made of.
        own = grid[row, column].astype(np.float64).reshape(1, 1, 1, 2)
        gradient = np.zeros((1, 1, 1, x.shape[2]))
        gradient[..., channel] = 1.0
        (dx, dgrid), _ = self.backward(gradient, (x[None].astype(np.float64), own), weights)
        return float(dx[(0, *at)] if branch == 0 else dgrid[0, 0, 0, at[2]])

    def decisions(self, inputs: Arrays) -> tuple[Array, ...]:
        x_nhwc, grid = inputs
        rows, columns = (
            np.floor(scale * grid[..., k] + offset)
            for k, length in ((1, x_nhwc.shape[1]), (0, x_nhwc.shape[2]))
            for scale, offset in [self.place(length)]
        )
        return (np.stack([rows, columns], axis=-1),)

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        x, grid = inputs
        height, width, channels = x.shape
        block = x.block((0, 0, 0), (height - 1, width - 1, channels - 1))
        names = []
        for length, channel in ((height, 1), (width, 0)):
            scale, offset = self.place(length)
            cell = grid.cell((at[0], at[1], channel))
            names.append(f"({constant(scale)}*{cell}+{constant(offset)})")
        p, q = names
        parts = []
        for low, high in ((0, 0), (0, 1), (1, 0), (1, 1)):
            row, column = f"(INT({p})+{low})", f"(INT({q})+{high})"
            inside = [(row, height - 1), (column, width - 1)]
            r, s = (f"MAX(0,MIN({most},{each}))" for each, most in inside)
            value = f"INDEX({block},{r}+1,{s}*{channels}+{at[2] + 1})"
            product = f"(1-ABS({p}-{row}))*(1-ABS({q}-{column}))*{value}"
            for each, most in inside:
                product = f"IF({each}<0,0,IF({each}>{most},0,{product}))"
            parts.append(product)
        return "+".join(parts)

    def window_cost(self, *inputs: Shape) -> tuple[int, int, int]:
        height, width, channels = self.output_shape(*inputs)
        return 4, 0, 4 * height * width * (channels + 3)


@dataclass(frozen=True, eq=False)
class _Beside:
    """One of the two positions beside places on an axis, (N, H', W') each.

    Attributes:
        position: On the axis; of what is outside the nearest.
        factor: 1 less the distance; 0 outside.
        slope: Its derivative by the grid's number; 0 outside.
    """

    position: Array
    factor: Array
    slope: Array


def _beside(numbers: Array, length: int, scale: float, offset: float) -> list[_Beside]:
    """The positions below and above the places that a grid's numbers name."""
    places = scale * numbers + offset
    low = np.floor(places)
    with np.errstate(invalid="ignore"):  # what is infinite, or no number, is nowhere inside
        share = places - low
    found = []
    for position, factor, sign in ((low, 1 - share, -scale), (low + 1, share, scale)):
        inside = (position >= 0) & (position < length)
        on_axis = np.where(inside, position, 0).astype(np.int64)
        slope = np.where(inside, numbers.dtype.type(sign), 0)
        found.append(_Beside(on_axis, np.where(inside, factor, 0), slope))
    return found
