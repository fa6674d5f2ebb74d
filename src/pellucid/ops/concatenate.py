"""Concatenation of branches along channels, the joint of an Inception block (GoogLeNet, 2014).

y[…, offset_b + c] = x_b[…, c]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.errors import ShapeError
from pellucid.ops.operation import INFERENCE, Mode, Operation, describe
from pellucid.ops.reads import Axis, Follow, Reads, along

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Weights
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class Concatenate(Operation):
    """Concatenation along the last axis; the other axes must agree."""

    kind: ClassVar[str] = "concatenate"
    title: ClassVar[str] = "branches, joined"
    family: ClassVar[Family] = "joint"
    rule: ClassVar[Rule] = "sum"
    stem: ClassVar[str] = "join"

    def check_inputs(self, *inputs: Shape) -> None:
        if len(inputs) < 2:
            raise ShapeError(f"takes at least 2 inputs, got {len(inputs)}")
        if len({shape[:-1] for shape in inputs}) > 1 or len({len(shape) for shape in inputs}) > 1:
            raise ShapeError(
                "joins feature maps of one height and width, got "
                f"{' and '.join(map(describe, inputs))}; give the branches the same strides and "
                "padding"
            )

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        return (*inputs[0][:-1], sum(shape[-1] for shape in inputs))

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        return np.concatenate(inputs, axis=-1), [x.shape[-1] for x in inputs]

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        starts = np.cumsum(saved)[:-1]
        return tuple(np.split(gradient, starts, axis=-1)), {}

    def reads(self, *inputs: Shape) -> Reads:
        *rest, last = range(len(inputs[0]))
        starts = np.cumsum([0, *(shape[-1] for shape in inputs)]).tolist()
        axes = tuple(
            (
                *(along(k, shape[k]) for k in rest),
                Axis(shape[-1], (Follow(last),), before=start),
            )
            for shape, start in zip(inputs, starts, strict=False)
        )
        return Reads(axes, self.output_shape(*inputs))
