"""One training of a captioner from beginning to end, and the run's folder around it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.captions import Captions
from pellucid.engines import get_engine
from pellucid.engines.ranks import refuse_several
from pellucid.errors import ArgumentError
from pellucid.tasks import Captioning
from pellucid.training.captioning import (
    CaptionedFeatures,
    at_start,
    captioning_step,
    train_captioner,
    with_statistics,
)
from pellucid.training.checkpoint import Tally
from pellucid.training.feature_watch import FeatureWatch
from pellucid.training.fit import Fitted
from pellucid.training.watching import progress_watcher
from pellucid.transfer.body import Body
from pellucid.transfer.features import FeatureReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.architectures.captioner import Captioner
    from pellucid.data.dataset import Dataset
    from pellucid.files import Model
    from pellucid.training.fit import Run
    from pellucid.training.recipe import Recipe
    from pellucid.training.result import Watcher
    from pellucid.transfer.feature_cache import FeatureCache


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

    Raises:
        ArgumentError: If the body gives numbers that are not finite.
        TrainingDivergedError: If a loss is no longer finite.
    """
    refuse_several("a captioner learns")
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
            before = at_start(program) if start is None else start
            watch = FeatureWatch(watchers, before, recipe.epochs)
            if start is None:
                watch.keep()  # what is killed while the body looks can be taken up again
            learned = _seen(data, reader, task, watch)
            if start is None or start.now.tally == Tally():  # nothing is learned yet
                program.set_weights(with_statistics(program.weights(), learned.features))
                start = replace(at_start(program), trained=before.trained)
            judged = None if validation is None else _seen(validation, reader, task, watch)
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


def _seen(
    data: Dataset, reader: FeatureReader, task: Captioning, watch: FeatureWatch
) -> CaptionedFeatures:
    """What the body sees in pictures, with their captions."""
    captions = data.targets
    assert isinstance(captions, Captions)
    wanted = task.targets(data, slice(None))
    features = reader.read_maps(data.images, watch)
    if not np.isfinite(features).all():
        raise ArgumentError(
            "the captioner's body gives features that are not finite; take another body"
        )
    return CaptionedFeatures(features, captions, np.asarray(wanted, np.int64))
