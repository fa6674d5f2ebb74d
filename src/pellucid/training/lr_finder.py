"""Which learning rate suits: train with rates that rise step by step, and watch the loss.

Smith 2017, *Cyclical learning rates for training neural networks*, section 3.3. Rates rise
exponentially over a hundred steps. At low ones nothing happens; then the loss falls; then it rises
or explodes. Smith takes the rate at which the loss stops falling as the peak of a cycle, and so is
it here: a training's learning rate is the peak of its schedule.

The losses of single batches jump, and first weights differ; so this is done with several seeds,
and the mean of the losses' logarithms over seeds counts. At each step a straight line is fitted to
it by least squares in a window around the step; the line's value there is the smoothed loss. The
suggestion is the first rate at which nearly the whole fall is done.

There is no doubt of it if the fall is far more than chance makes, if leaving out any one seed gives
nearly the same rate, and if it is not far from the default rate. Still, such a sweep cannot tell
rates within a factor of about three apart. So the rate that it found and the default are both
tried, each with a short training from the same start for every seed; the default is suggested
unless the other gives the lower loss with each of them.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid import checks
from pellucid.errors import ArgumentError, TrainingDivergedError
from pellucid.graph import classifier_weights
from pellucid.text import counted
from pellucid.training.batch_loader import BatchLoader
from pellucid.training.batches import check_batch_norms
from pellucid.training.rate_curve import WINDOW, RateCurve, curve
from pellucid.training.trial import short_training

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program
    from pellucid.training.recipe import Recipe

LOWEST, HIGHEST, STEPS = 1e-5, 10.0, 100

SEEDS = 3
"""How often the search is done, each time with other first weights and another order."""

EXPLODED = 4.0
"""A search stops when the running loss is this many times its lowest, and ..."""

ABOVE_FIRST = 1.5
"""... this many times the first: a network that has learned its few pictures has low losses."""

MEMORY = 0.8
"""How much of the running loss stays from step to step."""


def find_learning_rate(
    program: Program,
    data: Dataset,
    recipe: Recipe,
    *,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
    steps: int = STEPS,
    seeds: int = SEEDS,
    default: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RateCurve:
    """Try learning rates on a network, and leave it as it was.

    Args:
        program: Loaded with the recipe's loss, optimizer and seed, best untrained. Its weights and
            its optimizer's state are put back at the end, however that comes.
        data: The training pictures.
        recipe: Batch size, seed and augmentation are taken from it.
        lowest: The first rate, 1e-10 or more.
        highest: The last, more than ``lowest`` and at most 1e4.
        steps: How many rates are tried, 20 to 10 000.
        seeds: How often, 1 to 100: first with the program's weights and the recipe's order, then
            with other first weights and another order each time.
        default: The rate that training takes where none is given, to compare with.
        progress: Called with the number of steps taken, and of all, after each; steps that turn
            out not to be needed count as taken.

    Raises:
        ArgumentError: If a setting is out of range.
        TrainingDivergedError: If the loss explodes before a window of steps is taken.
    """
    check_search(lowest, highest, steps, seeds)
    check_batch_norms(program.graph, len(data), recipe.batch_size)
    rates = np.geomspace(lowest, highest, steps)
    planned = seeds * steps * (1 if default is None else 3)
    weights, state = program.weights(), program.state()
    search = _Search(program, data, recipe, seeds, progress, planned)
    try:
        found = search.sweep(rates, default)
        if default is not None and found.doubt is None and found.end_of_fall is not None:
            tried = {rate: search.try_out(rate, steps) for rate in (found.end_of_fall, default)}
            found = replace(found, tried=tried)
    finally:
        program.set_weights(weights)
        program.set_state(state)
    search.finish()
    return found


class _Search:
    """Trainings with several seeds, each from a start of its own."""

    def __init__(
        self,
        program: Program,
        data: Dataset,
        recipe: Recipe,
        seeds: int,
        progress: Callable[[int, int], None] | None,
        planned: int,
    ) -> None:
        self._program = program
        self._data = data
        self._recipe = recipe
        self._seeds = seeds
        self._progress = progress
        self._taken, self._planned = 0, planned
        self._weights, self._state = program.weights(), program.state()

    def sweep(self, rates: NDArray[np.float64], default: float | None) -> RateCurve:
        """The losses at rising rates."""
        runs = []
        for number, recipe in enumerate(self._starts()):
            runs.append(_losses(self._program, BatchLoader(self._data, recipe), rates, self._count))
            self._count_to((number + 1) * len(rates))
        common = min(map(len, runs))
        if common < WINDOW:
            raise TrainingDivergedError(
                f"the loss explodes after {counted(common, 'step')}, at a learning rate of "
                f"{rates[common]:.3g}; begin with lower rates (--lowest {rates[0] / 1000:.1g})"
            )
        by_seed = np.array([run[:common] for run in runs])
        return curve(rates[:common], by_seed, exploded=common < len(rates), default=default)

    def try_out(self, rate: float, steps: int) -> tuple[float, ...]:
        """The losses after short trainings at a rate, one a seed."""
        return tuple(
            short_training(
                self._program, self._data, replace(recipe, learning_rate=rate), steps, self._count
            )
            for recipe in self._starts()
        )

    def finish(self) -> None:
        """Count all steps as taken."""
        self._count_to(self._planned)

    def _starts(self) -> Iterator[Recipe]:
        """Bring the program to each start in turn; the recipe with that seed."""
        for number in range(self._seeds):
            seed = (self._recipe.seed + number) % 2**32
            graph = self._program.graph
            self._program.set_weights(classifier_weights(graph, seed) if number else self._weights)
            self._program.set_state(self._state)
            yield replace(self._recipe, seed=seed)

    def _count(self) -> None:
        self._count_to(self._taken + 1)

    def _count_to(self, steps: int) -> None:
        if steps > self._taken:
            self._taken = steps
            if self._progress is not None:
                self._progress(steps, self._planned)


def check_search(lowest: float, highest: float, steps: int, seeds: int = SEEDS) -> None:
    """Raise now what :func:`find_learning_rate` would raise for these settings.

    Raises:
        ArgumentError: If one is out of range.
    """
    checks.number("lowest", lowest, 1e-10, 1e4)
    checks.number("highest", highest, 1e-10, 1e4)
    checks.whole("steps", steps, 20, 10_000)
    checks.whole("seeds", seeds, 1, 100)
    if not lowest < highest:
        raise ArgumentError(
            f"the lowest rate must be below the highest, got {lowest:g} and {highest:g}"
        )


def _losses(
    program: Program, feed: BatchLoader, rates: NDArray[np.float64], progress: Callable[[], None]
) -> list[float]:
    """The loss of each step, as far as they are finite and do not explode."""
    losses: list[float] = []
    running = lowest = 0.0
    for step, rate in enumerate(rates.tolist()):
        epoch, number = divmod(step, feed.steps)
        images, labels = feed.batch(epoch, number)
        with np.errstate(over="ignore", invalid="ignore"):
            loss = program.train_step(images, labels, rate).loss
        if not math.isfinite(loss):
            break
        running = loss if step == 0 else MEMORY * running + (1.0 - MEMORY) * loss
        lowest = running if step == 0 else min(lowest, running)
        losses.append(loss)
        progress()
        if running > max(EXPLODED * lowest, ABOVE_FIRST * losses[0]):
            break
    return losses
