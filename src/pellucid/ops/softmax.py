"""Softmax: scores become probabilities.

    y_j = e^{z_j} / Σ_k e^{z_k}

over the last axis. The largest z is subtracted first, which changes nothing but keeps e^z finite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.operation import INFERENCE, Mode, Operation
from pellucid.ops.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.ops.operation import Array, Saved, Shape


def softmax(z: Array) -> Array:
    """Probabilities of scores over the last axis; each row sums to 1."""
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


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
class Softmax(Operation):
    """Softmax over the last axis; any shape."""

    kind: ClassVar[str] = "softmax"

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        return inputs[0]

    def forward(
        self, inputs: Sequence[Array], weights: Mapping[str, Array], mode: Mode = INFERENCE
    ) -> tuple[Array, Saved]:
        (z,) = inputs
        y = softmax(z)
        return y, y

    def backward(
        self, gradient: Array, saved: Saved, weights: Mapping[str, Array]
    ) -> tuple[tuple[Array, ...], dict[str, Array]]:
        return (softmax_backward(gradient, saved),), {}

    def terms(
        self, inputs: Sequence[Array], weights: Mapping[str, Array], at: tuple[int, ...]
    ) -> Terms:
        (z,) = inputs
        scores = z[at[:-1]].astype(np.float64)
        places = [(0, *at[:-1], k) for k in range(len(scores))]
        powers = np.exp(scores - scores.max())
        return Terms(
            "share",
            np.array(places, np.int64),
            scores,
            np.full_like(scores, np.nan),
            powers,
            own=at[-1],
        )
