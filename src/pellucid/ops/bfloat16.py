"""Rounding to bfloat16: what is left of a float32 in its upper 16 bits, and layers that read it.

    y = the nearest bfloat16 of x

A bfloat16 has the sign and the 8 bits of exponent of a float32, and 8 of its 24 significant bits:
its numbers reach as far, and lie 2⁻⁸ to 2⁻⁷ of themselves apart. Half-way values go to the even
neighbour. What is smaller than 2⁻¹²⁶ becomes a zero of the same sign; NaN stays NaN. Intel 2018,
*BFLOAT16 – Hardware Numerics Definition*.

Convolutions and dense layers of such numbers multiply them with weights that are bfloat16 as well.
A product of two has 16 significant bits, so that a float32 holds it exactly, and the sum of float32
is all that rounds. Native code sums in one order on every processor: from the bias on, tap by tap,
and of each two channels 2k, 2k + 1 the second one's product first, as the instruction
``vdpbf16ps`` does.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.errors import ArgumentError, ShapeError
from pellucid.ops.elementwise import Elementwise
from pellucid.ops.operation import INFERENCE, Mode, Operation, Parameter
from pellucid.ops.terms import Terms, function_of
from pellucid.ops.types import Type

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.reads import Reads
    from pellucid.ops.terms import Rule

SMALLEST = 2.0**-126
"""The smallest number that is not rounded to zero."""


def upper_halves(x: Array) -> NDArray[np.uint16]:
    """The nearest bfloat16 of numbers, as the upper 16 bits of float32."""
    with np.errstate(over="ignore"):
        single = np.asarray(x, np.float32)
    bits = np.atleast_1d(single).view(np.uint32)
    rounded = (bits + np.uint32(0x7FFF) + (bits >> 16 & 1)) >> 16
    rounded = np.where(np.abs(np.atleast_1d(single)) < SMALLEST, bits >> 16 & 0x8000, rounded)
    rounded = np.where(np.isnan(np.atleast_1d(single)), bits >> 16 | 0x40, rounded)
    return rounded.astype(np.uint16).reshape(single.shape)


def of_upper_halves(halves: NDArray[np.uint16]) -> NDArray[np.float32]:
    """The float32 whose upper 16 bits these are."""
    wide = np.atleast_1d(halves).astype(np.uint32) << 16
    return wide.view(np.float32).reshape(halves.shape)


def nearest_bfloat16(x: Array) -> Array:
    """Numbers rounded to bfloat16, of the type that they had."""
    return of_upper_halves(upper_halves(x)).astype(x.dtype)


def no_gradient(operation: Operation) -> ArgumentError:
    """The error for a gradient at rounded values."""
    return ArgumentError(
        f"{operation.kind} has no gradient, since its values are rounded to bfloat16; take the "
        "model that was quantised"
    )


@dataclass(frozen=True)
class Bfloat16(Elementwise):
    """Real values to the nearest bfloat16; any shape."""

    kind: ClassVar[str] = "bfloat16"
    title: ClassVar[str] = "rounding to bfloat16"
    family: ClassVar[Family] = "normalisation"
    rule: ClassVar[Rule] = "function"

    def output_type(self, *inputs: Type) -> Type:
        return Type(super().output_type(*inputs).shape, "bfloat16")

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        return nearest_bfloat16(inputs[0]), None

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        raise no_gradient(self)

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        (x,) = inputs
        return function_of(at, float(x[at]), float(nearest_bfloat16(np.asarray(x[at]))))

    def decisions(self, inputs: Arrays) -> tuple[Array, ...]:
        return (nearest_bfloat16(inputs[0]),)

    def derivative_at(
        self, inputs: Arrays, weights: Weights, output: Position, branch: int, at: Position
    ) -> float:
        raise no_gradient(self)

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        x = inputs[0].cell(at)
        step = f"2^(INT(LOG(ABS({x}),2))-7)"
        # ROUND goes away from zero at halves; the even neighbour is half a round of x/2.
        tie = f"ABS({x}/{step}-TRUNC({x}/{step}))=0.5"
        return f"IF({x}=0,0,{step}*IF({tie},2*ROUND({x}/{step}/2,0),ROUND({x}/{step},0)))"


class Bfloat16Sum(Operation):
    """A sum of products of bfloat16 and a bias of float32.

    Subclasses say by :attr:`summed` which operation sums.
    """

    rule: ClassVar[Rule] = "sum"

    @property
    @abstractmethod
    def summed(self) -> Operation:
        """The operation of the same sums, of numbers of any kind, with a bias."""

    def output_shape(self, *inputs: Shape) -> Shape:
        return self.summed.output_shape(*inputs)

    def output_type(self, *inputs: Type) -> Type:
        for value in inputs:
            if value.dtype != "bfloat16":
                raise ShapeError(f"takes bfloat16, got {value.dtype}; put a Bfloat16() before it")
        return super().output_type(*(Type(value.shape, per=value.per) for value in inputs))

    def parameters(self, *inputs: Shape) -> dict[str, Parameter]:
        found = self.summed.parameters(*inputs)
        return {**found, "kernel": replace(found["kernel"], dtype="bfloat16")}

    def multiply_adds(self, *inputs: Shape) -> int:
        return self.summed.multiply_adds(*inputs)

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        return self.summed.forward(inputs, weights)[0], None

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        raise no_gradient(self)

    def reads(self, *inputs: Shape) -> Reads:
        return self.summed.reads(*inputs)

    def derivative_at(
        self, inputs: Arrays, weights: Weights, output: Position, branch: int, at: Position
    ) -> float:
        raise no_gradient(self)

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        return self.summed.formula(at, inputs, weights)
