"""Softmax cross-entropy: minus the log of the probability that the network gives to the truth.

    L_i = −Σ_k t_k log y_k,  y = softmax(z),  for a label: L_i = −log( e^{z_label} / Σ_k e^{z_k} )
    ∂L_i/∂z = y − t

With m the largest logit, log Σ_k e^{z_k} − z_m is log(1 + Σ_{k≠m} e^{z_k − z_m}), and y_k − 1 is
minus the sum of the other probabilities: so both loss and gradient keep their relative precision
for a network that is sure, where y_m itself rounds to 1. Computed in float64.

With label smoothing ε the target is (1 − ε)·t + ε/K (Szegedy et al. 2015, *Rethinking the Inception
architecture*, section 7). With class weights w the terms are w_k t_k log y_k, and the batch's mean
divides by the weights of its labels, so that weights of any scale keep the loss's scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.errors import ArgumentError
from pellucid.ops.loss import Loss
from pellucid.ops.softmax import probabilities, sum_of_others
from pellucid.text import counted

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
        checks.number("label_smoothing", self.label_smoothing, 0.0, 0.999)
        if self.class_weights is not None:
            checks.numbers("class_weights", self.class_weights, 1e-9, 1e9)

    def per_image(self, logits: Array, targets: Array) -> Array:
        terms = self._weighted(targets) * log_softmax(logits.astype(np.float64))
        return np.asarray(-terms.sum(axis=1))

    def value_and_gradient(self, logits: Array, targets: Array) -> tuple[float, Array]:
        exact = targets.astype(np.float64)
        total = (exact * self._weights(exact)).sum()
        loss = self.per_image(logits, exact).sum() / total
        wanted = self._weighted(exact)
        y = probabilities(logits)
        # y · Σ_k w_k t_k − w t, without subtracting from 1
        gradient = y * sum_of_others(wanted) - wanted * sum_of_others(y)
        return float(loss), (gradient / total).astype(logits.dtype)

    def amount(self, targets: Array) -> float:
        """The weights of the labels."""
        exact = targets.astype(np.float64)
        return float((exact * self._weights(exact)).sum())

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
                f"class_weights must be one a class: {counted(classes, 'class')}, "
                f"{counted(len(self.class_weights), 'weight')}"
            )
        return np.asarray(self.class_weights, targets.dtype)

    def _weighted(self, targets: Array) -> Array:
        """w_k times the smoothed target."""
        return np.asarray(self._weights(targets) * self.smoothed(targets))


def log_softmax(z: Array) -> Array:
    """Log softmax over the last axis; exact where a probability underflows, or is nearly 1."""
    largest = z.argmax(axis=-1, keepdims=True)
    shifted = z - np.take_along_axis(z, largest, axis=-1)
    others = np.take_along_axis(sum_of_others(np.exp(shifted)), largest, axis=-1)
    return np.asarray(shifted - np.log1p(others))
