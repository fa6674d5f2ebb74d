"""What a loss is: one number that says how wrong the logits are, and its gradient there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from pellucid.ops.operation import Array


class Loss(ABC):
    """A loss on logits, averaged over a batch. Subclasses are frozen dataclasses."""

    kind: ClassVar[str]

    @abstractmethod
    def per_image(self, logits: Array, targets: Array) -> Array:
        """The loss of each image, (N,).

        Args:
            logits: (N, K) scores before softmax.
            targets: (N, K) wanted probabilities; one-hot for plain labels.
        """

    @abstractmethod
    def value_and_gradient(self, logits: Array, targets: Array) -> tuple[float, Array]:
        """The batch's loss and its gradient at the logits, (N, K)."""


def one_hot(labels: Array, classes: int, dtype: DTypeLike = np.float64) -> Array:
    """Labels 0 .. K − 1, (N,), as wanted probabilities, (N, K): 1 at the label, 0 elsewhere."""
    return np.eye(classes, dtype=dtype)[labels]
