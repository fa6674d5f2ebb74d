"""A recipe: everything that decides how a network is trained, in one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.augment import Augmentation, get_augmentation
from pellucid.known_names import find_name
from pellucid.ops import LOSSES, CrossEntropy, check
from pellucid.ops.settings import from_dict, to_dict
from pellucid.optimizers import OPTIMIZERS
from pellucid.training.schedules import SCHEDULES, OneCycle

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
        seed: Of everything random: first weights, order, dropout, augmentation; 0 to 2³² − 1.
        patience: Training ends early after so many epochs without a better validation, at least 1;
            none: never. Schedules that come down at their planned end (cosine, one-cycle) bring
            most of their gain there: with them, wait for a third of the epochs at least.
        ema: The decay of the weights' exponential moving average, which is then judged and saved
            in their place, 0.5 to 0.99999; none: no average.
        augmentation: How training pictures are changed.
    """

    optimizer: Optimizer
    learning_rate: float
    schedule: Schedule = field(default_factory=OneCycle)
    loss: Loss = field(default_factory=CrossEntropy)
    epochs: int = 10
    batch_size: int = 128
    seed: int = 0
    patience: int | None = None
    ema: float | None = None
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        check.number("learning_rate", self.learning_rate, 1e-12, 1e4)
        check.whole("epochs", self.epochs)
        check.whole("batch_size", self.batch_size)
        check.whole("seed", self.seed, 0, 2**32 - 1)
        if self.patience is not None:
            check.whole("patience", self.patience)
        if self.ema is not None:
            check.number("ema", self.ema, 0.5, 0.99999)

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
            "patience": self.patience,
            "ema": self.ema,
            "augmentation": self.augmentation.to_dict(),
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
    patience: int | None = None,
    ema: float | None = None,
    augmentation: str | Augmentation = "none",
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
        patience: Epochs without a better validation after which training ends, at least 1; none:
            never.
        ema: The decay of the weights' moving average, 0.5 to 0.99999; none: no average.
        augmentation: ``"none"``, ``"digits"``, ``"photos"``, or one's own.

    Raises:
        ArgumentError: For an unknown name or a value out of range.
    """
    optimizer = find_name("optimizer", optimizer, OPTIMIZERS)
    schedule = find_name("schedule", schedule, SCHEDULES)
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
        patience=patience,
        ema=ema,
        augmentation=(
            get_augmentation(augmentation) if isinstance(augmentation, str) else augmentation
        ),
    )


def balanced_weights(labels: NDArray[np.int64], classes: int) -> tuple[float, ...]:
    """A weight for each class, with which all classes count the same.

    N / (K · n_k) for a class of n_k pictures (King and Zeng 2001, *Logistic regression in rare
    events data*, section 3.2); a class without pictures counts as if it had one.

    Args:
        labels: Of the training pictures, (N,).
        classes: K.
    """
    counts = np.maximum(np.bincount(labels, minlength=classes), 1)
    return tuple((len(labels) / (classes * counts)).tolist())
