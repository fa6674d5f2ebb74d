"""Sums of products of whole numbers of 8 bits: what quantised convolutions and dense layers share.

    y[…, o] = s · t[o] · (b[o] + Σ q[…] · K[…, o])

The q are an input's whole numbers, of which a step is worth s; K are whole numbers −127 .. 127 and
b whole numbers, of which a step is worth s · t[o], with a scale t[o] of each output. The sum is
exact: it fits into 32 bits for up to :data:`MOST_TERMS` terms. It is then rounded to the nearest
float and multiplied once with the product s · t[o], which was rounded once as well. So all engines
and processors find the same bits.

Weights are kept as floats that hold these whole numbers exactly; model files keep them in 8 and 32
bits.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.errors import ArgumentError, ShapeError
from pellucid.ops.formula import constant
from pellucid.ops.operation import INFERENCE, Mode, Operation, Parameter
from pellucid.ops.terms import weighted
from pellucid.ops.types import Type

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Details, Forward, Position, Weights
    from pellucid.ops.formula import WeightCells
    from pellucid.ops.operation import Array, Saved, Shape
    from pellucid.ops.reads import Sources
    from pellucid.ops.terms import Rule, Terms

MOST_TERMS = 33_000
"""Products in a sum: 33 000 · 255 · 127 and a bias of 2³⁰ are less than 2³¹."""

LARGEST_BIAS = 1 << 30
"""A bias is no further from 0."""


def no_gradient(operation: Operation) -> ArgumentError:
    """The error for a gradient at whole numbers."""
    return ArgumentError(
        f"{operation.kind} has no gradient, since its values are whole numbers; take the model "
        "that was quantised"
    )


class WholeSum(Operation):
    """A sum of products of whole numbers, scaled to real values.

    Subclasses have ``input_scale``, and say by :attr:`summed` which operation sums.
    """

    rule: ClassVar[Rule] = "sum"
    input_scale: float

    @property
    @abstractmethod
    def summed(self) -> Operation:
        """The operation of the same sums, of real values and without a bias."""

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = self.summed.output_shape(*inputs)
        terms = self.summed.parameters(*inputs)["kernel"].fan_in
        if terms > MOST_TERMS:
            raise ShapeError(
                f"sums {terms} products; sums of at most {MOST_TERMS} fit into 32 bits"
            )
        return shape

    def output_type(self, *inputs: Type) -> Type:
        for value in inputs:
            if value.dtype not in ("uint8", "int8"):
                raise ShapeError(
                    f"takes whole numbers of 8 bits, got {value.dtype}; put a Quantise() before it"
                )
        return super().output_type(*(Type(value.shape, per=value.per) for value in inputs))

    def parameters(self, *inputs: Shape) -> dict[str, Parameter]:
        kernel = self.summed.parameters(*inputs)["kernel"]
        outputs = kernel.shape[-1:]
        return {
            "kernel": Parameter(
                kernel.shape, 0.0, "kernel", kernel.fan_in, kernel.fan_out, dtype="int8"
            ),
            "bias": Parameter(outputs, 0.0, "bias", dtype="int32"),
            "scale": Parameter(outputs, 1.0, "scale"),
        }

    def multiply_adds(self, *inputs: Shape) -> int:
        return self.summed.multiply_adds(*inputs)

    def whole_sums(self, x: Array, weights: Weights) -> Array:
        """The exact sums, biases among them, float64 (every whole number up to 2⁵³ is one)."""
        kernel = np.asarray(weights["kernel"], np.float64)
        sums, _ = self.summed.forward([np.asarray(x, np.float64)], {"kernel": kernel})
        return np.asarray(sums + np.asarray(weights["bias"], np.float64))

    def step(self, weights: Weights) -> Array:
        """What 1 of each output's sum is worth, (outputs,), of the scales' type."""
        scale = weights["scale"]
        return np.asarray(scale * np.asarray(self.input_scale, scale.dtype))

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x,) = inputs
        return self.whole_sums(x, weights).astype(x.dtype) * self.step(weights), None

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        raise no_gradient(self)

    def added(self, weights: Weights, shape: Shape) -> Array:
        return np.asarray(weights["bias"] * self.step(weights))

    def factors(self, inputs: Arrays, weights: Weights, at: Position, sources: Sources) -> Array:
        whole = super().factors(inputs, weights, at, sources)
        return np.asarray(whole.astype(np.float64) * float(self.step(weights)[at[-1]]))

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        reads = self.reads(*(x.shape for x in inputs))
        sources = reads.sources(at)
        factors = self.factors(inputs, weights, at, sources)
        bias = float(self.added(weights, reads.output)[at[-1]])
        return weighted(sources.table, sources.values(inputs), factors, bias)

    def details(self, terms: Terms, inputs: Arrays, weights: Weights, at: Position) -> Details:
        (x,) = inputs
        step = float(self.step(weights)[at[-1]])
        return {
            "input_scale": self.input_scale,
            "weight_scale": float(weights["scale"][at[-1]]),
            "whole_weights": np.rint(terms.factors / step).astype(int).tolist(),
            "whole_bias": int(weights["bias"][at[-1]]),
            "whole_sum": int(self.whole_sums(x[None], weights)[0][at]),
        }

    def derivative_at(
        self, inputs: Arrays, weights: Weights, output: Position, branch: int, at: Position
    ) -> float:
        raise no_gradient(self)


def scaled(operation: WholeSum, products: str, at: Position, weights: WeightCells) -> str:
    """The formula of a sum of products with its bias, scaled."""
    bias, scale = (weights[name].cell(at[-1:]) for name in ("bias", "scale"))
    return f"({products}+{bias})*({scale}*{constant(operation.input_scale)})"
