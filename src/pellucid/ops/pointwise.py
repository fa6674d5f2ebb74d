"""What all activation functions share: they act on each value alone and keep its shape."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.elementwise import Elementwise
from pellucid.ops.operation import INFERENCE, Mode
from pellucid.ops.slopes import slopes_of
from pellucid.ops.terms import Terms, function_of

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved
    from pellucid.ops.slopes import Slopes
    from pellucid.ops.terms import Rule


class Pointwise(Elementwise):
    """A function of each value alone, given by its formula and its derivative."""

    rule: ClassVar[Rule] = "function"
    family: ClassVar[Family] = "activation"

    @abstractmethod
    def function(self, x: Array) -> Array:
        """The function's value at each x."""

    @abstractmethod
    def derivative(self, x: Array, y: Array) -> Array:
        """Its derivative at each x, where y is the function's value there."""

    @abstractmethod
    def kinks(self) -> tuple[float, ...]:
        """Where its derivative jumps; the derivative there is declared by :meth:`derivative`."""

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x,) = inputs
        y = self.function(x)
        return y, (x, y)

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        x, y = saved
        return (gradient * self.derivative(x, y),), {}

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        (x,) = inputs
        return function_of(at, float(x[at]), float(self.function(x[at])))

    def decisions(self, inputs: Arrays) -> tuple[Array, ...]:
        return tuple(inputs[0] > kink for kink in self.kinks())

    def slopes(self) -> Slopes | None:
        return slopes_of(self.kinks(), self.mask)

    def slopes_at_kinks(self) -> tuple[tuple[float, float], ...]:
        return tuple((x, float(self.mask(np.array([x]))[0])) for x in self.kinks())

    def mask(self, x: Array) -> Array:
        return self.derivative(x, self.function(x))

    def derivative_at(
        self, inputs: Arrays, weights: Weights, output: Position, branch: int, at: Position
    ) -> float:
        return float(self.mask(inputs[0][at].astype(np.float64)[None])[0])

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        return self.formula_of(inputs[0].cell(at))

    @abstractmethod
    def formula_of(self, x: str) -> str:
        """The function of a spreadsheet's cell."""
