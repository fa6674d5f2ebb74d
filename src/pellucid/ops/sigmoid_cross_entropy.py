"""Sigmoid cross-entropy: every label a question of its own, yes or no.

    L_i = 1/K · Σ_k −( t_k log y_k + (1 − t_k) log(1 − y_k) ),  y = 1 / (1 + e^{−z})
        = 1/K · Σ_k ( max(z_k, 0) − z_k t_k + log(1 + e^{−|z_k|}) )
    ∂L_i/∂z = (y − t) / K

as in PyTorch's ``BCEWithLogitsLoss``. y − t is taken as y·(1 − t) − t·(1 − y), with 1 − y the
sigmoid of −z, and computed in float64: so both loss and gradient keep their relative precision for
a network that is sure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.loss import Loss, check_marks
from pellucid.ops.sigmoid import sigmoid

if TYPE_CHECKING:
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class SigmoidCrossEntropy(Loss):
    """Cross-entropy of K independent yes-or-no questions, averaged over them."""

    kind: ClassVar[str] = "sigmoid_cross_entropy"

    def check_values(self, targets: Array) -> None:
        check_marks(targets)

    def per_image(self, logits: Array, targets: Array) -> Array:
        z, t = logits.astype(np.float64), targets.astype(np.float64)
        # of the wrong side of 0 the logit itself, and the rest from both
        terms = t * np.maximum(-z, 0.0) + (1.0 - t) * np.maximum(z, 0.0)
        return np.asarray((terms + np.log1p(np.exp(-np.abs(z)))).mean(axis=1))

    def value_and_gradient(self, logits: Array, targets: Array) -> tuple[float, Array]:
        z, t = logits.astype(np.float64), targets.astype(np.float64)
        gradient = (sigmoid(z) * (1.0 - t) - t * sigmoid(-z)) / t.size
        return float(self.per_image(z, t).mean()), gradient.astype(logits.dtype)
