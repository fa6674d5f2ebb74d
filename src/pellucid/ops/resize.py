"""Resizing: feature maps made larger or smaller, each axis by itself.

    y[n, i, j, c] = Σ_{r, s} a_i[r] · b_j[s] · x[n, r, s, c]

Pixels are squares, and position i of H' lies over the place p = (i + ½) · H/H' − ½ of H (PyTorch's
``align_corners=False``, ONNX's ``half_pixel``). ``nearest`` takes the pixel whose square p is in,
⌊p + ½⌋; between two of them the later one. ``bilinear`` takes the two beside p, each with 1 minus
its distance from p; where p lies beyond the first or the last, that one alone. Nothing is averaged
where a map is made smaller: what lies between is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.errors import ArgumentError
from pellucid.ops.formula import constant
from pellucid.ops.operation import INFERENCE, Mode, Operation, image_shape
from pellucid.ops.reads import Axis, Reads, Table, along

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule

Entries = tuple[tuple[tuple[int, float], ...], ...]
"""For each output position: the positions that it reads, and the factor of each."""

METHODS = ("nearest", "bilinear")


@dataclass(frozen=True)
class Resize(Operation):
    """Resizing; x is (N, H, W, C), y is (N, H', W', C).

    Attributes:
        size: (H', W'), for one that is given; none: as many times x's as the factor says.
        factor: Output pixels for each of x, (down, across); of no effect with a size.
        method: ``"nearest"`` or ``"bilinear"``.
    """

    kind: ClassVar[str] = "resize"
    title: ClassVar[str] = "maps, resized"
    family: ClassVar[Family] = "resampling"
    rule: ClassVar[Rule] = "sum"
    size: tuple[int, int] | None = None
    factor: tuple[int, int] = (2, 2)
    method: str = "nearest"

    def __post_init__(self) -> None:
        if self.size is not None:
            checks.pair("size", self.size)
        checks.pair("factor", self.factor)
        if self.size is not None and self.factor != (2, 2):
            raise ArgumentError(
                f"give a size or a factor, got size {self.size} and factor {self.factor}"
            )
        checks.choice("method", self.method, METHODS)

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        (shape,) = inputs
        height, width, channels = image_shape(shape)
        if self.size is not None:
            return *self.size, channels
        return height * self.factor[0], width * self.factor[1], channels

    def multiply_adds(self, *inputs: Shape) -> int:
        height, width, channels = self.output_shape(*inputs)
        return 0 if self.method == "nearest" else 4 * height * width * channels

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x_nhwc,) = inputs
        rows, columns = self._entries(x_nhwc.shape[1:])
        return _resized(_resized(x_nhwc, rows, 1), columns, 2), x_nhwc.shape

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        rows, columns = self._entries(saved[1:])
        back = _spread(gradient, columns, 2, saved[2])
        return (_spread(back, rows, 1, saved[1]),), {}

    def reads(self, *inputs: Shape) -> Reads:
        height, width, channels = image_shape(inputs[0])
        rows, columns = (
            Axis(length, table=Table((axis,), (len(entries),), entries))
            for axis, (length, entries) in enumerate(
                zip((height, width), self._entries(inputs[0]), strict=True)
            )
        )
        axes = (rows, columns, along(2, channels))
        return Reads((axes,), self.output_shape(*inputs))

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        (x,) = inputs
        sources = self.reads(x.shape).sources(at)
        assert sources.factors is not None
        products = []
        for (_, *place), factor in zip(sources.table.tolist(), sources.factors, strict=True):
            times = "" if factor == 1 else f"{constant(float(factor))}*"
            products.append(times + x.cell(tuple(place)))
        return "+".join(products)

    def window_cost(self, *inputs: Shape) -> tuple[int, int, int]:
        height, _, channels = self.output_shape(*inputs)
        # On the way, rows are resized and columns are not.
        return 4, 0, height * inputs[0][1] * channels

    def _entries(self, shape: Shape) -> tuple[Entries, Entries]:
        height, width, _ = self.output_shape(shape)
        return positions(self.method, shape[0], height), positions(self.method, shape[1], width)


@lru_cache(maxsize=256)
def positions(method: str, length: int, output: int) -> Entries:
    """Which of ``length`` positions each of ``output`` positions reads, and with which factors.

    Whole numbers alone decide which, so that all engines read the same.
    """
    entries: list[tuple[tuple[int, float], ...]] = []
    for i in range(output):
        if method == "nearest":
            entries.append((((2 * i + 1) * length // (2 * output), 1.0),))
            continue
        # p = over / (2 · output), on the axis.
        over = min(max((2 * i + 1) * length - output, 0), 2 * output * (length - 1))
        low, rest = divmod(over, 2 * output)
        share = rest / (2 * output)
        entries.append(((low, 1.0 - share), *(((low + 1, share),) if rest else ())))
    return tuple(entries)


def _resized(x: Array, entries: Entries, axis: int) -> Array:
    """One axis of an array resized."""
    along = np.moveaxis(x, axis, 0)
    found = np.zeros((len(entries), *along.shape[1:]), x.dtype)
    for k, each in enumerate(entries):
        for place, factor in each:
            found[k] += along[place] * x.dtype.type(factor)
    return np.moveaxis(found, 0, axis)


def _spread(gradient: Array, entries: Entries, axis: int, length: int) -> Array:
    """The transpose of :func:`_resized`: each position gets what its readers make of it."""
    along = np.moveaxis(gradient, axis, 0)
    found = np.zeros((length, *along.shape[1:]), gradient.dtype)
    for k, each in enumerate(entries):
        for place, factor in each:
            found[place] += along[k] * gradient.dtype.type(factor)
    return np.moveaxis(found, 0, axis)
