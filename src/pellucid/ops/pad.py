"""Padding: a border of one value around each feature map.

y[n, i, j, c] = x[n, i − top, j − left, c] inside, the value outside
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.ops.formula import constant
from pellucid.ops.operation import INFERENCE, Mode, Operation, image_shape
from pellucid.ops.reads import Axis, Follow, Reads, along
from pellucid.ops.window import check_sides

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule
    from pellucid.ops.window import Sides


@dataclass(frozen=True)
class Pad(Operation):
    """Padding; x is (N, H, W, C), y is (N, top + H + bottom, left + W + right, C).

    Attributes:
        padding: Pixels on each side, ``((top, bottom), (left, right))``.
        value: Of what is added, from -1e6 to 1e6.
    """

    kind: ClassVar[str] = "pad"
    title: ClassVar[str] = "a border put around"
    family: ClassVar[Family] = "layout"
    rule: ClassVar[Rule] = "sum"
    padding: tuple[Sides, Sides]
    value: float = 0.0

    def __post_init__(self) -> None:
        check_sides("padding", self.padding)
        checks.number("value", self.value, -1e6, 1e6)

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        height, width, channels = image_shape(inputs[0])
        down, across = self.padding
        return sum(down) + height, sum(across) + width, channels

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x_nhwc,) = inputs
        around = ((0, 0), *self.padding, (0, 0))
        return np.pad(x_nhwc, around, constant_values=self.value), None

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        (top, bottom), (left, right) = self.padding
        _, height, width, _ = gradient.shape
        return (gradient[:, top : height - bottom, left : width - right],), {}

    def reads(self, *inputs: Shape) -> Reads:
        height, width, channels = image_shape(inputs[0])
        (top, _), (left, _) = self.padding
        rows = Axis(height, (Follow(0),), before=top)
        columns = Axis(width, (Follow(1),), before=left)
        return Reads(((rows, columns, along(2, channels)),), self.output_shape(*inputs))

    def added(self, weights: Weights, shape: Shape) -> Array:
        (top, bottom), (left, right) = self.padding
        border = np.full((*shape[:2], 1), self.value)
        border[top : shape[0] - bottom, left : shape[1] - right] = 0.0
        return border

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        return "".join(self.cells(at, inputs)) or constant(self.value)
