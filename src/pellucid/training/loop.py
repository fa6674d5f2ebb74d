"""The training loop: every picture once an epoch, in batches, each batch a step."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.batches import forward, parts
from pellucid.errors import TrainingDivergedError
from pellucid.tasks import task_of
from pellucid.text import counted
from pellucid.training.batch_loader import BatchLoader
from pellucid.training.batches import check_batch_norms, check_ranks
from pellucid.training.checkpoint import Checkpoint
from pellucid.training.epochs import VALIDATING, Epochs, diverging_quietly
from pellucid.training.recipe import default_learning_rate
from pellucid.training.recovery import GOOD_EVERY
from pellucid.training.result import Progress, TrainingResult, Watcher

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
    world = program.ranks.world
    check_ranks(len(data), recipe.batch_size, world)
    if not any(step.running_statistics for step in program.steps.values()):
        parts = 1 if program.joint_statistics else world
        check_batch_norms(program.graph, len(data), recipe.batch_size, parts)
    return _Pictures(
        program, data, recipe, validation, watchers, start, task or task_of(data.targets)
    ).run()


class _Pictures(Epochs):
    """A training on pictures in progress; it goes back where the loss explodes."""

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
        self._task = task
        ranks = program.ranks
        self._feed = BatchLoader(
            data, recipe, task, rank=ranks.rank, world=ranks.world, ready=program.fetch
        )
        self._validation = validation
        self._judges = validation or data.subset(range(min(len(data), VALIDATION_BATCH)))
        super().__init__(
            program, recipe, watchers, start, steps=self._feed.steps, examples=len(data)
        )
        self._good = self._moment() if start is None else start.good

    # --------------------------------------------------------------------------------------- steps

    def _step(self) -> None:
        tally = self._tally
        if tally.batch == self._recovery.skipping:
            tally.batch += 1
            return
        asked = time.perf_counter()
        images, labels = self._feed.batch(tally.epoch - 1, tally.batch)
        waited = time.perf_counter() - asked
        rate = self._rate() * self._recovery.rate_factor
        with diverging_quietly():
            result = self._program.train_step(images, labels, rate)
        own = self._task.correct(result.answers, labels) or 0
        # Comparable with validation, which has no side outputs.
        loss, mean, correct, count = self._program.ranks.sum(
            [result.loss, result.loss - result.of_sides, own, len(images)]
        )
        if self._recovery.failed(loss):
            at = f"step {tally.batch + 1} of {self._steps} in epoch {tally.epoch}"
            self._go_back(f"the loss is {loss:.4g} at {at}, learning rate {rate:.3g}", tally.batch)
            return
        tally.correct += int(correct)
        tally.waited += waited
        self._count(int(count), mean, rate)
        if tally.batch % GOOD_EVERY == 0:
            self._note_good_state()
        self._report_step()

    def _progress(self, accuracy: float | None = None) -> Progress:
        if self._task.of_one_class:
            accuracy = self._tally.correct / max(self._tally.images, 1)
        return super()._progress(accuracy)

    # ---------------------------------------------------------------------------------- good states

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
            halved = counted(recovery.roll_backs, "time")
            tried = f", halved {halved} in vain" if recovery.roll_backs else ""
            peak = self._recipe.learning_rate
            raise TrainingDivergedError(
                f"training diverged: {what}{tried}; lower the learning rate, whose peak is "
                f"{peak:g}: {_lower(self._recipe)}"
            )
        self._go_to(self._good)
        self._begin()

    # --------------------------------------------------------------------------------- end of epoch

    def _close_epoch(self) -> None:
        """Judge what the epoch brought, and report it; or go back, if it brought nothing usable."""
        epoch = self._tally.epoch
        if not self._tally.images:
            self._go_back(f"no batch of epoch {epoch} has a finite loss")
            return
        raw = self._program.weights()
        self._take_in(raw)
        # The last step's own loss is that before its update, and shows nothing of it.
        if (name := _not_finite(raw)) is not None:
            self._go_back(f"weight {name!r} is not finite after epoch {epoch}")
            return
        judged = self._judged(raw)
        if self._recovery.failed_at_end(judged.loss):
            part = "training" if self._validation is None else "validation"
            self._go_back(f"the {part} loss is {judged.loss:.4g} after epoch {epoch}")
            return
        measures = dict(judged.measures) if self._validation is not None else {}
        self._add_row(
            self._averaged(raw),
            validation_loss=None if self._validation is None else judged.loss,
            validation_accuracy=measures.pop("accuracy", None),
            skipped_batches=self._recovery.skipped,
            roll_backs=self._recovery.rolled_back,
            waited=self._tally.waited,
            measures=measures,
        )
        self._recovery.new_epoch()
        self._good = self._moment()
        self._report_epoch()

    def _judged(self, raw: Weights) -> Judged:
        """The judgement by the validation pictures, of the averaged weights if there are.

        Without such pictures, on some of those that are learned: inference may fail where training
        does not, since batch norms then use their running statistics.
        """
        for watcher in self._steering:
            watcher.doing(VALIDATING)
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


def _judge(
    program: Program,
    data: Dataset,
    stopping: Callable[[], bool],
    task: Task,
    loss: Loss | None = None,
) -> Judged | None:
    """What a network is worth on pictures that are not learned; none if stopped on the way."""
    judge, ranks = task.judge(loss), program.ranks
    batches = list(parts(len(data), VALIDATION_BATCH))
    for first in range(0, len(batches), ranks.world):
        if stopping():
            return None
        # Each rank computes a batch, and all judge all of them: the numbers are those of one.
        own = batches[first + ranks.rank :][:1]
        with diverging_quietly():
            found = [forward(program, data.images[part]) for part in own]
            together = (outputs for each in ranks.gather(found) for outputs in each)
            for part, outputs in zip(batches[first:], together, strict=False):
                judge.add(outputs.astype(np.float64), task.targets(data, part))
    with diverging_quietly():
        return judge.judged()
