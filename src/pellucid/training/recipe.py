"""A recipe: everything that decides how a network is trained, in one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pellucid.ops import LOSSES, CrossEntropy, check
from pellucid.ops.settings import from_dict, to_dict
from pellucid.optimizers import OPTIMIZERS
from pellucid.training.schedules import SCHEDULES, OneCycle

if TYPE_CHECKING:
    from pellucid.ops.loss import Loss
    from pellucid.optimizers import Optimizer
    from pellucid.training.schedules import Schedule

LEARNING_RATES = {"sgd": 0.05, "adam": 0.003, "adamw": 0.003}
"""The peak learning rate of each optimizer where none is given, for batches of 128."""


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes:
        optimizer: The update rule.
        learning_rate: Its peak, more than 0.
        schedule: How the rate changes on the way.
        loss: What is minimised.
        epochs: How often every picture is seen.
        batch_size: Pictures a step.
        seed: Of everything random: first weights, order, dropout; 0 to 2³² − 1.
    """

    optimizer: Optimizer
    learning_rate: float
    schedule: Schedule = field(default_factory=OneCycle)
    loss: Loss = field(default_factory=CrossEntropy)
    epochs: int = 10
    batch_size: int = 128
    seed: int = 0

    def __post_init__(self) -> None:
        check.number("learning_rate", self.learning_rate, 1e-12, 1e4)
        check.whole("epochs", self.epochs)
        check.whole("batch_size", self.batch_size)
        check.whole("seed", self.seed, 0, 2**32 - 1)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "optimizer": to_dict(self.optimizer),
            "learning_rate": self.learning_rate,
            "schedule": to_dict(self.schedule),
            "loss": to_dict(self.loss),
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "seed": self.seed,
        }


def make_recipe(
    *,
    optimizer: str = "sgd",
    learning_rate: float | None = None,
    schedule: str = "one-cycle",
    weight_decay: float = 0.0,
    label_smoothing: float = 0.0,
    class_weights: tuple[float, ...] | None = None,
    epochs: int = 10,
    batch_size: int = 128,
    seed: int = 0,
) -> Recipe:
    """A recipe from names and numbers, as the command line gives them.

    Args:
        optimizer: ``sgd`` (momentum 0.9, Nesterov), ``adam`` or ``adamw``.
        learning_rate: The peak; none: that of :data:`LEARNING_RATES`.
        schedule: ``constant``, ``step``, ``cosine`` or ``one-cycle``.
        weight_decay: On kernels, 0 to 1.
        label_smoothing: 0 to less than 1.
        class_weights: One positive weight a class.
        epochs: At least 1.
        batch_size: At least 1.
        seed: 0 to 2³² − 1.

    Raises:
        ArgumentError: For an unknown name or a value out of range.
    """
    rule: dict[str, Any] = {"kind": optimizer, "weight_decay": weight_decay}
    if optimizer == "sgd":
        rule |= {"momentum": 0.9, "nesterov": True}
    loss: dict[str, Any] = {"kind": "cross_entropy", "label_smoothing": label_smoothing}
    if class_weights is not None:
        loss["class_weights"] = list(class_weights)
    made = from_dict(rule, OPTIMIZERS, "optimizer")  # first: the name picks the rate below
    return Recipe(
        optimizer=made,
        learning_rate=LEARNING_RATES[optimizer] if learning_rate is None else learning_rate,
        schedule=from_dict({"kind": schedule}, SCHEDULES, "schedule"),
        loss=from_dict(loss, LOSSES, "loss"),
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
    )
