"""A part of the channels: those from one on, up to another.

y[…, c] = x[…, start + c],  c = 0 … stop − start − 1
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.errors import ArgumentError, ShapeError
from pellucid.ops.operation import INFERENCE, Mode, Operation, describe
from pellucid.ops.reads import Axis, Follow, Reads, along

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Weights
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class ChannelSlice(Operation):
    """Some of the channels, or of a flat vector's values; any shape.

    Attributes:
        start: The first, from 0.
        stop: One past the last.
    """

    kind: ClassVar[str] = "channel_slice"
    title: ClassVar[str] = "some of the channels"
    family: ClassVar[Family] = "layout"
    rule: ClassVar[Rule] = "sum"
    stem: ClassVar[str] = "slice"
    start: int
    stop: int

    def __post_init__(self) -> None:
        checks.whole("start", self.start, 0)
        checks.whole("stop", self.stop)
        if self.stop <= self.start:
            raise ArgumentError(
                f"stop must be more than start, got start {self.start} and stop {self.stop}"
            )

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        (shape,) = inputs
        if self.stop > shape[-1]:
            raise ShapeError(
                f"takes the channels {self.start} to {self.stop - 1}, got {describe(shape)}, whose "
                f"last is {shape[-1] - 1}"
            )
        return (*shape[:-1], self.stop - self.start)

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x,) = inputs
        return x[..., self.start : self.stop], x.shape[-1]

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        others = [(0, 0)] * (gradient.ndim - 1)
        return (np.pad(gradient, [*others, (self.start, saved - self.stop)]),), {}

    def reads(self, *inputs: Shape) -> Reads:
        *rest, last = range(len(inputs[0]))
        channels = Axis(inputs[0][last], (Follow(last),), before=-self.start)
        axes = (*(along(k, inputs[0][k]) for k in rest), channels)
        return Reads((axes,), self.output_shape(*inputs))
