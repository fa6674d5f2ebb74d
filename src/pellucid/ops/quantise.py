"""Quantising: real values become whole numbers of 8 bits, each a multiple of one scale.

    q = round(min(max(x / s, low), high))

Half-way values go to the even neighbour, as everywhere in IEEE 754; x / s is computed as x · (1/s),
with 1/s rounded once. Unsigned numbers are 0 .. 255, for values that are never negative, as behind
a ReLU; signed ones −128 .. 127. Zero is always 0, so that borders of zeros stay what they are. NaN
becomes the smallest number.

Jacob et al. 2018, *Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-
Only Inference*, section 2.1, with the zero point 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.ops.elementwise import Elementwise
from pellucid.ops.formula import constant
from pellucid.ops.operation import INFERENCE, Mode
from pellucid.ops.terms import Terms, function_of
from pellucid.ops.types import Type
from pellucid.ops.whole_numbers import no_gradient

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Details, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class Quantise(Elementwise):
    """Real values to whole numbers of 8 bits; any shape.

    Attributes:
        scale: What one step of the whole numbers is worth, 1e-30 to 1e30.
        signed: Whether they are −128 .. 127 rather than 0 .. 255.
    """

    kind: ClassVar[str] = "quantise"
    title: ClassVar[str] = "whole numbers of 8 bits"
    family: ClassVar[Family] = "normalisation"
    rule: ClassVar[Rule] = "function"
    scale: float
    signed: bool = False

    def __post_init__(self) -> None:
        checks.number("scale", self.scale, 1e-30, 1e30)
        checks.truth("signed", self.signed)

    @property
    def low(self) -> int:
        """The smallest number."""
        return -128 if self.signed else 0

    @property
    def high(self) -> int:
        """The largest number."""
        return 127 if self.signed else 255

    @property
    def inverse(self) -> np.float32:
        """1/s in float32: how many steps a value of 1 is."""
        return np.float32(1) / np.float32(self.scale)

    def output_type(self, *inputs: Type) -> Type:
        plain = super().output_type(*inputs)
        return Type(plain.shape, "int8" if self.signed else "uint8")

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x,) = inputs
        steps = x * self.inverse.astype(x.dtype)
        least, most = (np.asarray(bound, x.dtype) for bound in (self.low, self.high))
        return np.rint(np.fmin(np.fmax(steps, least), most)), None

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        raise no_gradient(self)

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        (x,) = inputs
        made, _ = self.forward([np.asarray(x[at])[None]], weights)
        return function_of(at, float(x[at]), float(made[0]))

    def details(self, terms: Terms, inputs: Arrays, weights: Weights, at: Position) -> Details:
        return {"scale": self.scale, "low": self.low, "high": self.high}

    def decisions(self, inputs: Arrays) -> tuple[Array, ...]:
        return (self.forward(inputs, {})[0],)

    def derivative_at(
        self, inputs: Arrays, weights: Weights, output: Position, branch: int, at: Position
    ) -> float:
        raise no_gradient(self)

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        steps = f"{inputs[0].cell(at)}*{constant(float(self.inverse))}"
        within = f"MIN({self.high},MAX({self.low},{steps}))"
        # MROUND and ROUND go away from zero at halves; the even neighbour is half a round of x/2.
        half = f"ROUND({within},0)"
        tie = f"ABS({within}-TRUNC({within}))=0.5"
        return f"IF({tie},2*ROUND({within}/2,0),{half})"
