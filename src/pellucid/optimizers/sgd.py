"""Stochastic gradient descent with momentum.

    g ← g + λ·w              (kernels only)
    v ← μ·v + g
    w ← w − η·v              or, with Nesterov's look ahead,  w ← w − η·(g + μ·v)

Polyak 1964; Sutskever et al. 2013, *On the importance of initialization and momentum*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pellucid import checks
from pellucid.errors import ArgumentError
from pellucid.optimizers.optimizer import Optimizer

if TYPE_CHECKING:
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent.

    Attributes:
        momentum: μ, the share of the last step that goes on, 0 to less than 1.
        nesterov: Whether to look ahead; needs momentum.
    """

    kind: ClassVar[str] = "sgd"
    slots: ClassVar[tuple[str, ...]] = ("velocity",)
    momentum: float = 0.9
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.number("momentum", self.momentum, 0.0, 0.9999)
        checks.truth("nesterov", self.nesterov)
        if self.nesterov and self.momentum == 0.0:
            raise ArgumentError("nesterov looks ahead along the momentum: give one, e.g. 0.9")

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
            gradient = gradient + self.weight_decay * weight
        velocity = memory["velocity"]
        velocity *= self.momentum
        velocity += gradient
        ahead = gradient + self.momentum * velocity if self.nesterov else velocity
        weight -= learning_rate * ahead
