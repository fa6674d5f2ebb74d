"""Huber loss: squares of small errors, and of large ones their size; smooth L1 is the case δ = 1.

    L_i = 1/M · Σ_k h(z_k − t_k),  h(d) = d²/2 for |d| ≤ δ, δ·(|d| − δ/2) otherwise
    ∂L_i/∂z = min(max(−δ, z − t), δ) / M

so that a few targets far off do not decide everything (Huber 1964, *Robust estimation of a location
parameter*); as PyTorch's ``HuberLoss``. Computed in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.ops.loss import Loss, check_finite

if TYPE_CHECKING:
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class Huber(Loss):
    """Huber loss between outputs and targets that may be any numbers.

    Attributes:
        delta: δ, up to which errors are squared, 1e-6 to 1e6.
    """

    kind: ClassVar[str] = "huber"
    delta: float = 1.0

    def __post_init__(self) -> None:
        checks.number("delta", self.delta, 1e-6, 1e6)

    def check_values(self, targets: Array) -> None:
        check_finite(targets)

    def per_image(self, logits: Array, targets: Array) -> Array:
        size = np.abs(logits.astype(np.float64) - targets.astype(np.float64))
        small = np.minimum(size, self.delta)
        return np.asarray((small * (size - 0.5 * small)).mean(axis=1))

    def value_and_gradient(self, logits: Array, targets: Array) -> tuple[float, Array]:
        z, t = logits.astype(np.float64), targets.astype(np.float64)
        gradient = np.clip(z - t, -self.delta, self.delta) / t.size
        return float(self.per_image(z, t).mean()), gradient.astype(logits.dtype)
