"""Standardised numbers in their units again.

    y[k] = scale[k] · x[k] + shift[k]

No layer of a network, and so not in the table that model files are read with: it is what follows
the last layer of a regression, where a network gives (t − mean)/scale and users want t.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.errors import ShapeError
from pellucid.ops.elementwise import Elementwise
from pellucid.ops.formula import constant
from pellucid.ops.operation import INFERENCE, Mode, describe
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Details, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule, Terms


@dataclass(frozen=True)
class Rescale(Elementwise):
    """A factor and a summand for each of M numbers; x and y are (N, M).

    Attributes:
        scale: What each is multiplied with, more than 0, (M,).
        shift: What is added to it, in the same unit, (M,).
    """

    kind: ClassVar[str] = "rescale"
    title: ClassVar[str] = "in the numbers' units"
    family: ClassVar[Family] = "normalisation"
    rule: ClassVar[Rule] = "sum"
    scale: tuple[float, ...]
    shift: tuple[float, ...]

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        if inputs[0] != (len(self.scale),):
            raise ShapeError(
                f"rescales {counted(len(self.scale), 'number')}, got {describe(inputs[0])}"
            )
        return inputs[0]

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x,) = inputs
        return x * np.asarray(self.scale, x.dtype) + np.asarray(self.shift, x.dtype), None

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        return (gradient * np.asarray(self.scale, gradient.dtype),), {}

    def added(self, weights: Weights, shape: Shape) -> Array:
        return np.array(self.shift)

    def multiplied(self, weights: Weights, *inputs: Shape) -> Array:
        return np.array(self.scale)

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        scale, shift = self.scale[at[-1]], self.shift[at[-1]]
        return f"{constant(scale)}*{inputs[0].cell(at)}+{constant(shift)}"

    def details(self, terms: Terms, inputs: Arrays, weights: Weights, at: Position) -> Details:
        return {"scale": self.scale[at[-1]], "shift": self.shift[at[-1]]}
