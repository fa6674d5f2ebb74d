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
nearly the same rate, and if it is not far from the usual rate. Otherwise the usual rate is the
better choice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.names import counted
from pellucid.errors import ArgumentError, TrainingDivergedError
from pellucid.graph import classifier_weights
from pellucid.ops import check
from pellucid.short_repr import short_repr
from pellucid.training.batches import check_batch_norms
from pellucid.training.feed import Feed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program
    from pellucid.training.recipe import Recipe

LOWEST, HIGHEST, STEPS = 1e-5, 10.0, 100

WINDOW = 11
"""Steps that a line is fitted to."""

SEEDS = 3
"""How often the search is done, each time with other first weights and another order."""

EXPLODED = 4.0
"""A search stops when the running loss is this many times its lowest, and ..."""

ABOVE_FIRST = 1.5
"""... this many times the first: a network that has learned its few pictures has low losses."""

MEMORY = 0.8
"""How much of the running loss stays from step to step."""

TINY = 1e-8
"""Losses below are taken to be so, for their logarithm."""

LEAST_FALL = 0.05
"""By which share the smoothed loss must fall, from its first to its lowest, to suggest a rate."""

NEARLY = 0.95
"""The share of the fall (of the logarithm) that is done at the suggestion."""

CERTAIN = 8.0
"""A fall of so many standard errors is believed; chance alone makes one in 1 of 100 searches."""

AGREE = 3.0
"""Seeds agree if leaving out any one gives rates that differ by this factor at most."""

FAR = 5.0
"""A suggestion that differs from the usual rate by more than this factor is far from it."""


@short_repr
@dataclass(frozen=True, eq=False)
class RateCurve:
    """Losses by learning rate.

    Attributes:
        rates: Of each step that was taken with every seed, rising, (S,).
        losses: Of each step's batch, before its update, the geometric mean over seeds, (S,).
        smoothed: As the fitted lines have it, (S,).
        end_of_fall: The rate at which the loss has nearly stopped falling; none if it fell nowhere.
        exploded: Whether a search stopped before its highest rate.
        by_seed: Losses with each seed, (seeds, S).
        without: Where the fall would end without each of the seeds, (seeds,); empty for one seed.
        usual: The rate that training takes where none is given; none if it is not known.
    """

    rates: NDArray[np.float64]
    losses: NDArray[np.float64]
    smoothed: NDArray[np.float64]
    end_of_fall: float | None
    exploded: bool
    by_seed: NDArray[np.float64]
    without: tuple[float, ...] = ()
    usual: float | None = None

    @property
    def suggestion(self) -> float | None:
        """The learning rate to train with, as its peak; none where there is a doubt."""
        return None if self.doubt else self.end_of_fall

    @property
    def uncertain(self) -> bool:
        """Whether the loss fell, but so that it may be the chance of which batches came.

        A fitted line's value in the middle of its window is off by s/√:data:`WINDOW`, where the
        losses scatter about the lines by s (both in logarithms); a fall of fewer than
        :data:`CERTAIN` of these is what the extremes of a hundred such errors may look like.
        """
        if self.end_of_fall is None:
            return False
        smoothed = np.log(self.smoothed)
        last = int(smoothed.argmin())
        scatter = np.log(np.maximum(self.losses, TINY))[: last + 1] - smoothed[: last + 1]
        error = float(np.sqrt((scatter**2).mean() / WINDOW))
        return float(smoothed[0] - smoothed[last]) < CERTAIN * error

    @property
    def doubt(self) -> str | None:
        """Why no rate is suggested, in words; none if one is."""
        if self.end_of_fall is None:
            tried = f"between {self.rates[0]:.2g} and {self.rates[-1]:.2g}"
            return f"the loss did not fall by {LEAST_FALL:.0%} {tried}"
        if self.uncertain:
            return "the losses of single batches jump about as much as the loss falls"
        if not self.without:
            return "one seed alone may be chance"
        low, high = min(self.without), max(self.without)
        if high > AGREE * low:
            return f"seeds are far apart: without one of them, it would be {low:.2g} to {high:.2g}"
        found = self.end_of_fall
        if self.usual is not None and not 1 / FAR <= found / self.usual <= FAR:
            return f"the loss stopped falling at {found:.2g}, far from the usual {self.usual:g}"
        return None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "suggestion": self.suggestion,
            "end_of_fall": self.end_of_fall,
            "usual": self.usual,
            "doubt": self.doubt,
            "uncertain": self.uncertain,
            "exploded": self.exploded,
            "without": list(self.without),
            "rates": self.rates.tolist(),
            "losses": self.losses.tolist(),
            "smoothed": self.smoothed.tolist(),
            "by_seed": self.by_seed.tolist(),
        }

    def png(self) -> bytes:
        """The curve as the bytes of a PNG file."""
        from pellucid.training.rate_chart import rate_curve_chart

        return rate_curve_chart(self)


def find_learning_rate(
    program: Program,
    data: Dataset,
    recipe: Recipe,
    *,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
    steps: int = STEPS,
    seeds: int = SEEDS,
    usual: float | None = None,
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
        usual: The rate that training takes where none is given, to compare with.
        progress: Called with the number of steps taken, and of all, after each.

    Raises:
        ArgumentError: If a setting is out of range.
        TrainingDivergedError: If the loss explodes before a window of steps is taken.
    """
    check_search(lowest, highest, steps, seeds)
    check_batch_norms(program.graph, len(data), recipe.batch_size)
    rates = np.geomspace(lowest, highest, steps)
    weights, state = program.weights(), program.optimizer_state()
    runs = []
    try:
        for number in range(seeds):
            seed = (recipe.seed + number) % 2**32
            program.set_weights(classifier_weights(program.graph, seed) if number else weights)
            program.set_optimizer_state(state)
            feed = Feed(data, replace(recipe, seed=seed))
            runs.append(_losses(program, feed, rates, _counted_on(progress, number, seeds)))
    finally:
        program.set_weights(weights)
        program.set_optimizer_state(state)
    common = min(map(len, runs))
    if common < WINDOW:
        raise TrainingDivergedError(
            f"the loss explodes after {counted(common, 'step')}, at a learning rate of "
            f"{rates[common]:.3g}; begin with lower rates (--lowest {lowest / 1000:.1g})"
        )
    by_seed = np.array([run[:common] for run in runs])
    return curve(rates[:common], by_seed, exploded=common < steps, usual=usual)


def _counted_on(
    progress: Callable[[int, int], None] | None, number: int, seeds: int
) -> Callable[[int, int], None] | None:
    """Progress over all seeds, from that of one."""
    if progress is None:
        return None
    return lambda done, of: progress(number * of + done, seeds * of)


def check_search(lowest: float, highest: float, steps: int, seeds: int = SEEDS) -> None:
    """Raise now what :func:`find_learning_rate` would raise for these settings.

    Raises:
        ArgumentError: If one is out of range.
    """
    check.number("lowest", lowest, 1e-10, 1e4)
    check.number("highest", highest, 1e-10, 1e4)
    check.whole("steps", steps, 20, 10_000)
    check.whole("seeds", seeds, 1, 100)
    if not lowest < highest:
        raise ArgumentError(
            f"the lowest rate must be below the highest, got {lowest:g} and {highest:g}"
        )


def curve(
    rates: NDArray[np.float64],
    losses: NDArray[np.float64],
    *,
    exploded: bool = False,
    usual: float | None = None,
) -> RateCurve:
    """Smooth losses and pick the rate.

    Args:
        rates: Rising exponentially, (S,), S at least :data:`WINDOW`.
        losses: Of each step with each seed, (seeds, S), finite.
        exploded: Whether more rates were to be tried.
        usual: The rate that training takes where none is given.
    """
    logarithms = np.log(np.maximum(losses, TINY))
    mean = logarithms.mean(axis=0)
    smoothed = smooth(mean)
    without: list[float] = []
    if smoothed.min() < smoothed[0] + math.log(1.0 - LEAST_FALL):
        end: float | None = _nearly_lowest(rates, smoothed)
        if len(losses) > 1:
            others = [np.delete(logarithms, k, axis=0).mean(axis=0) for k in range(len(losses))]
            without = [_nearly_lowest(rates, smooth(each)) for each in others]
    else:
        end = None
    return RateCurve(
        rates, np.exp(mean), np.exp(smoothed), end, exploded, losses, tuple(without), usual
    )


def _nearly_lowest(rates: NDArray[np.float64], smoothed: NDArray[np.float64]) -> float:
    """The first rate at which :data:`NEARLY` the whole fall is done."""
    fall = smoothed[0] - smoothed.min()
    return float(rates[int((smoothed <= smoothed.min() + (1.0 - NEARLY) * fall).argmax())])


def smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The value of the line fitted to the window around each step, (S,).

    At both ends, where the window would hang over, it is the first or last whole one.
    """
    half = WINDOW // 2
    offsets = np.arange(WINDOW) - half
    windows = np.lib.stride_tricks.sliding_window_view(values, WINDOW)
    means, slopes = windows.mean(axis=1), windows @ offsets / (offsets @ offsets)
    steps = np.arange(len(values))
    centres = np.clip(steps, half, len(values) - 1 - half)
    at = centres - half
    return np.asarray(means[at] + slopes[at] * (steps - centres))


def _losses(
    program: Program,
    feed: Feed,
    rates: NDArray[np.float64],
    progress: Callable[[int, int], None] | None,
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
        if progress is not None:
            progress(step + 1, len(rates))
        if running > max(EXPLODED * lowest, ABOVE_FIRST * losses[0]):
            break
    return losses
