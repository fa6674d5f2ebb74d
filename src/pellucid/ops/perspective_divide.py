"""Perspective divide: the places on a plane that homogeneous coordinates are.

    y[n, i, j, 0] = x[n, i, j, 0] / max(x[n, i, j, 2], 1/64)        (across)
    y[n, i, j, 1] = x[n, i, j, 1] / max(x[n, i, j, 2], 1/64)        (down)

What is near x₂ = 0 is on the horizon, at no finite place, and what is below lies behind whoever
looks. There 1/64 is divided by, so that places and gradients stay finite and change steadily: what
is not in the very middle of such a view lies far outside a map. Nothing is lost by it that could be
seen: within a map whose distances are 64:1 or more, a pixel at one end would cover the other end.
The gradient to x₂ is 0 below 1/64, and at 1/64 that from above.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.errors import ShapeError
from pellucid.ops.across_channels import AcrossChannels
from pellucid.ops.operation import INFERENCE, Mode, describe, image_shape
from pellucid.ops.reads import Axis, Reads, Table, along
from pellucid.ops.terms import Terms, weighted

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule

NEAREST = 1 / 64
"""The least that is divided by."""

_READS = Table((2,), (2,), (((0, 1.0), (2, 1.0)), ((1, 1.0), (2, 1.0))))


@dataclass(frozen=True)
class PerspectiveDivide(AcrossChannels):
    """Places of homogeneous coordinates; x is (N, H, W, 3), y is (N, H, W, 2)."""

    kind: ClassVar[str] = "perspective_divide"
    title: ClassVar[str] = "places seen in perspective"
    family: ClassVar[Family] = "resampling"
    rule: ClassVar[Rule] = "function"

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        height, width, coordinates = image_shape(inputs[0])
        if coordinates != 3:
            raise ShapeError(
                f"takes 3 coordinates a position, as ProjectiveGrid makes them, got "
                f"{describe(inputs[0])}"
            )
        return height, width, 2

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x,) = inputs
        away = np.maximum(x[..., 2:], x.dtype.type(NEAREST))
        y = x[..., :2] / away
        return y, (x[..., 2:] >= NEAREST, away, y)

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        before, away, y = saved
        own = gradient / away
        both = -(own * y).sum(axis=-1, keepdims=True)
        return (np.concatenate([own, np.where(before, both, 0.0)], axis=-1).astype(y.dtype),), {}

    def reads(self, *inputs: Shape) -> Reads:
        height, width, _ = image_shape(inputs[0])
        axes = along(0, height), along(1, width), Axis(3, table=_READS)
        return Reads((axes,), self.output_shape(*inputs))

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        (x,) = inputs  # how far away it is is in the factor
        return weighted([(0, *at)], [x[at]], [1.0 / self._away(x, at)])

    def decisions(self, inputs: Arrays) -> tuple[Array, ...]:
        return (inputs[0][..., 2] >= NEAREST,)

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        (x,) = inputs
        return f"{x.cell(at)}/MAX({x.cell((*at[:2], 2))},{NEAREST!r})"

    def general_formula(self, *inputs: Shape) -> str:
        # All that an output reads is the number at its own place, and how far away that is.
        return f"x/MAX(SUM(all)-x,{NEAREST!r})"

    def _away(self, x: Array, at: Position) -> float:
        """What the number at a place of one image is divided by."""
        return float(np.maximum(np.float64(x[at[0], at[1], 2]), NEAREST))
