"""Squared error of predicted numbers: averaged over them, and over images.

    L_i = 1/M · Σ_k (z_k − t_k)²
    ∂L_i/∂z = 2 (z − t) / M

as in PyTorch's ``MSELoss``. Computed in float64. Its neighbour, the mean squared error, is that of
a classifier's probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.loss import Loss, check_finite

if TYPE_CHECKING:
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class SquaredError(Loss):
    """Squared error between outputs and targets that may be any numbers."""

    kind: ClassVar[str] = "squared_error"

    def check_values(self, targets: Array) -> None:
        check_finite(targets)

    def per_image(self, logits: Array, targets: Array) -> Array:
        return np.asarray((_difference(logits, targets) ** 2).mean(axis=1))

    def value_and_gradient(self, logits: Array, targets: Array) -> tuple[float, Array]:
        difference = _difference(logits, targets)
        gradient = 2.0 * difference / difference.size
        return float((difference**2).mean()), gradient.astype(logits.dtype)


def _difference(outputs: Array, targets: Array) -> Array:
    return np.asarray(outputs.astype(np.float64) - targets.astype(np.float64))
