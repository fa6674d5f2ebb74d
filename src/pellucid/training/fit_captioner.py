"""One training of a captioner from beginning to end, and the run's folder around it."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.captions import Captions
from pellucid.engines import get_engine
from pellucid.tasks import Captioning
from pellucid.training.captioning import (
    CaptionedFeatures,
    at_start,
    captioning_step,
    train_captioner,
    with_statistics,
)
from pellucid.training.checkpoint import Tally
from pellucid.training.fit import Fitted
from pellucid.training.result import Keeper, Progress
from pellucid.training.watching import progress_watcher
from pellucid.transfer.body import Body
from pellucid.transfer.features import FeatureReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.architectures.captioner import Captioner
    from pellucid.data.dataset import Dataset
    from pellucid.files import Model
    from pellucid.training.checkpoint import Checkpoint
    from pellucid.training.fit import Run
    from pellucid.training.recipe import Recipe
    from pellucid.training.result import Watcher
    from pellucid.transfer.feature_cache import FeatureCache

FEATURES = "features"
"""What is done while the body looks at pictures."""


def fit_captioner(
    model: Model,
    networks: Captioner,
    recipe: Recipe,
    data: Dataset,
    validation: Dataset | None,
    engine: str,
    *,
    cache: FeatureCache | None = None,
    run: Run | None = None,
    watchers: Sequence[Watcher] = (),
    verbose: int | None = None,
    finish: Callable[[Fitted], object] | None = None,
) -> Fitted:
    """Train what lies behind a captioner's body, and keep the run.

    Args:
        model: The captioner with its first weights.
        networks: Its graphs.
        recipe: How to train.
        data: The pictures with captions to learn from.
        validation: Those to judge every epoch by.
        engine: Who computes.
        cache: Where features of pictures are kept; none: nowhere.
        run: As :func:`pellucid.training.fit.fit` takes it, like the others.
        watchers: Notified of steps and epochs, after the run's folder.
        verbose: Whether progress is shown.
        finish: Called at last.
    """
    computing = get_engine(engine)
    task = model.task
    assert isinstance(task, Captioning)
    program = computing.load(model.network, captioning_step(networks, recipe))
    with ExitStack() as stack:
        kept = None if run is None else stack.enter_context(run.opened(model))
        if kept is not None:
            watchers = (kept, *watchers)
        with progress_watcher(verbose, recipe.epochs, watchers) as bar:
            watchers = watchers if bar is None else [*watchers, bar]
            body = Body(model.network.part(networks.body), model.preprocessing, "", "")
            reader = FeatureReader(body, computing, cache)
            start = None if kept is None else kept.start
            telling = _Telling(watchers, at_start(program) if start is None else start)
            if start is None:
                telling.keep()  # what is killed while the body looks can be taken up again
            learned = _seen(data, reader, task, telling)
            if start is None or start.now.tally == Tally():  # nothing is learned yet
                program.set_weights(with_statistics(program.weights(), learned.features))
                start = None
            judged = None if validation is None else _seen(validation, reader, task, telling)
            trained = train_captioner(
                program, networks, task, learned, recipe,
                validation=judged,
                watchers=watchers,
                start=start,
            )  # fmt: skip
        best = trained.best_model(model)
        fitted = Fitted(best, computing.load(best.network), trained.history, recipe)
        if kept is not None:
            kept.let_signals_act()
        if finish is not None:
            finish(fitted)
    return fitted


class _Telling:
    """Notifies watchers how far the features are, and lets keepers stop the training."""

    def __init__(self, watchers: Sequence[Watcher], start: Checkpoint) -> None:
        self._watchers, self._start = watchers, start
        self._began = time.perf_counter()

    def keep(self) -> None:
        """Let keepers keep the state before anything is learned."""
        for watcher in self._watchers:
            if isinstance(watcher, Keeper):
                watcher.keep(self._start)

    def __call__(self, done: int, of: int) -> None:
        rate = done / max(time.perf_counter() - self._began, 1e-9)
        for watcher in self._watchers:
            if of:
                watcher.after_step(Progress(1, done, of, 0.0, None, rate, FEATURES))
            if isinstance(watcher, Keeper) and watcher.stopping():
                watcher.keep(self._start)
                watcher.stop(self._start)


def _seen(
    data: Dataset, reader: FeatureReader, task: Captioning, telling: _Telling
) -> CaptionedFeatures:
    """What the body sees in pictures, with their captions."""
    captions = data.targets
    assert isinstance(captions, Captions)
    wanted = task.targets(data, slice(None))
    features = reader.read_maps(data.images, telling)
    return CaptionedFeatures(features, captions, np.asarray(wanted, np.int64))
