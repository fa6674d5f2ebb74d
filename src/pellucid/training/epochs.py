"""What every training loop does: steps within epochs, what is counted, kept, and reported."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakMethod

import numpy as np

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
from pellucid.training.pausing import rest
from pellucid.training.recovery import Recovery
from pellucid.training.result import Keeper, Progress, Steering, TrainingResult, Underway

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.engines import Program
    from pellucid.graph import Weights
    from pellucid.training.recipe import Recipe
    from pellucid.training.result import Watcher


VALIDATING = "validation"
"""What is done while an epoch is judged."""


class Epochs(ABC):
    """A training in progress.

    Args:
        program: What learns; its weights change.
        recipe: How.
        watchers: Notified after every step and epoch, in this order; those that are a
            :class:`pellucid.training.result.Keeper` also keep the state.
        start: Where to go on; at the beginning, if there is none.
        steps: Batches of an epoch.
        examples: What is learned from in an epoch.

    Attributes:
        trained: What training has come to.

    Raises:
        FileFormatError: If the start is not of such a training.
        ShapeError: If its weights are others.
    """

    def __init__(
        self,
        program: Program,
        recipe: Recipe,
        watchers: Sequence[Watcher],
        start: Checkpoint | None,
        *,
        steps: int,
        examples: int,
    ) -> None:
        self._program, self._recipe, self._watchers = program, recipe, watchers
        self._keepers = [watcher for watcher in watchers if isinstance(watcher, Keeper)]
        self._steering = [watcher for watcher in watchers if isinstance(watcher, Steering)]
        self._steps, self._examples, self._began = steps, examples, 0.0
        self.trained, self._recovery, self._tally = TrainingResult(), Recovery(), Tally()
        if start is not None:
            check_start(start, recipe, steps, examples)
            self.trained, self._recovery = start.trained, start.recovery
        weights = program.weights() if start is None else start.now.weights
        self._average = MovingAverage(recipe.ema, weights) if recipe.ema else None
        if start is not None:
            self._go_to(start.now)

    def run(self) -> TrainingResult:
        """Train to the end of the last epoch, or until patience is over."""
        self._begin()
        while not self._finished:
            self._learn_epoch()
            self._close_epoch()
        return self.trained

    def _begin(self) -> None:
        """Notify those who look on from where training goes on."""
        # by a weak reference, so that the program and the pictures do not outlive the training
        weights = WeakMethod(self._answering_weights)
        underway = Underway(self._recipe.epochs, self._progress(), lambda: _called(weights))
        for watcher in self._steering:
            watcher.begin(underway)

    @property
    def _finished(self) -> bool:
        done, patience = len(self.trained.history), self._recipe.patience
        if done >= self._recipe.epochs:
            return True
        return patience is not None and done - self.trained.best_epoch >= patience

    def _learn_epoch(self) -> None:
        """All steps of the epoch that are not done."""
        self._began = time.perf_counter() - self._tally.seconds
        while self._tally.batch < self._steps:
            self._began += rest(self._keepers, self._steering, self._keep, self._change_rate)
            self._step()

    @abstractmethod
    def _step(self) -> None:
        """Learn the next batch, and count it by :meth:`_count`."""

    @abstractmethod
    def _close_epoch(self) -> None:
        """Judge what the epoch brought, and report it."""

    # --------------------------------------------------------------------------------------- steps

    def _rate(self) -> float:
        """The learning rate of the next step."""
        tally, recipe = self._tally, self._recipe
        planned = recipe.learning_rate * recipe.factor(tally.epoch, tally.batch, self._steps)
        return planned * self.trained.rate_factor(tally.epoch, tally.batch)

    def _change_rate(self) -> None:
        """Take in how the learning rate is to be changed from the next step on."""
        for watcher in self._steering:
            factor = watcher.factor()
            if factor is not None:
                self.trained.change_rate(self._tally.epoch, self._tally.batch, factor)

    def _count(self, examples: int, loss: float, rate: float) -> None:
        """Count a step whose loss is the mean of some examples."""
        tally = self._tally
        tally.batch += 1
        tally.images += examples
        tally.loss_sum += loss * examples
        tally.rate = rate
        tally.seconds = max(time.perf_counter() - self._began, 1e-9)
        if self._average is not None:
            self._average.count()
            if self._average.due:
                self._take_in(self._program.weights())

    def _take_in(self, weights: Weights) -> None:
        """Move the average, if there is one."""
        if self._average is not None:
            with diverging_quietly():
                self._average.take_in(weights)

    def _averaged(self, weights: Weights) -> Weights:
        """The average; without one, the weights themselves."""
        return weights if self._average is None else self._average.weights()

    def _answering_weights(self) -> Weights:
        """Copies of the weights that would answer now, as this process has them."""
        return self._program.own_weights() if self._average is None else self._average.weights()

    def _report_step(self) -> None:
        progress = self._progress()
        for watcher in self._watchers:
            watcher.after_step(progress)

    def _progress(self, accuracy: float | None = None) -> Progress:
        tally = self._tally
        over = tally.epoch > self._recipe.epochs  # the next epoch will not be learned
        return Progress(
            tally.epoch - over,
            self._examples if over else tally.images,
            self._examples,
            tally.loss_sum / max(tally.images, 1),
            accuracy,
            tally.images / max(tally.seconds, 1e-9),
            step=self._recipe.step(tally.epoch, tally.batch, self._steps),
            rate=tally.rate,
            rate_factor=self.trained.rate_factor(tally.epoch, max(tally.batch - 1, 0)),
        )

    # --------------------------------------------------------------------------------- end of epoch

    def _add_row(self, weights: Weights, **measured: Any) -> None:
        """Take in the epoch, and begin the next.

        Args:
            weights: After the epoch, averaged if they are.
            **measured: Fields of its :class:`~pellucid.training.history.Epoch` besides those that
                are counted here.
        """
        progress = self._progress()
        row = {
            "epoch": progress.epoch,
            "loss": progress.loss,
            "accuracy": progress.accuracy,
            "validation_loss": None,
            "validation_accuracy": None,
            "learning_rate": self._tally.rate,
            "images_per_second": progress.images_per_second,
            "seconds": time.perf_counter() - self._began,
        }
        self.trained.add(Epoch(**{**row, **measured}), weights)
        self._tally = Tally(epoch=progress.epoch + 1)

    def _report_epoch(self) -> None:
        for watcher in self._watchers:
            watcher.after_epoch(self.trained, self._program)
            if isinstance(watcher, Keeper):
                watcher.keep(self._checkpoint())

    # ---------------------------------------------------------------------------------- keeping it

    def _moment(self) -> Moment:
        average = self._average
        return Moment(
            replace(self._tally),
            self._program.weights(),
            optimizers_of(self._program),
            None if average is None else average.weights(),
            () if average is None else average.counters(),
        )

    def _go_to(self, moment: Moment) -> None:
        self._tally = replace(moment.tally)
        restore(self._program, moment)
        if self._average is not None and moment.average is not None:
            self._average.restore(moment.average, moment.counters)

    def _checkpoint(self) -> Checkpoint:
        now = self._moment()
        return Checkpoint(now, now, self._recovery, self.trained)

    def _keep(self, keeper: Keeper) -> None:
        checkpoint = self._checkpoint()
        keeper.keep(checkpoint)
        if keeper.stopping():
            keeper.stop(checkpoint)


def _called(method: WeakMethod[Callable[[], Weights]]) -> Weights:
    found = method()
    assert found is not None  # asked while training
    return found()


def diverging_quietly() -> np.errstate:
    """The checks of losses say in one line what NumPy would say in many warnings."""
    return np.errstate(over="ignore", invalid="ignore")
