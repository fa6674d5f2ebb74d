"""Addition of two or more branches, the joint of a residual block (He et al. 2015, ResNet).

y = x₁ + x₂ + …
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pellucid.errors import ShapeError
from pellucid.ops.elementwise import Elementwise
from pellucid.ops.operation import INFERENCE, Mode, describe

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Weights
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class Add(Elementwise):
    """Addition of inputs of one shape; any shape."""

    kind: ClassVar[str] = "add"
    title: ClassVar[str] = "branches, added"
    family: ClassVar[Family] = "joint"
    rule: ClassVar[Rule] = "sum"

    def check_inputs(self, *inputs: Shape) -> None:
        if len(inputs) < 2:
            raise ShapeError(f"takes at least 2 inputs, got {len(inputs)}")
        if len(set(inputs)) > 1:
            raise ShapeError(
                f"adds inputs of one shape, got {' and '.join(map(describe, inputs))}; make the "
                "branches agree (a 1×1 convolution with the same stride on the shortcut does it)"
            )

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        total = inputs[0]
        for x in inputs[1:]:
            total = total + x
        return total, len(inputs)

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        return (gradient,) * int(saved), {}
