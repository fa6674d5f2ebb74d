"""Predicted numbers beside guesses that need no picture, and in bands of the true numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.metrics import regression as metrics
from pellucid.text import brief_repr

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

OF_SIZES, OF_NUMBERS = (0.5, 0.75, 0.9), (0.1, 0.5, 0.9)
"""Quantiles where ranges end if no thresholds are given: of sizes, and of numbers of one sign."""

PREVIOUS = "the number of the picture before it"
"""What a guess is called that knows the order of the pictures."""


@dataclass(frozen=True)
class Baseline:
    """A guess that does not look at the pictures.

    Attributes:
        name: What is guessed.
        r2: Its mean R² over the numbers.
        mean_absolute_error: Its mean absolute error over the numbers.
        error_ratio: The network's squared error divided by the guess's, averaged over the numbers;
            below 1, the network is better. None where a guess has no error.
    """

    name: str
    r2: float
    mean_absolute_error: float
    error_ratio: float | None


@dataclass(frozen=True)
class Band:
    """How pictures fare whose true number lies in a range.

    Attributes:
        column: Which number.
        by_size: Whether the range is one of |number|, as where there are numbers of both signs.
        above: The range's lower end, which is outside; None where it has none.
        up_to: Its upper end, which is inside; None where it has none.
        count: How many pictures are in it.
        mean_absolute_error: The network's, in the number's unit.
        mean_absolute_error_of_mean: That of always predicting the mean of the training pictures.
        right_sign: The share of pictures whose predicted number has the sign of the true one, of
            those that are not 0; None where the ranges are not by size, or all are 0.
    """

    column: str
    by_size: bool
    above: float | None
    up_to: float | None
    count: int
    mean_absolute_error: float
    mean_absolute_error_of_mean: float
    right_sign: float | None

    @property
    def words(self) -> str:
        """The range in words: ``|angle| > 0.1``."""
        name = f"|{self.column}|" if self.by_size else self.column
        if self.above is None:
            return f"{name} ≤ {self.up_to:g}"
        return f"{name} > {self.above:g}" + ("" if self.up_to is None else f", ≤ {self.up_to:g}")


def baselines(predicted: Floats, true: Floats, mean: Floats) -> tuple[Baseline, ...]:
    """What the predictions are compared with.

    Always the mean of the training pictures; 0, where there are numbers of both signs; and the true
    number of the picture before, the first one being guessed by the mean. In a list that is no
    sequence, the last is a poor guess.

    Args:
        predicted: (N, M), in the order of the list.
        true: The true numbers, (N, M).
        mean: Of the training pictures' numbers, (M,).
    """
    guesses = {"the mean of the training pictures": np.broadcast_to(mean, true.shape)}
    if (true.min(axis=0) < 0).all() and (true.max(axis=0) > 0).all():
        guesses["always 0"] = np.zeros_like(true)
    guesses[PREVIOUS] = np.concatenate([mean[np.newaxis], true[:-1]])
    own = metrics.squared_errors(predicted, true).mean(axis=0)
    found = []
    for name, guess in guesses.items():
        error = metrics.squared_errors(guess, true).mean(axis=0)
        ratio = float((own / error).mean()) if (error > 0).all() else None
        absolute = float(metrics.mean_absolute_errors(guess, true).mean())
        found.append(Baseline(name, metrics.mean_r_squared(guess, true), absolute, ratio))
    return tuple(found)


def bands(
    predicted: Floats,
    true: Floats,
    mean: Floats,
    columns: Sequence[str],
    thresholds: Sequence[float] | None = None,
) -> tuple[Band, ...]:
    """Errors in ranges of the true numbers; of their sizes, where there are some of both signs.

    Args:
        predicted: (N, M).
        true: The true numbers, (N, M).
        mean: Of the training pictures' numbers, (M,).
        columns: What the M numbers are called.
        thresholds: Where ranges end, ascending; None: at quantiles, 50, 75 and 90 % of sizes, 10,
            50 and 90 % of numbers of one sign.

    Raises:
        ArgumentError: The thresholds are no ascending finite numbers.
    """
    ends = None if thresholds is None else checked_thresholds(thresholds)
    guess = np.broadcast_to(mean, true.shape)
    return tuple(
        band
        for k, name in enumerate(columns)
        for band in _of_column(name, predicted[:, k], true[:, k], guess[:, k], ends)
    )


def checked_thresholds(thresholds: Sequence[float]) -> tuple[float, ...]:
    """Return thresholds as floats, if they are ascending finite numbers.

    Raises:
        ArgumentError: They are not.
    """
    try:
        ends = tuple(float(value) for value in thresholds)
    except (TypeError, ValueError):
        ends = ()
    if not ends or not all(map(math.isfinite, ends)) or sorted(set(ends)) != list(ends):
        raise ArgumentError(
            f"bands are {brief_repr(thresholds)}; expected ascending numbers, such as 0.1,0.5"
        )
    return ends


def _of_column(
    name: str, predicted: Floats, true: Floats, guess: Floats, ends: tuple[float, ...] | None
) -> Iterator[Band]:
    by_size = bool(true.min() < 0 < true.max())
    values = np.abs(true) if by_size else true
    if ends is None:
        shares = OF_SIZES if by_size else OF_NUMBERS
        found = np.quantile(values, shares, method="lower").tolist()
        ends = tuple(sorted({value for value in found if value < values.max()}))
    for low, high in zip((None, *ends), (*ends, None), strict=True):
        inside = np.ones(len(values), bool)
        if low is not None:
            inside &= values > low
        if high is not None:
            inside &= values <= high
        if not inside.any() or (low is None and high is None):
            continue
        signed = inside & (true != 0)
        right = np.sign(predicted[signed]) == np.sign(true[signed])
        yield Band(
            name, by_size, low, high, int(inside.sum()),
            float(np.abs(predicted - true)[inside].mean()),
            float(np.abs(guess - true)[inside].mean()),
            float(right.mean()) if by_size and len(right) else None,
        )  # fmt: skip
