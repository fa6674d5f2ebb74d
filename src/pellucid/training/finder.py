"""Which learning rate suits: train with rates that rise step by step, and watch the loss.

Smith 2017, *Cyclical learning rates for training neural networks*, section 3.3. Rates rise
exponentially over some hundred steps. At low ones nothing happens; then the loss falls; then it
explodes, and the search stops. The losses of single batches jump, so at each step a straight line
is fitted by least squares to the logarithms of the losses in a window around it: its value there
gives the smoothed loss, its slope the share by which the loss falls. The suggestion is the rate
where that share is greatest, of those before the smoothed loss is lowest. It is the share and not
the fall itself, since many networks begin with a loss far above that of guessing, which tiny steps
bring down fastest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.names import counted
from pellucid.errors import ArgumentError, TrainingDivergedError
from pellucid.ops import check
from pellucid.training.batches import check_batch_norms
from pellucid.training.feed import Feed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program
    from pellucid.training.recipe import Recipe

LOWEST, HIGHEST, STEPS = 1e-6, 10.0, 100

WINDOW = 11
"""Steps that a line is fitted to."""

EXPLODED = 4.0
"""The search stops when the running loss is this many times its lowest."""

MEMORY = 0.8
"""How much of the running loss stays from step to step."""

TINY = 1e-8
"""Losses below are taken to be so, for their logarithm."""

LEAST_FALL = 0.05
"""By which share the smoothed loss must fall, from its first to its lowest, to suggest a rate."""


CERTAIN = 8.0
"""A fall of so many standard errors is believed; chance alone makes one in 1 of 100 searches."""


@dataclass(frozen=True, eq=False)
class RateCurve:
    """Losses by learning rate.

    Attributes:
        rates: Of each step that was taken, rising, (S,).
        losses: Of each step's batch, before its update, (S,).
        smoothed: As the fitted lines have it, (S,).
        suggestion: The rate at which the loss fell by the greatest share; none if it fell nowhere.
        exploded: Whether the search stopped before its highest rate.
    """

    rates: NDArray[np.float64]
    losses: NDArray[np.float64]
    smoothed: NDArray[np.float64]
    suggestion: float | None
    exploded: bool

    @property
    def uncertain(self) -> bool:
        """Whether there is a suggestion, of a fall that may be the chance of which batches came.

        A fitted line's value in the middle of its window is off by s/√:data:`WINDOW`, where single
        batches' losses scatter about the lines by s (both in logarithms); a fall of fewer than
        :data:`CERTAIN` of these is what the extremes of a hundred such errors may look like.
        """
        if self.suggestion is None:
            return False
        smoothed = np.log(self.smoothed)
        last = int(smoothed.argmin())
        scatter = np.log(np.maximum(self.losses, TINY))[: last + 1] - smoothed[: last + 1]
        error = float(np.sqrt((scatter**2).mean() / WINDOW))
        return float(smoothed[0] - smoothed[last]) < CERTAIN * error

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "suggestion": self.suggestion,
            "uncertain": self.uncertain,
            "exploded": self.exploded,
            "rates": self.rates.tolist(),
            "losses": self.losses.tolist(),
            "smoothed": self.smoothed.tolist(),
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
        progress: Told the number of steps taken, and of all, after each.

    Raises:
        ArgumentError: If a setting is out of range.
        TrainingDivergedError: If the loss explodes before a window of steps is taken.
    """
    check_search(lowest, highest, steps)
    check_batch_norms(program.graph, len(data), recipe.batch_size)
    rates = np.geomspace(lowest, highest, steps)
    weights, state = program.weights(), program.optimizer_state()
    try:
        losses = _losses(program, Feed(data, recipe), rates, progress)
    finally:
        program.set_weights(weights)
        program.set_optimizer_state(state)
    if len(losses) < WINDOW:
        raise TrainingDivergedError(
            f"the loss explodes after {counted(len(losses), 'step')}, at a learning rate of "
            f"{rates[len(losses)]:.3g}; begin with lower rates (--lowest {lowest / 1000:.1g} say)"
        )
    return curve(rates[: len(losses)], np.array(losses), exploded=len(losses) < steps)


def check_search(lowest: float, highest: float, steps: int) -> None:
    """Raise now what :func:`find_learning_rate` would raise for these settings.

    Raises:
        ArgumentError: If one is out of range.
    """
    check.number("lowest", lowest, 1e-10, 1e4)
    check.number("highest", highest, 1e-10, 1e4)
    check.whole("steps", steps, 20, 10_000)
    if not lowest < highest:
        raise ArgumentError(
            f"the lowest rate must be below the highest, got {lowest:g} and {highest:g}"
        )


def curve(
    rates: NDArray[np.float64], losses: NDArray[np.float64], *, exploded: bool = False
) -> RateCurve:
    """Smooth losses and pick the rate.

    Args:
        rates: Rising exponentially, (S,), S at least :data:`WINDOW`.
        losses: Of each step, (S,), finite.
        exploded: Whether more rates were to be tried.
    """
    logarithms, slopes = fitted_lines(np.log(np.maximum(losses, TINY)))
    smoothed = np.exp(logarithms)
    lowest = int(smoothed.argmin())
    suggestion = None
    if smoothed[lowest] < (1.0 - LEAST_FALL) * smoothed[0]:
        suggestion = float(rates[int(slopes[: lowest + 1].argmin())])
    return RateCurve(rates, losses, smoothed, suggestion, exploded)


def fitted_lines(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Value and slope of the line fitted to the window around each step, both (S,).

    At both ends, where the window would hang over, it is the first or last whole one.
    """
    half = WINDOW // 2
    offsets = np.arange(WINDOW) - half
    windows = np.lib.stride_tricks.sliding_window_view(values, WINDOW)
    means, slopes = windows.mean(axis=1), windows @ offsets / (offsets @ offsets)
    steps = np.arange(len(values))
    centres = np.clip(steps, half, len(values) - 1 - half)
    at = centres - half
    return means[at] + slopes[at] * (steps - centres), slopes[at]


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
        if running > EXPLODED * lowest:
            break
    return losses
