"""Softmax cross-entropy: minus the log of the probability that the network gives to the truth.

    L_i = −Σ_k t_k log y_k,  y = softmax(z),  for a label: L_i = −log( e^{z_label} / Σ_k e^{z_k} )
    ∂L_i/∂z = y − t

Computed from log-sum-exp of the shifted logits, it is exact for logits of ±10⁴ too. With label
smoothing ε the target is (1 − ε)·t + ε/K (Szegedy et al. 2015, *Rethinking the Inception
architecture*, section 7). With class weights w the terms are w_k t_k log y_k, and the batch's mean
divides by the weights of its labels, so that weights of any scale keep the loss's scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.ops import check
from pellucid.ops.loss import Loss

if TYPE_CHECKING:
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """Softmax cross-entropy on logits.

    Attributes:
        label_smoothing: ε, 0 to less than 1.
        class_weights: One positive weight a class, or none for all 1.
    """

    kind: ClassVar[str] = "cross_entropy"
    label_smoothing: float = 0.0
    class_weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        check.number("label_smoothing", self.label_smoothing, 0.0, 0.999)
        if self.class_weights is not None:
            check.numbers("class_weights", self.class_weights, 1e-9, 1e9)

    def per_image(self, logits: Array, targets: Array) -> Array:
        terms = self._weighted(targets) * log_softmax(logits)
        return np.asarray(-terms.sum(axis=1))

    def value_and_gradient(self, logits: Array, targets: Array) -> tuple[float, Array]:
        total = (targets * self._weights(targets)).sum()
        loss = self.per_image(logits, targets).sum() / total
        wanted = self._weighted(targets)
        y = np.exp(log_softmax(logits))
        return float(loss), (y * wanted.sum(axis=1, keepdims=True) - wanted) / total

    def smoothed(self, targets: Array) -> Array:
        """What is wanted where targets, (N, K), are given."""
        smoothing = self.label_smoothing
        return np.asarray((1.0 - smoothing) * targets + smoothing / targets.shape[1])

    def _weights(self, targets: Array) -> Array:
        classes = targets.shape[1]
        if self.class_weights is None:
            return np.ones(classes, targets.dtype)
        if len(self.class_weights) != classes:
            raise ArgumentError(
                f"class_weights must be one a class: {classes} classes, "
                f"{len(self.class_weights)} weights"
            )
        return np.asarray(self.class_weights, targets.dtype)

    def _weighted(self, targets: Array) -> Array:
        """w_k times the smoothed target."""
        return np.asarray(self._weights(targets) * self.smoothed(targets))


def log_softmax(z: Array) -> Array:
    """Log softmax over the last axis, without ever forming a probability that underflows."""
    shifted = z - z.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
