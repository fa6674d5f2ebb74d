"""Mean squared error of probabilities: squares summed over classes, averaged over images.

    L_i = Σ_k (y_k − t_k)²,  y = softmax(z)

as in the lecture's table of two networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.loss import Loss
from pellucid.ops.softmax import softmax, softmax_backward

if TYPE_CHECKING:
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """Mean squared error between the probabilities of the logits and the targets."""

    kind: ClassVar[str] = "mean_squared_error"

    def per_image(self, logits: Array, targets: Array) -> Array:
        return squared_error(softmax(logits), targets)

    def value_and_gradient(self, logits: Array, targets: Array) -> tuple[float, Array]:
        y = softmax(logits)
        gradient = softmax_backward(2.0 * (y - targets), y) / len(targets)
        return float(squared_error(y, targets).mean()), gradient


def squared_error(probabilities: Array, targets: Array) -> Array:
    """Σ_k (y_k − t_k)² of each image, (N,), from probabilities and targets, both (N, K)."""
    return np.asarray(((probabilities - targets) ** 2).sum(axis=1))
