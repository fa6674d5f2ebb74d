"""One adversarial training from beginning to end, and the run's folder around it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from pellucid.engines import get_engine
from pellucid.engines.ranks import refuse_several
from pellucid.training.adversarial import adversarial_steps, train_adversarial
from pellucid.training.fit import Fitted
from pellucid.training.watching import progress_watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.architectures.generator import Adversaries
    from pellucid.files import Model
    from pellucid.training.fit import Run
    from pellucid.training.recipe import Recipe
    from pellucid.training.result import Watcher


def fit_generator(
    model: Model,
    networks: Adversaries,
    recipe: Recipe,
    images: NDArray[np.uint8],
    engine: str,
    *,
    run: Run | None = None,
    watchers: Sequence[Watcher] = (),
    verbose: int | None = None,
    finish: Callable[[Fitted], object] | None = None,
) -> Fitted:
    """Train a model's generator against its discriminator, and keep the run.

    Args:
        model: The generator, with both networks' first weights.
        networks: Both.
        recipe: How to train.
        images: The real pictures, uint8 (N, H, W, C).
        engine: Who computes.
        run: As :func:`pellucid.training.fit.fit` takes it, like the others.
        watchers: Notified of steps and epochs, after the run's folder.
        verbose: Whether progress is shown.
        finish: Called at last.

    Returns:
        The generator alone: the discriminator is left behind in the run's state.
    """
    refuse_several("a generator learns")
    computing = get_engine(engine)
    program = computing.load(model.network, adversarial_steps(networks, recipe))
    with ExitStack() as stack:
        kept = None if run is None else stack.enter_context(run.opened(model))
        if kept is not None:
            watchers = (kept, *watchers)
        with progress_watcher(verbose, recipe.epochs, watchers) as bar:
            trained = train_adversarial(
                program, images, recipe,
                watchers=watchers if bar is None else [*watchers, bar],
                start=None if kept is None else kept.start,
            )  # fmt: skip
        best = trained.best_model(model)
        fitted = Fitted(best, computing.load(best.network), trained.history, recipe)
        if kept is not None:
            kept.let_signals_act()
        if finish is not None:
            finish(fitted)
    return fitted
