"""What an optimizer is: the rule that turns a gradient into a step."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class Optimizer(ABC):
    """An update rule; the learning rate comes with every step, from a schedule.

    Attributes:
        weight_decay: How strongly kernels are pulled to zero, 0 to 1. Biases, scales and norms
            never decay, whatever it is.
        clip_norm: The gradient of all weights together is shortened to this length where it is
            longer; none: never.
    """

    kind: ClassVar[str]
    slots: ClassVar[tuple[str, ...]]
    """The arrays, shaped as the weight, that it remembers from step to step; they start at zero."""

    weight_decay: float = 0.0
    clip_norm: float | None = None

    def __post_init__(self) -> None:
        checks.number("weight_decay", self.weight_decay, 0.0, 1.0)
        if self.clip_norm is not None:
            checks.number("clip_norm", self.clip_norm, 1e-9, 1e9)

    @abstractmethod
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
        """Change one weight and its memory, in place.

        Args:
            weight: The weight.
            gradient: ∂loss/∂weight, after clipping; not changed.
            memory: An array shaped as the weight for each of ``slots``.
            learning_rate: This step's rate.
            step: The step's number, from 1.
            decays: Whether this weight decays at all.
        """


def clip_by_norm(gradients: Iterable[Array], clip_norm: float | None) -> float:
    """The factor that shortens all gradients together to the given length; 1 if they are shorter.

    Pascanu et al. 2013, *On the difficulty of training recurrent neural networks*, algorithm 1.
    """
    if clip_norm is None:
        return 1.0
    # In float64, where no square of a float32 overflows.
    norm = math.sqrt(sum(float(np.square(g, dtype=np.float64).sum()) for g in gradients))
    return clip_norm / norm if norm > clip_norm else 1.0
