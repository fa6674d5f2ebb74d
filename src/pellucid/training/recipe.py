"""A recipe: everything that decides how a network is trained, in one frozen value."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import checks
from pellucid.data.augment import Augmentation, get_augmentation
from pellucid.known_names import find_name
from pellucid.ops import LOSSES, CrossEntropy
from pellucid.optimizers import OPTIMIZERS
from pellucid.settings import from_dict, to_dict
from pellucid.training.schedules import SCHEDULES, OneCycle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.loss import Loss
    from pellucid.optimizers import Optimizer
    from pellucid.training.schedules import Schedule

LEARNING_RATES = {"sgd": 0.05, "adam": 0.003, "adamw": 0.003}
"""The peak learning rate of each optimizer where none is given, for batches of :data:`BATCH`."""

BATCH = 128
"""The batch size that default learning rates are given for."""


def default_learning_rate(optimizer: str, batch_size: int, at_128: float | None = None) -> float:
    """The peak learning rate where none is given, for batches of one size.

    It grows with the square root of the batch size (Krizhevsky 2014, *One weird trick for
    parallelizing convolutional neural networks*, section 5): a gradient's noise falls with that
    root, so that steps of the same rate would be too noisy in small batches. Measured with SGD, the
    root did better than a rate in proportion to the size, and far better than one rate for all; see
    ``docs/learning-rates.md``.

    Args:
        optimizer: A name of :data:`pellucid.optimizers.OPTIMIZERS`.
        batch_size: Pictures a step, at least 1.
        at_128: The rate for batches of 128; none: the optimizer's own.

    Returns:
        The rate in two digits, so that the number that is shown is the one that is used.
    """
    base = LEARNING_RATES[optimizer] if at_128 is None else at_128
    return float(f"{base * math.sqrt(batch_size / BATCH):.2g}")


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
        patience: Epochs without a better validation after which training ends early, at least 1;
            none: never. Schedules that come down at their planned end (cosine, one-cycle) bring
            most of their gain there: with them, wait for a third of the epochs at least.
        ema: The decay of the weights' exponential moving average, which is then judged and saved
            in their place, 0.5 to 0.99999; none: no average.
        augmentation: How training pictures are changed.
        head_epochs: How many of the epochs are no gradient descent: 1 where a head is fitted to the
            features of a frozen body first, and is an epoch of the history; else 0.
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
    head_epochs: int = 0

    def __post_init__(self) -> None:
        checks.number("learning_rate", self.learning_rate, 1e-12, 1e4)
        checks.whole("head_epochs", self.head_epochs, 0, 1)
        checks.whole("epochs", self.epochs)
        checks.whole("batch_size", self.batch_size)
        checks.whole("seed", self.seed, 0, 2**32 - 1)
        if self.patience is not None:
            checks.whole("patience", self.patience)
        if self.ema is not None:
            checks.number("ema", self.ema, 0.5, 0.99999)

    def factor(self, epoch: int, batch: int, steps: int) -> float:
        """What the peak learning rate is multiplied with at a step, see :class:`Schedule`.

        Args:
            epoch: From 1, those of the head included.
            batch: Of the epoch, from 0.
            steps: Of an epoch.
        """
        place = self.step(epoch, batch, steps)
        return self.schedule.factor(place, steps, self.epochs - self.head_epochs)

    def step(self, epoch: int, batch: int, steps: int) -> int:
        """The number of a step in the whole training, from 0; arguments as of :meth:`factor`.

        It is below 0 while a head is fitted, which takes no steps.
        """
        return (epoch - 1 - self.head_epochs) * steps + batch

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values; ``head_epochs`` only where there are some."""
        head = {"head_epochs": self.head_epochs} if self.head_epochs else {}
        return {
            **head,
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
    rate_at_128: float | None = None,
    pictures: int | None = None,
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
    loss: Loss | None = None,
) -> Recipe:
    """A recipe from names and numbers, as the command line gives them.

    Args:
        optimizer: ``sgd`` (momentum 0.9, Nesterov), ``adam`` or ``adamw``.
        learning_rate: The peak; none: that of :func:`default_learning_rate`.
        rate_at_128: Of the architecture, for that function; none: the optimizer's.
        pictures: How many there are to learn from, for that function, since no batch has more;
            none: as many as a batch, at least.
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
        augmentation: ``"none"``, ``"digits"``, ``"photos"``, ``"sound"``, or one's own.
        loss: What is minimised; none: cross-entropy with that smoothing and these weights.

    Raises:
        ArgumentError: For an unknown name or a value out of range.
    """
    optimizer = find_name("optimizer", optimizer, OPTIMIZERS)
    schedule = find_name("schedule", schedule, SCHEDULES)
    rule: dict[str, Any] = {"kind": optimizer, "weight_decay": weight_decay}
    if optimizer == "sgd":
        rule |= {"momentum": 0.9, "nesterov": True}
    entropy: dict[str, Any] = {"kind": "cross_entropy", "label_smoothing": label_smoothing}
    if class_weights is not None:
        entropy["class_weights"] = list(class_weights)
    made = from_dict(rule, OPTIMIZERS, "optimizer")  # first: the name picks the rate below
    if learning_rate is None:
        checks.whole("batch_size", batch_size)
        size = batch_size if pictures is None else min(batch_size, pictures)
        learning_rate = default_learning_rate(optimizer, size, rate_at_128)
    return Recipe(
        optimizer=made,
        learning_rate=learning_rate,
        schedule=from_dict({"kind": schedule}, SCHEDULES, "schedule"),
        loss=from_dict(entropy, LOSSES, "loss") if loss is None else loss,
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
