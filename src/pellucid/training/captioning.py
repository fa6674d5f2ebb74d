"""Learning to write captions, from what a frozen body sees in pictures.

The network is taught by the right words (Williams and Zipser 1989, *A learning algorithm for
continually running fully recurrent neural networks*: teacher forcing): from the picture and a
caption's words so far it is to answer the next. Each caption of a picture is an example. Epochs are
ranked by BLEU-4 of captions that are written of the validation pictures, word by word.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
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
from pellucid.training.checkpoint import Checkpoint, Moment, Tally, optimizers_of
from pellucid.training.epochs import VALIDATING, Epochs, diverging_quietly
from pellucid.training.recovery import Recovery
from pellucid.training.result import TrainingResult

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
    return _Captions(program, networks, task, data, recipe, validation, watchers, start).run()


class _Captions(Epochs):
    """A captioner's training in progress."""

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
        self._networks, self._task, self._validation = networks, task, validation
        self._features, (self._pictures, self._wanted) = data.features, data.examples()
        count = len(self._wanted)
        steps = batches_per_epoch(count, recipe.batch_size)
        super().__init__(program, recipe, watchers, start, steps=steps, examples=count)

    def _learn_epoch(self) -> None:
        self._order = order(len(self._wanted), seed=self._recipe.seed, epoch=self._tally.epoch - 1)
        super()._learn_epoch()

    def _step(self) -> None:
        tally, recipe, rate = self._tally, self._recipe, self._rate()
        chosen = self._order[batch_places(len(self._wanted), recipe.batch_size, tally.batch)]
        wanted = self._wanted[chosen]
        with diverging_quietly():
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
        self._count(len(chosen), loss, rate)
        self._report_step()

    def _close_epoch(self) -> None:
        loss: float | None = None
        measures: dict[str, float] = {}
        if self._validation is not None:
            loss, measures = self._judged(self._validation)
        self._add_row(self._program.weights(), validation_loss=loss, measures=measures)
        self._report_epoch()

    def _judged(self, pictures: CaptionedFeatures) -> tuple[float, dict[str, float]]:
        """The loss of a word, and BLEU of captions that are written greedily."""
        for watcher in self._steering:
            watcher.doing(VALIDATING)
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

    def _stop_if_asked(self) -> None:
        for keeper in self._keepers:
            if keeper.stopping():
                self._keep(keeper)


def see_places(program: Program, networks: Captioner, features: Array) -> Array:
    """The places of pictures, (N, h, w, P), from what the body sees in them."""
    found = []
    for first in range(0, len(features), SEEN_AT_ONCE):
        some = features[first : first + SEEN_AT_ONCE]
        missing = SEEN_AT_ONCE - len(some)  # batches of one size are compiled once
        feeds = {FEATURES: np.concatenate([some, some[:1].repeat(missing, axis=0)])}
        found.append(program.run(networks.sees, feeds)[PLACES][: len(some)])
    return np.concatenate(found)
