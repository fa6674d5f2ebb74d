"""The training loop: every picture once an epoch, in batches, each batch a step."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.batches import forward
from pellucid.errors import TrainingDivergedError
from pellucid.tasks import task_of
from pellucid.training.batch_loader import BatchLoader
from pellucid.training.batches import check_batch_norms
from pellucid.training.checkpoint import (
    Checkpoint,
    Moment,
    Tally,
    check_start,
    optimizers_of,
    restore,
)
from pellucid.training.ema import MovingAverage
from pellucid.training.history import Epoch
from pellucid.training.recipe import default_learning_rate
from pellucid.training.recovery import GOOD_EVERY, Recovery
from pellucid.training.result import Keeper, Progress, TrainingResult, Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program
    from pellucid.graph import Weights
    from pellucid.ops.loss import Loss
    from pellucid.tasks import Judged, Task
    from pellucid.training.recipe import Recipe

__all__ = ["Progress", "TrainingResult", "Watcher", "train"]

VALIDATION_BATCH = 256


def train(
    program: Program,
    data: Dataset,
    recipe: Recipe,
    *,
    validation: Dataset | None = None,
    watchers: Sequence[Watcher] = (),
    start: Checkpoint | None = None,
    task: Task | None = None,
) -> TrainingResult:
    """Train a loaded network.

    Args:
        program: Loaded with the recipe's loss, optimizer and seed; its weights change.
        data: The training pictures.
        recipe: How to train.
        validation: Pictures to judge each epoch by.
        watchers: Notified after every step and epoch, in this order. Those that are a
            :class:`pellucid.training.result.Keeper` also keep the state.
        start: Where to go on; at the beginning, if there is none.
        task: What is learned; none: what the data are for.

    Returns:
        The history, and the best weights. The program holds the last ones, not averaged.

    Raises:
        TrainingDivergedError: If a loss or a weight is not finite, or the loss explodes, and
            neither leaving out the batch nor halving the learning rate helps; what watchers wrote
            after earlier epochs is as they left it.
        ArgumentError: If a batch norm gets one value per channel only.
        ShapeError: If the start is not this network's.
    """
    if not any(step.running_statistics for step in program.steps.values()):
        check_batch_norms(program.graph, len(data), recipe.batch_size)
    run = _Run(program, data, recipe, validation, watchers, start, task or task_of(data.targets))
    while not run.finished:
        run.learn_epoch()
        run.close_epoch()
    return run.trained


class _Run:
    """A training on its way."""

    def __init__(
        self,
        program: Program,
        data: Dataset,
        recipe: Recipe,
        validation: Dataset | None,
        watchers: Sequence[Watcher],
        start: Checkpoint | None,
        task: Task,
    ) -> None:
        self._program = program
        self._task = task
        self._feed = BatchLoader(data, recipe, task)
        self._pictures = len(data)
        self._recipe = recipe
        self._validation = validation
        self._judges = validation or data.subset(range(min(len(data), VALIDATION_BATCH)))
        self._watchers = watchers
        self._keepers = [watcher for watcher in watchers if isinstance(watcher, Keeper)]
        self._began = 0.0
        if start is None:
            self.trained = TrainingResult()
            self._recovery = Recovery()
            self._tally = Tally()
            self._average = MovingAverage(recipe.ema, program.weights()) if recipe.ema else None
            self._good = self._moment()
        else:
            check_start(start, recipe, self._feed.steps, len(data))
            self.trained = start.trained
            self._recovery = start.recovery
            self._average = MovingAverage(recipe.ema, start.now.weights) if recipe.ema else None
            self._go_to(start.now)
            self._good = start.good

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to learn."""
        history, patience = self.trained.history, self._recipe.patience
        if len(history) >= self._recipe.epochs:
            return True
        return patience is not None and len(history) - self.trained.best_epoch >= patience

    # --------------------------------------------------------------------------------------- steps

    def learn_epoch(self) -> None:
        """All steps of the epoch that are not done."""
        self._began = time.perf_counter() - self._tally.seconds
        while self._tally.batch < self._feed.steps:
            for keeper in self._keepers:
                if keeper.due():
                    self._keep(keeper)
            if self._tally.batch == self._recovery.skipping:
                self._tally.batch += 1
            else:
                self._step()

    def _step(self) -> None:
        tally, recipe, steps = self._tally, self._recipe, self._feed.steps
        asked = time.perf_counter()
        images, labels = self._feed.batch(tally.epoch - 1, tally.batch)
        waited = time.perf_counter() - asked
        factor = recipe.factor(tally.epoch, tally.batch, steps)
        rate = recipe.learning_rate * factor * self._recovery.rate_factor
        with _diverging_quietly():
            result = self._program.train_step(images, labels, rate)
        if self._recovery.failed(result.loss):
            at = f"step {tally.batch + 1} of {steps} in epoch {tally.epoch}"
            self._go_back(
                f"the loss is {result.loss:.4g} at {at}, learning rate {rate:.3g}", tally.batch
            )
            return
        tally.batch += 1
        tally.images += len(images)
        # Comparable with validation, which has no side outputs.
        tally.loss_sum += (result.loss - result.of_sides) * len(images)
        tally.correct += self._task.correct(result.answers, labels) or 0
        tally.rate = rate
        tally.waited += waited
        tally.seconds = max(time.perf_counter() - self._began, 1e-9)
        if self._average is not None:
            self._average.count()
            if self._average.due:
                with _diverging_quietly():
                    self._average.take_in(self._program.weights())
        if tally.batch % GOOD_EVERY == 0:
            self._note_good_state()
        progress = self._progress()
        for watcher in self._watchers:
            watcher.after_step(progress)

    def _progress(self) -> Progress:
        tally = self._tally
        return Progress(
            tally.epoch,
            tally.images,
            self._pictures,
            tally.loss_sum / tally.images,
            tally.correct / tally.images if self._task.of_one_class else None,
            tally.images / tally.seconds,
        )

    # ---------------------------------------------------------------------------------- good states

    def _moment(self) -> Moment:
        average = self._average
        return Moment(
            dataclasses.replace(self._tally),
            self._program.weights(),
            optimizers_of(self._program),
            None if average is None else average.weights(),
            () if average is None else average.counters(),
        )

    def _go_to(self, moment: Moment) -> None:
        self._tally = dataclasses.replace(moment.tally)
        restore(self._program, moment)
        if self._average is not None and moment.average is not None:
            self._average.restore(moment.average, moment.counters)

    def _note_good_state(self) -> None:
        before, now = self._good.tally, self._tally
        images = now.images - before.images
        if images and not self._recovery.is_good((now.loss_sum - before.loss_sum) / images):
            return
        moment = self._moment()
        if _not_finite(moment.weights) is None:
            self._good = moment
            self._recovery.new_good_state(now.batch)

    def _go_back(self, what: str, batch: int | None = None) -> None:
        """Go back to the last good state, or give up.

        Args:
            what: What went wrong, for the message.
            batch: The one whose loss it was, if it was one's.
        """
        recovery = self._recovery
        if not recovery.decide(batch):
            tried = f", halved {recovery.roll_backs} times in vain" if recovery.roll_backs else ""
            peak = self._recipe.learning_rate
            raise TrainingDivergedError(
                f"training diverged: {what}{tried}; lower the learning rate, whose peak is "
                f"{peak:g}: {_lower(self._recipe)}"
            )
        self._go_to(self._good)

    # --------------------------------------------------------------------------------- end of epoch

    def close_epoch(self) -> None:
        """Judge what the epoch brought, and report it; or go back, if it brought nothing usable."""
        epoch = self._tally.epoch
        if not self._tally.images:
            self._go_back(f"no batch of epoch {epoch} has a finite loss")
            return
        raw = self._program.weights()
        if self._average is not None:
            with _diverging_quietly():
                self._average.take_in(raw)
        # The last step's own loss is that before its update, and shows nothing of it.
        if (name := _not_finite(raw)) is not None:
            self._go_back(f"weight {name!r} is not finite after epoch {epoch}")
            return
        judged = self._judged(raw)
        if self._recovery.failed_at_end(judged.loss):
            part = "training" if self._validation is None else "validation"
            self._go_back(f"the {part} loss is {judged.loss:.4g} after epoch {epoch}")
            return
        self._add_row(raw, None if self._validation is None else judged)
        for watcher in self._watchers:
            watcher.after_epoch(self.trained, self._program)
            if isinstance(watcher, Keeper):
                watcher.keep(self._checkpoint())

    def _add_row(self, raw: Weights, judged: Judged | None) -> None:
        tally, recovery, progress = self._tally, self._recovery, self._progress()
        measures = {} if judged is None else dict(judged.measures)
        row = Epoch(
            epoch=tally.epoch,
            loss=progress.loss,
            accuracy=progress.accuracy,
            validation_loss=None if judged is None else judged.loss,
            validation_accuracy=measures.pop("accuracy", None),
            learning_rate=tally.rate,
            images_per_second=progress.images_per_second,
            seconds=time.perf_counter() - self._began,
            skipped_batches=recovery.skipped,
            roll_backs=recovery.rolled_back,
            waited=tally.waited,
            measures=measures,
        )
        self.trained.add(row, raw if self._average is None else self._average.weights())
        recovery.new_epoch()
        self._tally = Tally(epoch=tally.epoch + 1)
        self._good = self._moment()

    def _judged(self, raw: Weights) -> Judged:
        """The judgement by the validation pictures, of the averaged weights if there are.

        Without such pictures, on some of those that are learned: inference may fail where training
        does not, since batch norms then use their running statistics.
        """
        if self._average is not None:
            self._program.set_weights(self._average.weights())
        try:
            judged = _judge(
                self._program,
                self._judges,
                self._stopping,
                self._task,
                self._recipe.loss,
            )
        finally:
            if self._average is not None:
                self._program.set_weights(raw)
        if judged is None:
            for keeper in self._keepers:
                self._keep(keeper)
        assert judged is not None  # a keeper that wanted to stop has raised
        return judged

    # ---------------------------------------------------------------------------------- keeping it

    def _checkpoint(self) -> Checkpoint:
        between = self._tally.batch == 0 and self._good.tally == self._tally
        now = self._good if between else self._moment()
        return Checkpoint(now, self._good, self._recovery, self.trained)

    def _keep(self, keeper: Keeper) -> None:
        checkpoint = self._checkpoint()
        keeper.keep(checkpoint)
        if keeper.stopping():
            keeper.stop(checkpoint)

    def _stopping(self) -> bool:
        return any(keeper.stopping() for keeper in self._keepers)


def _lower(recipe: Recipe) -> str:
    """Advice to take a lower learning rate: the default, where that is much lower."""
    default = default_learning_rate(recipe.optimizer.kind, recipe.batch_size)
    if default < recipe.learning_rate / 3:
        return "leave --learning-rate out for the default"
    return f"--learning-rate {recipe.learning_rate / 10:.2g}"


def _not_finite(weights: Weights) -> str | None:
    """The name of the first weight that is not finite; none if all are."""
    for name, weight in weights.items():
        if not np.isfinite(weight).all():
            return name
    return None


def _diverging_quietly() -> np.errstate:
    """The checks here say in one line what NumPy would say in many warnings."""
    return np.errstate(over="ignore", invalid="ignore")


def _judge(
    program: Program,
    data: Dataset,
    stopping: Callable[[], bool],
    task: Task,
    loss: Loss | None = None,
) -> Judged | None:
    """What a network is worth on pictures that are not learned; none if stopped on the way."""
    judge = task.judge(loss)
    for first in range(0, len(data), VALIDATION_BATCH):
        if stopping():
            return None
        part = slice(first, first + VALIDATION_BATCH)
        with _diverging_quietly():
            outputs = forward(program, data.images[part]).astype(np.float64)
            judge.add(outputs, task.targets(data, part))
    with _diverging_quietly():
        return judge.judged()
