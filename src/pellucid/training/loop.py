"""The training loop: every picture once an epoch, in batches, each batch a step."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pellucid.errors import TrainingDivergedError
from pellucid.graph import Network
from pellucid.ops import CrossEntropy
from pellucid.ops.loss import one_hot
from pellucid.training.batches import batches, batches_per_epoch
from pellucid.training.history import Epoch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program
    from pellucid.files import Model
    from pellucid.graph import Weights
    from pellucid.training.recipe import Recipe

VALIDATION_BATCH = 256


@dataclass(frozen=True)
class Progress:
    """Where training stands after a step.

    Attributes:
        epoch: The current epoch, from 1.
        images: Pictures seen in this epoch.
        of: Pictures in an epoch.
        loss: Mean over those seen in this epoch.
        accuracy: Likewise.
        images_per_second: In this epoch so far.
    """

    epoch: int
    images: int
    of: int
    loss: float
    accuracy: float
    images_per_second: float


class Watcher(Protocol):
    """Who is told how training goes: a progress bar, a run folder."""

    def after_step(self, progress: Progress) -> None:
        """Called after every step."""

    def after_epoch(self, trained: Trained, program: Program) -> None:
        """Called after every epoch and its validation; ``trained`` grows by a row each time."""


@dataclass(eq=False)
class Trained:
    """What training has come to.

    Attributes:
        history: A row for each finished epoch.
        best_epoch: The epoch with the highest validation accuracy; of equals, that with the lowest
            validation loss; of those, the last. Without validation pictures, the last of all.
        best_weights: The weights after that epoch.
    """

    history: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    best_weights: Weights = field(default_factory=dict)

    def add(self, row: Epoch, weights: Weights) -> None:
        """Take in an epoch, and the weights after it if they are the best so far."""
        self.history.append(row)
        if self.best_epoch == 0 or _rank(row) >= _rank(self.history[self.best_epoch - 1]):
            self.best_epoch = row.epoch
            self.best_weights = weights

    def best_model(self, model: Model) -> Model:
        """The model with the best epoch's weights, and that epoch in its provenance."""
        results = self.history[self.best_epoch - 1].to_dict()
        for name in ("images_per_second", "seconds"):  # of the machine, not of the model
            del results[name]
        return replace(
            model,
            network=Network(model.network.graph, self.best_weights),
            provenance={**model.provenance, "results": results},
        )


def train(
    program: Program,
    data: Dataset,
    recipe: Recipe,
    *,
    validation: Dataset | None = None,
    watchers: Sequence[Watcher] = (),
) -> Trained:
    """Train a loaded network.

    Args:
        program: Loaded with the recipe's loss, optimizer and seed; its weights change.
        data: The training pictures.
        recipe: How to train.
        validation: Pictures to judge each epoch by.
        watchers: Told after every step and epoch, in this order.

    Returns:
        The history, and the best weights. The program holds the last ones.

    Raises:
        TrainingDivergedError: As soon as a loss or a weight is not finite; what watchers wrote
            after earlier epochs is as they left it.
    """
    trained = Trained()
    for epoch in range(1, recipe.epochs + 1):
        began = time.perf_counter()
        rate, progress = _train_epoch(program, data, recipe, epoch, watchers)
        loss, accuracy = _judge(program, validation) if validation is not None else (None, None)
        weights = program.weights()
        _check_epoch(weights, loss, epoch, recipe)
        trained.add(
            Epoch(
                epoch=epoch,
                loss=progress.loss,
                accuracy=progress.accuracy,
                validation_loss=loss,
                validation_accuracy=accuracy,
                learning_rate=rate,
                images_per_second=progress.images_per_second,
                seconds=time.perf_counter() - began,
            ),
            weights,
        )
        for watcher in watchers:
            watcher.after_epoch(trained, program)
    return trained


def _train_epoch(
    program: Program, data: Dataset, recipe: Recipe, epoch: int, watchers: Sequence[Watcher]
) -> tuple[float, Progress]:
    """One epoch's steps; the last learning rate, and where it ended."""
    steps = batches_per_epoch(len(data), recipe.batch_size)
    first_step = (epoch - 1) * steps
    began = time.perf_counter()
    seen, loss_sum, correct, rate = 0, 0.0, 0, 0.0
    progress = Progress(epoch, 0, len(data), 0.0, 0.0, 0.0)
    order = batches(len(data), recipe.batch_size, seed=recipe.seed, epoch=epoch - 1)
    for step, batch in enumerate(order, start=first_step):
        factor = recipe.schedule.factor(step, steps, recipe.epochs)
        rate = recipe.learning_rate * factor
        with _diverging_quietly():
            result = program.train_step(data.images[batch], data.labels[batch], rate)
        if not math.isfinite(result.loss):
            place = f"step {step - first_step + 1} of {steps} in epoch {epoch}"
            raise _diverged(
                f"the loss is {result.loss} at {place}, learning rate {rate:.3g}", recipe
            )
        seen += len(batch)
        loss_sum += result.loss * len(batch)
        correct += result.correct
        seconds = max(time.perf_counter() - began, 1e-9)
        progress = Progress(epoch, seen, len(data), loss_sum / seen, correct / seen, seen / seconds)
        for watcher in watchers:
            watcher.after_step(progress)
    return rate, progress


def _check_epoch(weights: Weights, loss: float | None, epoch: int, recipe: Recipe) -> None:
    """Check what the last step's own loss, which is that before its update, does not show."""
    for name, weight in weights.items():
        if not np.isfinite(weight).all():
            raise _diverged(f"weight {name!r} is not finite after epoch {epoch}", recipe)
    if loss is not None and not math.isfinite(loss):
        raise _diverged(f"the validation loss is {loss} after epoch {epoch}", recipe)


def _diverged(what: str, recipe: Recipe) -> TrainingDivergedError:
    peak = recipe.learning_rate
    return TrainingDivergedError(
        f"training diverged: {what}; lower the learning rate, whose peak is {peak:g} "
        f"(--learning-rate {peak / 10:g} say)"
    )


def _diverging_quietly() -> np.errstate:
    """The checks here say in one line what NumPy would say in many warnings."""
    return np.errstate(over="ignore", invalid="ignore")


def _judge(program: Program, data: Dataset) -> tuple[float, float]:
    """Cross-entropy and accuracy on pictures that are not learned."""
    loss, correct = 0.0, 0
    plain = CrossEntropy()  # without the recipe's smoothing and weights, so that runs compare
    for first in range(0, len(data), VALIDATION_BATCH):
        part = slice(first, first + VALIDATION_BATCH)
        labels = data.labels[part]
        with _diverging_quietly():
            logits = program.forward(data.images[part]).astype(np.float64)
            loss += float(plain.per_image(logits, one_hot(labels, logits.shape[1])).sum())
        correct += int((logits.argmax(axis=1) == labels).sum())
    return loss / len(data), correct / len(data)


def _rank(row: Epoch) -> tuple[float, float]:
    """Higher is better; equal for all epochs where nothing was validated."""
    if row.validation_accuracy is None or row.validation_loss is None:
        return 0.0, 0.0
    return row.validation_accuracy, -row.validation_loss
