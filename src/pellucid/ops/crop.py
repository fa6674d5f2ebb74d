"""Cropping: rows and columns at the edges of each feature map are left out.

y[n, i, j, c] = x[n, i + top, j + left, c]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.errors import TooSmallError
from pellucid.ops.operation import INFERENCE, Mode, Operation, image_shape
from pellucid.ops.reads import Axis, Follow, Reads, along
from pellucid.ops.window import check_sides

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Weights
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule
    from pellucid.ops.window import Sides


@dataclass(frozen=True)
class Crop(Operation):
    """Cropping; x is (N, H, W, C), y is (N, H − top − bottom, W − left − right, C).

    Attributes:
        cropping: Pixels that are left out on each side, ``((top, bottom), (left, right))``.
    """

    kind: ClassVar[str] = "crop"
    title: ClassVar[str] = "edges, left out"
    family: ClassVar[Family] = "layout"
    rule: ClassVar[Rule] = "sum"
    cropping: tuple[Sides, Sides]

    def __post_init__(self) -> None:
        check_sides("cropping", self.cropping)

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        height, width, channels = image_shape(inputs[0])
        for side, length, pixels in zip(
            ("height", "width"), (height, width), map(sum, self.cropping), strict=True
        ):
            if length <= pixels:
                raise TooSmallError(
                    f"{side} {length} is too small to leave out {pixels}; its input needs a {side} "
                    f"of at least {pixels + 1}"
                )
        down, across = self.cropping
        return height - sum(down), width - sum(across), channels

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x_nhwc,) = inputs
        (top, bottom), (left, right) = self.cropping
        _, height, width, _ = x_nhwc.shape
        return x_nhwc[:, top : height - bottom, left : width - right], None

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        return (np.pad(gradient, ((0, 0), *self.cropping, (0, 0))),), {}

    def reads(self, *inputs: Shape) -> Reads:
        height, width, channels = image_shape(inputs[0])
        (top, _), (left, _) = self.cropping
        rows = Axis(height, (Follow(0),), before=-top)
        columns = Axis(width, (Follow(1),), before=-left)
        return Reads(((rows, columns, along(2, channels)),), self.output_shape(*inputs))
