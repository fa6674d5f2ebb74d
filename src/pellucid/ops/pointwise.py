"""What all activation functions share: they act on each value alone and keep its shape."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from pellucid.ops.operation import INFERENCE, Mode, Operation
from pellucid.ops.terms import Terms, function_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.ops.operation import Array, Saved, Shape


class Pointwise(Operation):
    """A function of each value alone, given by its formula and its derivative."""

    @abstractmethod
    def function(self, x: Array) -> Array:
        """The function's value at each x."""

    @abstractmethod
    def derivative(self, x: Array, y: Array) -> Array:
        """Its derivative at each x, where y is the function's value there."""

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        return inputs[0]

    def forward(
        self, inputs: Sequence[Array], weights: Mapping[str, Array], mode: Mode = INFERENCE
    ) -> tuple[Array, Saved]:
        (x,) = inputs
        y = self.function(x)
        return y, (x, y)

    def backward(
        self, gradient: Array, saved: Saved, weights: Mapping[str, Array]
    ) -> tuple[tuple[Array, ...], dict[str, Array]]:
        x, y = saved
        return (gradient * self.derivative(x, y),), {}

    def terms(
        self, inputs: Sequence[Array], weights: Mapping[str, Array], at: tuple[int, ...]
    ) -> Terms:
        (x,) = inputs
        return function_of(at, float(x[at]), float(self.function(x[at])))
