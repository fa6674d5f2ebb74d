"""The head of a frozen body: a linear layer on its features, solved rather than stepped towards.

With features x, standardised to mean 0 and deviation 1 over the pictures that are learned, the
outputs are z = Wᵀx + b, and what is minimised is

    1/N · Σ_i loss(z_i, t_i) + λ/2 · ‖W‖²

which is convex: multinomial logistic regression, one logistic regression a label, ridge or Huber
regression, as the loss is (Hastie, Tibshirani and Friedman 2009, *The elements of statistical
learning*, sections 3.4 and 4.4). The minimum lies in the span of the pictures, so that with the
singular value decomposition X = U·S·Vᵀ the search goes through W = V·A, of as many rows as there
are pictures, or features if these are fewer; ‖W‖ = ‖A‖. Scaled by the curvature along each of these
axes, about c·S²/N + λ, the problem is round, and L-BFGS needs a few dozen steps.

All in float64. Nothing is random: the same pictures give the same head.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pellucid.transfer.lbfgs import minimise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.loss import Loss

    Floats = NDArray[np.float64]

TOLERANCE = 1e-8
"""Of the gradient, in the scaled weights, where a solution is final."""

_NOTHING = 1e-10  # of the largest variance along an axis; what is less is rounding
_CURVATURE = 0.25  # about that of a loss along one output: exact for a logistic one at its steepest


@dataclass(frozen=True, eq=False)
class Head:
    """A linear layer.

    Attributes:
        kernel: float64 (D, K).
        bias: float64 (K,).
    """

    kernel: Floats
    bias: Floats

    def outputs(self, features: NDArray[np.floating]) -> Floats:
        """The K outputs of each row of features, float64 (N, K)."""
        return np.asarray(features.astype(np.float64) @ self.kernel + self.bias)


class HeadProblem:
    """Everything about some features and targets that does not depend on the weight decay.

    Args:
        features: Of the body, (N, D), N at least 1.
        targets: What is wanted of the outputs, (N, K), as the loss takes them.
        loss: Between outputs and targets; its value is a mean over pictures.
        standardised: Whether the features are standardised already, e.g. principal components,
            whose deviations say how much each counts.
    """

    def __init__(
        self,
        features: NDArray[np.floating],
        targets: Floats,
        loss: Loss,
        *,
        standardised: bool = False,
    ) -> None:
        self._loss = loss
        self._targets = targets.astype(np.float64)
        rows = features.astype(np.float64)
        self._mean = rows.mean(axis=0)
        deviation = np.ones(rows.shape[1]) if standardised else rows.std(axis=0)
        # a feature that never changes says nothing; scaled up, its rounding would
        self._scale = np.where(deviation > 1e-7 * (np.abs(self._mean) + 1e-30), deviation, np.inf)
        rows = (rows - self._mean) / self._scale
        count, length = rows.shape
        if count <= length:
            variances, left = np.linalg.eigh(rows @ rows.T)
            kept = variances > _NOTHING * max(variances.max(initial=0.0), 1e-30)
            size = np.sqrt(variances[kept])
            self._axes = rows.T @ (left[:, kept] / size)  # (D, R)
            self._rows = left[:, kept] * size  # (N, R)
        else:
            variances, right = np.linalg.eigh(rows.T @ rows)
            kept = variances > _NOTHING * max(variances.max(initial=0.0), 1e-30)
            self._axes = right[:, kept]
            self._rows = rows @ self._axes
        self._variances = variances[kept] / count

    @cached_property
    def outputs(self) -> int:
        """K."""
        return int(self._targets.shape[1])

    def solve(
        self,
        weight_decay: float,
        chosen: NDArray[np.integer] | None = None,
        start: Floats | None = None,
        *,
        tolerance: float = TOLERANCE,
    ) -> Floats:
        """The weights along the axes, and the bias, that minimise the loss of some pictures.

        Args:
            weight_decay: λ, more than 0.
            chosen: Which pictures are learned; all by default. Mean and deviation of the features
                stay those of all: nothing of their targets is in these.
            start: What another weight decay gave, from where it is not far.
            tolerance: Of the gradient, in the scaled weights.

        Returns:
            float64 (R + 1, K); the last row is the bias.
        """
        rows = self._rows if chosen is None else self._rows[chosen]
        targets = self._targets if chosen is None else self._targets[chosen]
        axes, outputs = rows.shape[1], self.outputs
        size = np.append(1.0 / np.sqrt(_CURVATURE * self._variances + weight_decay), 2.0)[:, None]

        def function(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            weights = flat.reshape(axes + 1, outputs) * size
            found = rows @ weights[:-1] + weights[-1]
            value, at_outputs = self._loss.value_and_gradient(found, targets)
            gradient = np.empty_like(weights)
            gradient[:-1] = rows.T @ at_outputs + weight_decay * weights[:-1]
            gradient[-1] = at_outputs.sum(axis=0)
            value += 0.5 * weight_decay * float((weights[:-1] ** 2).sum())
            return value, (gradient * size).reshape(-1)

        first = np.zeros((axes + 1, outputs)) if start is None else start / size
        found = minimise(function, first.reshape(-1), tolerance=tolerance)
        return np.asarray(found.reshape(axes + 1, outputs) * size)

    def answers(self, weights: Floats, chosen: NDArray[np.integer]) -> Floats:
        """The outputs of some of the pictures, (n, K), with weights that :meth:`solve` gave."""
        return np.asarray(self._rows[chosen] @ weights[:-1] + weights[-1])

    def head(self, weights: Floats) -> Head:
        """The layer on features as the body gives them."""
        kernel = (self._axes @ weights[:-1]) / self._scale[:, None]
        return Head(kernel, weights[-1] - self._mean @ kernel)
