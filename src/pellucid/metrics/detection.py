"""How good detections are: average precision as COCO defines it, and what a report lists.

The detections of a class, the highest score first, give precision and recall after each; precision
is made to fall with recall (the largest at that recall or more), read at 101 recalls 0, 0.01, …, 1
(0 where a recall is never reached), and averaged. The mean is that over thresholds of intersection
over union and over the classes that have boxes: Lin et al. 2014, *Microsoft COCO*, as its
``cocoeval`` computes it with all areas and 100 detections a picture and class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import checks
from pellucid.errors import ArgumentError
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.metrics.matching import Matches

RECALLS = np.linspace(0, 1, 101)
"""Where precision is read."""

_AT_ONCE = 1 << 21  # numbers


def average_precisions(matches: Matches) -> NDArray[np.float64]:
    """Average precision at each threshold, of each class: (T, K), 0..1; NaN without boxes."""
    once = np.ones((1, len(matches.numbers)))
    found: NDArray[np.float64] = _average_precisions(matches, once)[0]
    return found


def mean_average_precision(matches: Matches, threshold: float | None = None) -> float:
    """The mean of :func:`average_precisions` over the classes with boxes; NaN where none has any.

    Args:
        matches: Of all pictures.
        threshold: At which intersection over union; None for the mean of all thresholds.

    Raises:
        ArgumentError: Detections were not matched at that threshold.
    """
    found = average_precisions(matches)
    chosen = found if threshold is None else found[[_threshold(matches, threshold)]]
    return float(_means(chosen[np.newaxis])[0])


def recalls(matches: Matches) -> NDArray[np.float64]:
    """The share of boxes that are found at all: (T, K), 0..1; NaN without boxes."""
    totals = matches.numbers.sum(axis=0)
    found = np.zeros((len(matches.thresholds), len(totals)))
    for t, right in enumerate(matches.right):
        found[t] = np.bincount(matches.places[right], minlength=len(totals))
    return _ratio(found, np.broadcast_to(totals, found.shape))


def mean_average_precision_interval(
    matches: Matches,
    threshold: float | None = None,
    *,
    level: float = 0.95,
    samples: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """A bootstrap interval of :func:`mean_average_precision`: pictures are resampled, as many.

    Efron 1979, *Bootstrap Methods: Another Look at the Jackknife*; the percentile interval.
    Detections are matched once: they are matched within their pictures.

    Args:
        matches: Of all pictures.
        threshold: As there.
        level: The share of draws between the two, 0..1.
        samples: How many times pictures are drawn.
        seed: Equal seeds draw equal pictures.

    Returns:
        The lower and the upper end; NaN where no class has boxes.
    """
    checks.number("level", level, 0.0, 1.0)
    found = bootstrap_means(matches, threshold, samples=samples, seed=seed)
    found = found[~np.isnan(found)]
    if not len(found):
        return float("nan"), float("nan")
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2]).tolist()
    return low, high


def bootstrap_means(
    matches: Matches, threshold: float | None = None, *, samples: int = 1000, seed: int = 0
) -> NDArray[np.float64]:
    """Mean average precisions of resampled pictures, as many as there are.

    Args:
        matches: Of all pictures.
        threshold: As :func:`mean_average_precision` takes it.
        samples: How many times pictures are drawn.
        seed: Equal seeds draw equal pictures of equally many, so that two detectors are paired.

    Returns:
        One a draw, (samples,); NaN where no class has boxes.
    """
    checks.whole("samples", samples, 1)
    count = len(matches.numbers)
    at = slice(None) if threshold is None else [_threshold(matches, threshold)]
    words = np.random.PCG64(seed).random_raw(samples * count).reshape(samples, count)
    step = max(1, _AT_ONCE // max(1, int(matches.right[at].sum(axis=1).max(initial=1))))
    found = np.empty(samples)
    for first in range(0, samples, step):
        drawn = (words[first : first + step] % np.uint64(max(1, count))).astype(np.int64)
        weights = np.stack([np.bincount(row, minlength=count) for row in drawn]).astype(np.float64)
        found[first : first + step] = _means(_average_precisions(matches, weights, at))
    return found


@short_repr
@dataclass(frozen=True, eq=False)
class PictureMatches:
    """What became of the detections and boxes of one picture.

    Attributes:
        hits: Detection, box, and how much they overlap, the highest score first.
        false_alarms: Detections that are no box, the highest score first.
        ignored: Detections on boxes that are ignored.
        misses: Boxes that no detection is.
    """

    hits: tuple[tuple[int, int, float], ...]
    false_alarms: tuple[int, ...]
    ignored: tuple[int, ...]
    misses: tuple[int, ...]


@short_repr
@dataclass(frozen=True, eq=False)
class OperatingPoint:
    """Detections of at least a score, as they are answered: right, wrong, missed.

    Attributes:
        score: The smallest score that is answered.
        threshold: The intersection over union from which on a detection is right.
        hits: Detections that are right, of each class, int64 (K,).
        false_alarms: Those that are wrong, int64 (K,).
        misses: Boxes that are not found, int64 (K,).
        pictures: Of each picture, which are which.
    """

    score: float
    threshold: float
    hits: NDArray[np.int64]
    false_alarms: NDArray[np.int64]
    misses: NDArray[np.int64]
    pictures: tuple[PictureMatches, ...]

    @property
    def precision(self) -> NDArray[np.float64]:
        """The share of answers that are right, of each class and at the end of all: (K + 1,)."""
        return _shares(self.hits, self.false_alarms)

    @property
    def recall(self) -> NDArray[np.float64]:
        """The share of boxes that are found, of each class and at the end of all: (K + 1,)."""
        return _shares(self.hits, self.misses)


def operating_point(
    matches: Matches, truth: NDArray[np.floating[Any]], score: float, threshold: float = 0.5
) -> OperatingPoint:
    """What is right, wrong and missed when detections of at least a score are answered.

    Args:
        matches: Of all pictures.
        truth: The boxes they were matched with, (N, M, 6).
        score: The smallest score that is answered.
        threshold: The intersection over union, one of the matches'.

    Raises:
        ArgumentError: Detections were not matched at that threshold.
    """
    t = _threshold(matches, threshold)
    classes = matches.numbers.shape[1]
    answered = matches.scores >= score
    right, wrong = matches.right[t] & answered, matches.wrong[t] & answered
    hits, false_alarms = (
        np.bincount(matches.places[which], minlength=classes) for which in (right, wrong)
    )
    counts = (truth[..., 4] >= 0) & (truth[..., 5] == 0)
    ends = np.searchsorted(matches.pictures, np.arange(len(truth) + 1))
    pictures = []
    for i, (first, last) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)):
        of_picture = np.arange(first, last)
        of_picture = of_picture[np.argsort(-matches.scores[first:last], kind="stable")]
        hit, alarm = of_picture[right[of_picture]], of_picture[wrong[of_picture]]
        passed = of_picture[(matches.ignored[t] & answered)[of_picture]]
        boxes = matches.boxes[t, hit]
        missed = np.setdiff1d(np.flatnonzero(counts[i]), boxes)
        numbers = matches.indices[hit].tolist(), boxes.tolist(), matches.overlaps[t, hit].tolist()
        pictures.append(
            PictureMatches(
                tuple(zip(*numbers, strict=True)),
                tuple(matches.indices[alarm].tolist()),
                tuple(matches.indices[passed].tolist()),
                tuple(missed.tolist()),
            )
        )
    totals = matches.numbers.sum(axis=0)
    return OperatingPoint(score, threshold, hits, false_alarms, totals - hits, tuple(pictures))


def best_score(matches: Matches, threshold: float = 0.5) -> float:
    """The score from which on to answer: that of the largest F1 of all classes together.

    F1 = 2 · hits / (answers + boxes). Of equal ones the higher score; 0 where nothing is right.

    Raises:
        ArgumentError: Detections were not matched at that threshold.
    """
    t = _threshold(matches, threshold)
    order = np.argsort(-matches.scores, kind="stable")
    hits = np.cumsum(matches.right[t, order])
    if not len(hits) or not hits[-1]:
        return 0.0
    answers = hits + np.cumsum(matches.wrong[t, order])
    f1 = 2 * hits / (answers + matches.numbers.sum())
    scores = matches.scores[order]
    f1[:-1][scores[:-1] == scores[1:]] = -1  # equal scores are answered together
    return float(scores[f1.argmax()])


def _threshold(matches: Matches, threshold: float) -> int:
    near = np.flatnonzero(np.isclose(matches.thresholds, threshold, rtol=0, atol=1e-9))
    if not len(near):
        raise ArgumentError(
            f"threshold is {threshold}; expected one that detections were matched at, of "
            f"{', '.join(f'{each:g}' for each in matches.thresholds)}"
        )
    return int(near[0])


def _average_precisions(
    matches: Matches, weights: NDArray[np.float64], at: slice | Sequence[int] = slice(None)
) -> NDArray[np.float64]:
    """Average precisions of samples in which each picture is so often, (R, T, K).

    Copies of a detection have equal scores and follow one another, so that a copy is a weight: the
    recalls and precisions between them change nothing that is read. Other detections of equal
    scores follow one another in the order of the pictures, in every sample.
    """
    right, wrong = matches.right[at], matches.wrong[at]
    classes = matches.numbers.shape[1]
    totals = weights @ matches.numbers
    found = np.full((len(weights), len(right), classes), np.nan)
    for k in range(classes):
        own = np.flatnonzero(matches.places == k)
        own = own[np.argsort(-matches.scores[own], kind="stable")]
        known = np.flatnonzero(totals[:, k])
        for t in range(len(right)):
            hits, alarms = _counts(matches.pictures[own], right[t, own], wrong[t, own], weights)
            precision = hits / (hits + alarms + np.spacing(1))
            falling = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
            found[known, t, k] = _read(hits[known], falling[known], totals[known, k, np.newaxis])
    return found


def _read(
    hits: NDArray[np.float64], falling: NDArray[np.float64], totals: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The mean of precisions (R, S) at :data:`RECALLS`, by hits and totals (R, 1): (R,)."""
    needed = np.ceil(RECALLS * totals)  # the fewest hits with at least that recall
    needed -= (needed - 1) / totals >= RECALLS
    needed += needed / totals < RECALLS
    # whole numbers: rows one after another are one ascending row
    apart = np.arange(len(hits))[:, np.newaxis] * (totals.max(initial=0) + 2)
    first = np.searchsorted((hits + apart).ravel(), (needed + apart).ravel()).reshape(needed.shape)
    first -= np.arange(len(hits))[:, np.newaxis] * hits.shape[1]
    never = np.zeros((len(hits), 1))
    means: NDArray[np.float64] = np.take_along_axis(np.hstack([falling, never]), first, 1).mean(1)
    return means


def _counts(
    pictures: NDArray[np.int64],
    right: NDArray[np.bool_],
    wrong: NDArray[np.bool_],
    weights: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Detections so far that are right, and that are wrong, at each of S that is right, (R, S).

    Only there does recall grow, and precision is read. What is wrong between two of them is counted
    by picture once, (N, S), and then weighed by one product of matrices.
    """
    at = np.flatnonzero(right)
    between = np.zeros((weights.shape[1], len(at)))
    alarms = np.flatnonzero(wrong)
    behind = np.searchsorted(at, alarms)
    before = behind < len(at)  # those behind the last lower no precision that is read
    np.add.at(between, (pictures[alarms[before]], behind[before]), 1)
    return np.cumsum(weights[:, pictures[at]], axis=1), np.cumsum(weights @ between, axis=1)


def _means(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means over thresholds and classes that have boxes, (R,)."""
    known = ~np.isnan(found)
    numbers = known.sum(axis=(1, 2))
    sums = np.where(known, found, 0).sum(axis=(1, 2))
    return _ratio(sums, numbers)


def _shares(hits: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float64]:
    """Shares hits ÷ (hits + others), of each class and of all; NaN where there is neither."""
    own, all_of = (np.append(each, each.sum()) for each in (hits, hits + others))
    return _ratio(own, all_of)


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """Parts ÷ wholes; NaN where a whole is 0."""
    ratio: NDArray[np.float64] = np.divide(
        part, whole, out=np.full(part.shape, np.nan), where=whole > 0
    )
    return ratio
