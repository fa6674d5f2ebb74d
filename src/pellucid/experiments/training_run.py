"""One network of an experiment, trained once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from pellucid.training.history import Epoch


@short_repr
@dataclass(frozen=True)
class Run:
    """One network, trained once.

    Attributes:
        variant: Which.
        seed: Of its first weights and the order of pictures.
        epochs: What was measured after each; fewer than asked for if training diverged.
        diverged: Whether the loss was no longer finite.
    """

    variant: str
    seed: int
    epochs: tuple[Epoch, ...]
    diverged: bool = False

    @property
    def accuracy(self) -> float:
        """On the pictures to judge by, after the last epoch; 0 where training diverged."""
        last = self.epochs[-1].validation_accuracy if self.epochs and not self.diverged else None
        return 0.0 if last is None else last

    @property
    def loss(self) -> float | None:
        """Mean training loss of the last epoch; none where training diverged."""
        return self.epochs[-1].loss if self.epochs and not self.diverged else None
