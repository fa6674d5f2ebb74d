"""A generator's values −1..1 as grey levels 0..255.

    y[…, c] = 127.5 · x[…, c] + 127.5

No layer of a network, and so not in the table that model files are read with: it is what follows
the last layer of a generator, and is rounded where a picture is made of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.elementwise import Elementwise
from pellucid.ops.formula import constant
from pellucid.ops.operation import INFERENCE, Mode

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule

HALF = 127.5


@dataclass(frozen=True)
class GreyLevels(Elementwise):
    """The same factor and summand for every value; x and y are (N, H, W, C) or (N, C)."""

    kind: ClassVar[str] = "grey_levels"
    title: ClassVar[str] = "in grey levels"
    family: ClassVar[Family] = "normalisation"
    rule: ClassVar[Rule] = "sum"

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x,) = inputs
        return x * x.dtype.type(HALF) + x.dtype.type(HALF), None

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        return (gradient * gradient.dtype.type(HALF),), {}

    def added(self, weights: Weights, shape: Shape) -> Array:
        return np.full(shape[-1], HALF)

    def multiplied(self, weights: Weights, *inputs: Shape) -> Array:
        return np.full(inputs[0][-1], HALF)

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        return f"{constant(HALF)}*{inputs[0].cell(at)}+{constant(HALF)}"
