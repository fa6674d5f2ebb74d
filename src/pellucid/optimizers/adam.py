"""Adam, and AdamW with its decay set apart.

    m ← β₁·m + (1 − β₁)·g            v ← β₂·v + (1 − β₂)·g²
    w ← w − η · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)

Kingma and Ba 2014, *Adam*, algorithm 1. Adam adds the decay λ·w to g; AdamW takes η·λ·w off the
weight itself instead (Loshchilov and Hutter 2017, *Decoupled weight decay regularization*,
algorithm 2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.optimizers.optimizer import Optimizer

if TYPE_CHECKING:
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam.

    Attributes:
        beta1: β₁, how long the mean gradient is remembered, 0 to less than 1.
        beta2: β₂, how long the mean square is remembered, 0 to less than 1.
        epsilon: ε, keeps the quotient finite.
    """

    kind: ClassVar[str] = "adam"
    slots: ClassVar[tuple[str, ...]] = ("mean", "square")
    decoupled: ClassVar[bool] = False
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.number("beta1", self.beta1, 0.0, 0.999999)
        checks.number("beta2", self.beta2, 0.0, 0.999999)
        checks.number("epsilon", self.epsilon, 1e-16, 1.0)

    def update(
        self,
        weight: Array,
        gradient: Array,
        memory: dict[str, Array],
        *,
        learning_rate: float,
        step: int,
        decays: bool,
    ) -> None:
        if decays and self.weight_decay:
            if self.decoupled:
                weight *= 1.0 - learning_rate * self.weight_decay
            else:
                gradient = gradient + self.weight_decay * weight
        mean, square = memory["mean"], memory["square"]
        mean *= self.beta1
        mean += (1.0 - self.beta1) * gradient
        square *= self.beta2
        square += (1.0 - self.beta2) * gradient * gradient
        # Both start at zero and are too small at first; dividing by 1 − βᵗ makes up for it.
        unbiased_mean = mean / (1.0 - self.beta1**step)
        root = np.sqrt(square) / math.sqrt(1.0 - self.beta2**step)
        weight -= learning_rate * unbiased_mean / (root + self.epsilon)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay."""

    kind: ClassVar[str] = "adamw"
    decoupled: ClassVar[bool] = True
