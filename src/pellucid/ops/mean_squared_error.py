"""Mean squared error of probabilities: squares summed over classes, averaged over images.

    L_i = Σ_k (y_k − t_k)²,  y = softmax(z)

as in the lecture's table of two networks. y − t is taken as y·(1 − t) − t·(1 − y), with 1 − y the
sum of the other probabilities, and computed in float64: so loss and gradient keep their relative
precision where y rounds to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.loss import Loss
from pellucid.ops.softmax import probabilities, sum_of_others

if TYPE_CHECKING:
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """Mean squared error between the probabilities of the logits and the targets."""

    kind: ClassVar[str] = "mean_squared_error"

    def per_image(self, logits: Array, targets: Array) -> Array:
        return np.asarray((_difference(*_exact(logits, targets)) ** 2).sum(axis=1))

    def value_and_gradient(self, logits: Array, targets: Array) -> tuple[float, Array]:
        y, t = _exact(logits, targets)
        difference = _difference(y, t)
        # y (d − Σ_k d_k y_k), without subtracting from 1
        away = difference * sum_of_others(y) - sum_of_others(difference * y)
        gradient = 2.0 * y * away / len(targets)
        loss = float((difference**2).sum(axis=1).mean())
        return loss, np.asarray(gradient, logits.dtype)


def _exact(logits: Array, targets: Array) -> tuple[Array, Array]:
    """Probabilities and targets in float64."""
    return probabilities(logits), targets.astype(np.float64)


def _difference(y: Array, t: Array) -> Array:
    """The probabilities minus the targets: y − t."""
    return np.asarray(y * (1.0 - t) - t * sum_of_others(y))


def squared_error(probabilities: Array, targets: Array) -> Array:
    """Σ_k (y_k − t_k)² of each image, (N,), from probabilities and targets, both (N, K)."""
    return np.asarray(((probabilities - targets) ** 2).sum(axis=1))
