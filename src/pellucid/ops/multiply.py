"""Multiplication of two inputs, the joint of a gate, as in squeeze-and-excitation.

    y = a · b

The second may have one value for each channel, (C,) or (1, 1, C), which then stands for all
positions, or one for each position, (H, W, 1), which stands for all channels. Hu et al. 2017,
*Squeeze-and-excitation networks*, eq. 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.errors import ShapeError
from pellucid.ops.operation import INFERENCE, Mode, Operation, describe
from pellucid.ops.reads import Axis, Reads, along
from pellucid.ops.terms import Terms

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class Multiply(Operation):
    """Multiplication of two inputs; y has the shape of the first, any shape."""

    kind: ClassVar[str] = "multiply"
    title: ClassVar[str] = "branches, multiplied"
    family: ClassVar[Family] = "joint"
    rule: ClassVar[Rule] = "product"

    def check_inputs(self, *inputs: Shape) -> None:
        if len(inputs) != 2:
            raise ShapeError(f"takes 2 inputs, got {len(inputs)}")
        first, second = inputs
        if len(first) == len(second):
            fits = all(b in (a, 1) for a, b in zip(first, second, strict=True))
        else:
            fits = second == first[-1:]
        if not fits:
            raise ShapeError(
                f"cannot multiply {describe(first)} by {describe(second)}; the second must have "
                "the first's shape, or one value a channel or a position"
            )

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        return inputs[0]

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        a, b = inputs
        return a * _spread(a, b), (a, b)

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        a, b = saved
        spread = _spread(a, b)
        shared = tuple(k for k in range(a.ndim) if spread.shape[k] < a.shape[k])
        at_second = (gradient * a).sum(axis=shared, keepdims=True)
        return (gradient * spread, at_second.reshape(b.shape)), {}

    def reads(self, *inputs: Shape) -> Reads:
        first, second = inputs
        shift = len(first) - len(second)
        second_axes = tuple(
            along(k + shift, n) if n == first[k + shift] else Axis(n) for k, n in enumerate(second)
        )
        return Reads((tuple(along(k, n) for k, n in enumerate(first)), second_axes), first)

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        sources = self.reads(*(x.shape for x in inputs)).sources(at)
        values = sources.values(inputs)
        return Terms("product", sources.table, values, np.full(2, np.nan), values)

    def derivative_at(
        self, inputs: Arrays, weights: Weights, output: Position, branch: int, at: Position
    ) -> float:
        return float(self.terms(inputs, weights, output).values[1 - branch])

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        return "*".join(self.cells(at, inputs))


def _spread(a: Array, b: Array) -> Array:
    """The second input with an axis of length 1 for each that it lacks."""
    return b if a.ndim == b.ndim else b[:, None, None]
