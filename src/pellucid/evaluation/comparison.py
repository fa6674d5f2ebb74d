"""Two networks judged by the same images: the lecture's three judges, and where the two differ.

The images fall into four groups: both networks right, only the first, only the second, both wrong.
Whether one errs less shows in the two groups in the middle alone, b and c. If neither network
were better, each of those b + c images would be a throw of a fair coin, and McNemar's exact test
says how often such throws come out as unevenly as b and c, or more so:

    p = min(1, 2 · Σ_{i ≤ min(b, c)} (b + c over i) / 2^(b + c))

McNemar 1947, *Note on the sampling error of the difference between correlated proportions or
percentages*; recommended for two classifiers and one test set by Dietterich 1998, *Approximate
statistical tests for comparing supervised classification learning algorithms*, section 3.1. It
speaks of these two networks and of images like these; not of how either was trained, which other
seeds would vary.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import checks
from pellucid.errors import ShapeError
from pellucid.evaluation.calibration import Calibration, calibrate
from pellucid.metrics import classification as metrics
from pellucid.metrics.chance import wilson
from pellucid.ops.softmax import probabilities
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.metrics.classification import Labels, Numbers

GROUPS = ("both right", "only first", "only second", "both wrong")
"""What :meth:`Comparison.groups` counts by, in words."""


@short_repr
@dataclass(frozen=True, eq=False)
class Answers:
    """One network's answers to N labelled images, judged.

    Attributes:
        predicted: The most probable class of each image, int64 (N,).
        confidence: Its probability, (N,), 0 to 1.
        right: Whether it is the image's own class, (N,).
        squared_errors: Σ_k (y_k − t_k)² of each image, (N,), 0 to 2.
        cross_entropies: −log y of each image's own class, (N,), in nats; infinite where the
            answers were given as probabilities and that one is 0.
    """

    predicted: NDArray[np.int64]
    confidence: NDArray[np.float64]
    right: NDArray[np.bool_]
    squared_errors: NDArray[np.float64]
    cross_entropies: NDArray[np.float64]

    @property
    def accuracy(self) -> float:
        """The share that is right, 0 to 1."""
        return float(self.right.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the accuracy."""
        return wilson(int(self.right.sum()), len(self.right))

    @property
    def classification_error(self) -> float:
        """The share that is wrong, 0 to 1."""
        return float((~self.right).mean())

    @property
    def mean_squared_error(self) -> float:
        """Squares summed over classes, averaged over images, 0 to 2."""
        return float(self.squared_errors.mean())

    @property
    def cross_entropy(self) -> float:
        """Averaged over images, in nats."""
        return float(self.cross_entropies.mean())

    @cached_property
    def calibration(self) -> Calibration:
        """How far confidence and accuracy agree."""
        return calibrate(self.confidence, self.right)

    def to_dict(self) -> dict[str, Any]:
        """The judgement in total, as JSON values; a cross-entropy that is infinite is None."""
        return {
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "classification_error": self.classification_error,
            "mean_squared_error": self.mean_squared_error,
            "cross_entropy": _finite(self.cross_entropy),
            "calibration": self.calibration.to_dict(),
        }


@short_repr
@dataclass(frozen=True, eq=False)
class Comparison:
    """Two networks' answers to the same images.

    Attributes:
        labels: The true classes, int64 (N,).
        first: The answers of one network.
        second: Those of the other.
    """

    labels: NDArray[np.int64]
    first: Answers
    second: Answers

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def guessing(self) -> float:
        """The share of the most frequent class: the accuracy of always answering it."""
        return float(np.bincount(self.labels).max()) / len(self.labels)

    @property
    def both_right(self) -> NDArray[np.int64]:
        """The images that both answer rightly: their places, from 0, ascending."""
        return np.flatnonzero(self.first.right & self.second.right)

    @property
    def only_first(self) -> NDArray[np.int64]:
        """The images that only the first answers rightly."""
        return np.flatnonzero(self.first.right & ~self.second.right)

    @property
    def only_second(self) -> NDArray[np.int64]:
        """The images that only the second answers rightly."""
        return np.flatnonzero(~self.first.right & self.second.right)

    @property
    def both_wrong(self) -> NDArray[np.int64]:
        """The images that both answer wrongly, be it differently."""
        return np.flatnonzero(~self.first.right & ~self.second.right)

    @property
    def disagree(self) -> NDArray[np.int64]:
        """The images that get two different answers, be it two wrong ones."""
        return np.flatnonzero(self.first.predicted != self.second.predicted)

    def groups(self) -> dict[str, int]:
        """How many images are in each of the four groups, by the words of :data:`GROUPS`."""
        parts = self.both_right, self.only_first, self.only_second, self.both_wrong
        return {words: len(part) for words, part in zip(GROUPS, parts, strict=True)}

    @cached_property
    def p_value(self) -> float:
        """How often two equally good networks would differ as much in their errors, 0 to 1."""
        return mcnemar(len(self.only_first), len(self.only_second))

    @property
    def cross_entropy_difference(self) -> tuple[float, float]:
        """Second minus first, in nats, and its standard error.

        The standard error is that of a mean of N paired differences: their standard deviation over
        √N. It is NaN for one image, and both are NaN where a cross-entropy is infinite.
        """
        with np.errstate(invalid="ignore"):
            differences = self.second.cross_entropies - self.first.cross_entropies
        count = len(differences)
        if not np.isfinite(differences).all():
            return np.nan, np.nan
        spread = float(differences.std(ddof=1)) / count**0.5 if count > 1 else np.nan
        return float(differences.mean()), spread

    def to_dict(self) -> dict[str, Any]:
        """The comparison in total, as JSON values; numbers that are not finite are None."""
        difference, error = self.cross_entropy_difference
        return {
            "count": len(self),
            "guessing": self.guessing,
            "first": self.first.to_dict(),
            "second": self.second.to_dict(),
            "groups": {words.replace(" ", "_"): n for words, n in self.groups().items()},
            "disagree": len(self.disagree),
            "p_value": self.p_value,
            "cross_entropy_difference": _finite(difference),
            "cross_entropy_difference_standard_error": _finite(error),
        }


def compare(first: Numbers, second: Numbers, labels: Labels, *, logits: bool = False) -> Comparison:
    """Compare two networks' answers to the same images.

    Args:
        first: One network's probabilities, (N, K), N at least 1; or its logits.
        second: The other's, with the same classes in the same order.
        labels: The true classes, (N,), 0 to K − 1.
        logits: Whether logits are given: cross-entropy is then exact wherever they are.

    Raises:
        ShapeError: If the shapes are not these, a label is no class, or a row is no answer.
    """
    if first.shape != second.shape:
        raise ShapeError(
            f"two networks are compared by their answers to the same images, (N, K) both, got "
            f"{first.shape} and {second.shape}"
        )
    return Comparison(
        labels.astype(np.int64),
        judge_answers(first, labels, logits=logits),
        judge_answers(second, labels, logits=logits),
    )


def judge_answers(scores: Numbers, labels: Labels, *, logits: bool = False) -> Answers:
    """Judge one network's answers, image by image; arguments and errors as for :func:`compare`."""
    ranks = metrics.label_ranks(scores, labels)
    scores = scores.astype(np.float64)
    answers = np.asarray(probabilities(scores) if logits else scores, np.float64)
    _check_probabilities(answers)
    if logits:
        entropies = metrics.cross_entropies(scores, labels)
        squares = metrics.squared_errors_of_logits(scores, labels)
    else:
        with np.errstate(divide="ignore"):
            entropies = -np.log(scores[np.arange(len(labels)), labels])
        squares = metrics.squared_errors(scores, labels)
    return Answers(
        # of the scores: large logits can differ where their probabilities are all 0 or 1
        predicted=scores.argmax(axis=1).astype(np.int64),
        confidence=answers.max(axis=1),
        right=ranks == 0,
        squared_errors=squares,
        cross_entropies=entropies,
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact p-value of McNemar's test, two-sided, 0 to 1.

    Args:
        only_first: How many images only one network answers rightly, b.
        only_second: How many only the other, c.

    Raises:
        ArgumentError: If one is no whole number from 0.
    """
    for name, number in (("only_first", only_first), ("only_second", only_second)):
        checks.whole(name, number, 0)
    throws, fewer = only_first + only_second, min(only_first, only_second)
    ways = total = 1
    for i in range(fewer):  # whole numbers: nothing is rounded before the division
        ways = ways * (throws - i) // (i + 1)
        total += ways
    return min(1.0, float(2 * total / 2**throws))


def _check_probabilities(rows: NDArray[np.float64]) -> None:
    sums = rows.sum(axis=1)
    bad = np.flatnonzero(~((rows >= 0.0).all(axis=1) & (np.abs(sums - 1.0) < 1e-4)))
    if len(bad):
        raise ShapeError(
            f"image {bad[0]}: expected probabilities from 0 that add up to 1, got "
            f"{rows[bad[0]].min():g} to {rows[bad[0]].max():g} with the sum {sums[bad[0]]:g}"
        )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
