"""Flattening: feature maps laid out as one vector, row by row, channels innermost.

y[n, (i·W + j)·C + c] = x[n, i, j, c]
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pellucid.ops.operation import INFERENCE, Mode, Operation
from pellucid.ops.reads import Axis, Follow, Reads

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Weights
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class Flatten(Operation):
    """Flattening; x is (N, H, W, C), y is (N, H·W·C)."""

    kind: ClassVar[str] = "flatten"
    title: ClassVar[str] = "step 3, flattening"
    family: ClassVar[Family] = "layout"
    rule: ClassVar[Rule] = "sum"

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        return (math.prod(inputs[0]),)

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x,) = inputs
        return x.reshape(x.shape[0], -1), x.shape

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        return (gradient.reshape(saved),), {}

    def reads(self, *inputs: Shape) -> Reads:
        (shape,) = inputs
        axes = tuple(
            Axis(length, (Follow(0, divide=math.prod(shape[k + 1 :]), modulo=length),))
            for k, length in enumerate(shape)
        )
        return Reads((axes,), self.output_shape(shape))
