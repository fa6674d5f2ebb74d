"""Softmax: scores become probabilities.

    y_j = e^{z_j} / Σ_k e^{z_k}

over the last axis. The largest z is subtracted first, which changes nothing but keeps e^z finite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.across_channels import AcrossChannels
from pellucid.ops.operation import INFERENCE, Mode
from pellucid.ops.reads import Reads, along, whole
from pellucid.ops.terms import Terms

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Details, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule


def softmax(z: Array) -> Array:
    """Probabilities of scores over the last axis; each row sums to 1."""
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def probabilities(logits: Array) -> Array:
    """Class probabilities of logits, float64 (…, K): their softmax, computed in float64.

    Every probability that is shown, compared or written is computed here, from the float32 logits
    that the engine gave.
    """
    return softmax(np.asarray(logits, np.float64))


def sum_of_others(x: Array) -> Array:
    """For each number of the last axis the sum of all the others, same shape.

    Added up and never subtracted: of probabilities it is 1 − y to full relative precision, where y
    is so near 1 that the subtraction would leave no digit.
    """
    zero = np.zeros_like(x[..., :1])
    before = np.concatenate([zero, x[..., :-1].cumsum(axis=-1)], axis=-1)
    after = np.concatenate([zero, x[..., :0:-1].cumsum(axis=-1)], axis=-1)
    return np.asarray(before + after[..., ::-1])


def softmax_backward(gradient: Array, y: Array) -> Array:
    """∂loss/∂z from ∂loss/∂y: y_j (g_j − Σ_k g_k y_k)."""
    return np.asarray(y * (gradient - (gradient * y).sum(axis=-1, keepdims=True)))


@dataclass(frozen=True)
class Softmax(AcrossChannels):
    """Softmax over the last axis; any shape."""

    kind: ClassVar[str] = "softmax"
    title: ClassVar[str] = "softmax"
    family: ClassVar[Family] = "probabilities"
    rule: ClassVar[Rule] = "share"

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        return inputs[0]

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (z,) = inputs
        y = softmax(z)
        return y, y

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        return (softmax_backward(gradient, saved),), {}

    def reads(self, *inputs: Shape) -> Reads:
        *rest, last = range(len(inputs[0]))
        axes = (*(along(k, inputs[0][k]) for k in rest), whole(inputs[0][last]))
        return Reads((axes,), inputs[0])

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        sources = self.reads(inputs[0].shape).sources(at)
        scores = sources.values(inputs)
        powers = np.exp(scores - scores.max())
        unknown = np.full_like(scores, np.nan)
        return Terms("share", sources.table, scores, unknown, powers, own=at[-1])

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        (x,) = inputs
        every = x.block((*at[:-1], 0), (*at[:-1], x.shape[-1] - 1))
        powers = f"SUMPRODUCT(EXP({every}-MAX({every})))"
        return f"EXP({x.cell(at)}-MAX({every}))/{powers}"

    def details(self, terms: Terms, inputs: Arrays, weights: Weights, at: Position) -> Details:
        return {
            "largest": float(terms.values.max()),
            "exponentials": terms.products.tolist(),
            "sum": float(terms.products.sum()),
        }
