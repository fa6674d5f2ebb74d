"""Learning to write captions, from what a frozen body sees in pictures.

The network is taught by the right words (Williams and Zipser 1989, *A learning algorithm for
continually running fully recurrent neural networks*: teacher forcing): from the picture and a
caption's words so far it is to answer the next. Each caption of a picture is an example. Epochs are
ranked by BLEU-4 of captions that are written of the validation pictures, word by word.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.architectures.captioner import (
    FEATURES,
    LOGITS,
    PLACES,
    STANDARD,
    WORDS,
    WORDS_GRAPH,
)
from pellucid.engines.step import LOSS, TARGETS, Step, with_loss
from pellucid.errors import TrainingDivergedError
from pellucid.metrics.bleu import bleu, overlaps
from pellucid.short_repr import short_repr
from pellucid.tasks.caption_search import log_likelihoods, write_captions
from pellucid.tasks.captioning import NOT_COUNTED, beginnings
from pellucid.training.batches import batch_places, batches_per_epoch, order
from pellucid.training.checkpoint import (
    Checkpoint,
    Moment,
    Tally,
    check_start,
    optimizers_of,
    restore,
)
from pellucid.training.history import Epoch
from pellucid.training.recovery import Recovery
from pellucid.training.result import Keeper, Progress, TrainingResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.architectures.captioner import Captioner
    from pellucid.data.captions import Captions
    from pellucid.engines import Program
    from pellucid.graph import Weights
    from pellucid.ops.operation import Array
    from pellucid.tasks import Captioning
    from pellucid.training.recipe import Recipe
    from pellucid.training.result import Watcher

SEEN_AT_ONCE = 16
"""Pictures whose places are computed together."""

MOST_JUDGED = 200
"""Validation pictures that captions are written of, at most."""


@short_repr
@dataclass(frozen=True, eq=False)
class CaptionedFeatures:
    """What a body sees in pictures, and their captions.

    Attributes:
        features: Of each picture, float32 (N, h, w, C).
        captions: Of each picture.
        wanted: The words and the end of each caption, int64 (N, M, T), −1 where there is nothing.
    """

    features: Array
    captions: Captions
    wanted: NDArray[np.int64]

    def examples(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The picture of each caption, (E,), and its words, (E, T)."""
        pictures, at = np.nonzero((self.wanted != NOT_COUNTED).any(axis=2))
        return pictures, self.wanted[pictures, at]


def captioning_step(networks: Captioner, recipe: Recipe) -> Step:
    """How a captioner learns: all that lies behind the body's map."""
    graph = with_loss(networks.learns, recipe.loss, of=LOGITS)
    return Step(graph, recipe.optimizer, running_statistics=("*",), seed=recipe.seed)


def with_statistics(weights: Weights, features: Array) -> Weights:
    """First weights with the mean and the variance of each channel of what the body sees.

    Args:
        weights: By full name.
        features: Of the pictures that are learned from, (N, h, w, C).
    """
    rows = features.reshape(-1, features.shape[-1])
    mean = rows.mean(axis=0, dtype=np.float64)
    variance = rows.var(axis=0, dtype=np.float64)
    found = {f"{STANDARD}.mean": mean, f"{STANDARD}.variance": np.maximum(variance, 1e-6)}
    return {**weights, **{name: each.astype(np.float32) for name, each in found.items()}}


def at_start(program: Program) -> Checkpoint:
    """The state before anything is learned."""
    now = Moment(Tally(), program.weights(), optimizers_of(program))
    return Checkpoint(now, now, Recovery(), TrainingResult())


def train_captioner(
    program: Program,
    networks: Captioner,
    task: Captioning,
    data: CaptionedFeatures,
    recipe: Recipe,
    *,
    validation: CaptionedFeatures | None = None,
    watchers: Sequence[Watcher] = (),
    start: Checkpoint | None = None,
) -> TrainingResult:
    """Train a captioner on a frozen body.

    Args:
        program: Loaded with :func:`captioning_step`; its weights change.
        networks: The graphs.
        task: What is learned.
        data: What is learned from.
        recipe: Learning rate, schedule, epochs, captions a step, seed and patience.
        validation: What each epoch is judged by; none: the last epoch counts.
        watchers: As :func:`pellucid.training.train` takes them.
        start: Where to go on; at the beginning, if there is none.

    Returns:
        A row an epoch, whose loss is the mean of its steps in nats, weighted by their captions; a
        step's is the mean over its words. And the best weights.

    Raises:
        TrainingDivergedError: If a loss is no longer finite.
        FileFormatError: If the start is not of such a training.
    """
    run = _Run(program, networks, task, data, recipe, validation, watchers, start)
    while not run.finished:
        run.learn_epoch()
        run.close_epoch()
    return run.trained


class _Run:
    """A training in progress."""

    def __init__(
        self,
        program: Program,
        networks: Captioner,
        task: Captioning,
        data: CaptionedFeatures,
        recipe: Recipe,
        validation: CaptionedFeatures | None,
        watchers: Sequence[Watcher],
        start: Checkpoint | None,
    ) -> None:
        self._program, self._networks, self._task = program, networks, task
        self._features, self._recipe, self._watchers = data.features, recipe, watchers
        self._validation = validation
        self._pictures, self._wanted = data.examples()
        self._keepers = [watcher for watcher in watchers if isinstance(watcher, Keeper)]
        self._steps = batches_per_epoch(len(self._wanted), recipe.batch_size)
        self._began = 0.0
        if start is None:
            self.trained, self._tally = TrainingResult(), Tally()
        else:
            check_start(start, recipe, self._steps, len(self._wanted))
            self.trained, self._tally = start.trained, replace(start.now.tally)
            restore(program, start.now)

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to learn."""
        done, patience = len(self.trained.history), self._recipe.patience
        if done >= self._recipe.epochs:
            return True
        return patience is not None and done - self.trained.best_epoch >= patience

    def learn_epoch(self) -> None:
        """All steps of the epoch that are not done."""
        tally = self._tally
        self._began = time.perf_counter() - tally.seconds
        shuffled = order(len(self._wanted), seed=self._recipe.seed, epoch=tally.epoch - 1)
        while tally.batch < self._steps:
            for keeper in self._keepers:
                if keeper.due():
                    self._keep(keeper)
            places = batch_places(len(self._wanted), self._recipe.batch_size, tally.batch)
            self._learn(shuffled[places])

    def _learn(self, chosen: NDArray[np.int64]) -> None:
        tally, recipe = self._tally, self._recipe
        rate = recipe.learning_rate * recipe.factor(tally.epoch, tally.batch, self._steps)
        wanted = self._wanted[chosen]
        with np.errstate(over="ignore", invalid="ignore"):
            found = self._program.step(
                {
                    FEATURES: self._features[self._pictures[chosen]],
                    WORDS: beginnings(wanted),
                    TARGETS: wanted,
                },
                rate,
            )
        loss = float(found[LOSS])
        if not math.isfinite(loss):
            raise TrainingDivergedError(
                f"training diverged: the loss is {loss:.4g} at step {tally.batch + 1} of "
                f"{self._steps} in epoch {tally.epoch}; lower the learning rate, which is "
                f"{recipe.learning_rate:g}"
            )
        tally.batch += 1
        tally.images += len(chosen)
        tally.loss_sum += loss * len(chosen)
        tally.rate = rate
        tally.seconds = max(time.perf_counter() - self._began, 1e-9)
        progress = self._progress()
        for watcher in self._watchers:
            watcher.after_step(progress)

    def _progress(self) -> Progress:
        tally = self._tally
        mean, speed = tally.loss_sum / tally.images, tally.images / tally.seconds
        return Progress(tally.epoch, tally.images, len(self._wanted), mean, None, speed)

    def close_epoch(self) -> None:
        """Judge what the epoch brought, and report it."""
        tally, progress = self._tally, self._progress()
        loss: float | None = None
        measures: dict[str, float] = {}
        if self._validation is not None:
            loss, measures = self._judged(self._validation)
        row = Epoch(
            epoch=tally.epoch,
            loss=progress.loss,
            accuracy=None,
            validation_loss=loss,
            validation_accuracy=None,
            learning_rate=tally.rate,
            images_per_second=progress.images_per_second,
            seconds=time.perf_counter() - self._began,
            measures=measures,
        )
        self.trained.add(row, self._program.weights())
        self._tally = Tally(epoch=tally.epoch + 1)
        for watcher in self._watchers:
            watcher.after_epoch(self.trained, self._program)
            if isinstance(watcher, Keeper):
                watcher.keep(self._checkpoint())

    def _judged(self, pictures: CaptionedFeatures) -> tuple[float, dict[str, float]]:
        """The loss of a word, and BLEU of captions that are written greedily."""
        graph = self._networks.network.graphs[WORDS_GRAPH]
        places = see_places(self._program, self._networks, pictures.features)
        at, wanted = pictures.examples()
        likely = log_likelihoods(self._program, graph, places[at], wanted)
        self._stop_if_asked()
        written = write_captions(self._program, graph, self._task, places[:MOST_JUDGED], beam=1)
        self._stop_if_asked()
        found = overlaps(
            [each.words for each in written],
            [pictures.captions.words(i) for i in range(len(written))],
        )
        measures = {"bleu4": bleu(found), "bleu1": bleu(found, 1)}
        return float(-likely.sum() / (wanted != NOT_COUNTED).sum()), measures

    def _checkpoint(self) -> Checkpoint:
        program = self._program
        now = Moment(replace(self._tally), program.weights(), optimizers_of(program))
        return Checkpoint(now, now, Recovery(), self.trained)

    def _stop_if_asked(self) -> None:
        for keeper in self._keepers:
            if keeper.stopping():
                self._keep(keeper)

    def _keep(self, keeper: Keeper) -> None:
        checkpoint = self._checkpoint()
        keeper.keep(checkpoint)
        if keeper.stopping():
            keeper.stop(checkpoint)


def see_places(program: Program, networks: Captioner, features: Array) -> Array:
    """The places of pictures, (N, h, w, P), from what the body sees in them."""
    found = []
    for first in range(0, len(features), SEEN_AT_ONCE):
        some = features[first : first + SEEN_AT_ONCE]
        missing = SEEN_AT_ONCE - len(some)  # batches of one size are compiled once
        feeds = {FEATURES: np.concatenate([some, some[:1].repeat(missing, axis=0)])}
        found.append(program.run(networks.sees, feeds)[PLACES][: len(some)])
    return np.concatenate(found)
