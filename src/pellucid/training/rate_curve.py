"""What a search for a learning rate shows: losses by rate, their fall, and the doubts about it.

Losses of single batches jump, and first weights differ. So the mean of the losses' logarithms over
several seeds counts. At each step a straight line is fitted to it by least squares in a window
around the step; the line's value there is the smoothed loss.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.record import Record
from pellucid.renamed import OldAttribute
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

WINDOW = 11
"""Steps that a line is fitted to."""

TINY = 1e-8
"""Losses below are taken to be so, for their logarithm."""

LEAST_FALL = 0.05
"""By which share the smoothed loss must fall, from its first to its lowest, to suggest a rate."""

NEARLY = 0.95
"""The share of the fall (of the logarithm) that is done at the suggestion."""

CERTAIN = 8.0
"""Standard errors of a fall that is believed; chance alone makes one in 1 of 100 searches."""

AGREE = 3.0
"""Seeds agree if leaving out any one gives rates that differ by this factor at most."""

FAR = 10.0
"""A suggestion that differs from the default rate by more than this factor is far from it."""


@short_repr
@dataclass(frozen=True, eq=False)
class RateCurve(Record):
    """Losses by learning rate.

    Attributes:
        rates: Of each step that was taken with every seed, rising, (S,).
        losses: Of each step's batch, before its update, the geometric mean over seeds, (S,).
        smoothed: As the fitted lines have it, (S,).
        end_of_fall: The rate at which the loss has nearly stopped falling; none if it fell nowhere.
        exploded: Whether a search stopped before its highest rate.
        by_seed: Losses with each seed, (seeds, S).
        without: Where the fall would end without each of the seeds, (seeds,); empty for one seed.
        default: The rate that training takes where none is given; none if it is not known.
        tried: Losses at the end of short trainings, a seed each, by learning rate: the end of the
            fall and the default rate; empty where there was nothing to compare.
    """

    record_kind: ClassVar[str] = "rate curve"
    rates: NDArray[np.float64]
    losses: NDArray[np.float64]
    smoothed: NDArray[np.float64]
    end_of_fall: float | None
    exploded: bool
    by_seed: NDArray[np.float64]
    without: tuple[float, ...] = ()
    default: float | None = None
    tried: Mapping[float, tuple[float, ...]] = field(default_factory=dict)

    usual = OldAttribute("default")

    @property
    def suggestion(self) -> float | None:
        """The learning rate to train with, as its peak; none where there is a doubt."""
        if self.doubt or self.end_of_fall is None:
            return None
        if self.default is None or not self.tried:
            return self.end_of_fall
        pairs = zip(self.tried[self.end_of_fall], self.tried[self.default], strict=True)
        return self.end_of_fall if all(own < other for own, other in pairs) else self.default

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
        if self.default is not None and not 1 / FAR <= found / self.default <= FAR:
            return f"the loss stopped falling at {found:.2g}, far from the default {self.default:g}"
        return None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "suggestion": self.suggestion,
            "end_of_fall": self.end_of_fall,
            "usual": self.default,
            "doubt": self.doubt,
            "uncertain": self.uncertain,
            "exploded": self.exploded,
            "without": list(self.without),
            "rates": self.rates.tolist(),
            "losses": self.losses.tolist(),
            "smoothed": self.smoothed.tolist(),
            "by_seed": self.by_seed.tolist(),
            "tried": [
                {"rate": rate, "losses": [loss if math.isfinite(loss) else None for loss in losses]}
                for rate, losses in self.tried.items()
            ],
        }


def curve(
    rates: NDArray[np.float64],
    losses: NDArray[np.float64],
    *,
    exploded: bool = False,
    default: float | None = None,
) -> RateCurve:
    """Smooth losses and pick the rate.

    Args:
        rates: Rising exponentially, (S,), S at least :data:`WINDOW`.
        losses: Of each step with each seed, (seeds, S), finite.
        exploded: Whether more rates were to be tried.
        default: The rate that training takes where none is given.
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
        rates, np.exp(mean), np.exp(smoothed), end, exploded, losses, tuple(without), default
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
