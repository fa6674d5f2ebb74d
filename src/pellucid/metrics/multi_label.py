"""How good answers with several labels a picture are: average precision, F1, and the threshold.

Everywhere, scores are (N, K), probabilities or logits, which rank alike; marks are (N, K), 1 where
a picture has a label and 0 elsewhere. All is computed in float64.

Raises, of all functions here: ShapeError, if the shapes are not these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import ShapeError
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.floating[Any]]
    Marks = NDArray[np.integer[Any]]


@short_repr
@dataclass(frozen=True, eq=False)
class LabelScores:
    """Judgements of each label, arrays (K,). What would be 0/0 is 0.

    Attributes:
        precision: Of the pictures that were given the label, the share that has it.
        recall: Of the pictures with the label, the share that was given it.
        f1: Harmonic mean of both.
        average_precision: NaN for a label that no picture has.
        support: How many pictures have the label.
        given: How many pictures were given the label.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    average_precision: NDArray[np.float64]
    support: NDArray[np.int64]
    given: NDArray[np.int64]

    @property
    def micro_f1(self) -> float:
        """F1 of all decisions together."""
        return _of_totals(self)

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the labels."""
        return float(self.f1.mean())

    @property
    def mean_average_precision(self) -> float:
        """The mean of the labels that some picture has; 0 where there is none."""
        known = self.average_precision[self.support > 0]
        return float(known.mean()) if len(known) else 0.0


def label_scores(scores: Numbers, marks: Marks, threshold: float) -> LabelScores:
    """Judge scores by the labels that pictures have.

    Args:
        scores: (N, K).
        marks: (N, K).
        threshold: From this score on, a picture is given a label.
    """
    _check(scores, marks)
    answers = scores >= threshold
    hits = (answers & (marks == 1)).sum(axis=0)
    given, support = answers.sum(axis=0), (marks == 1).sum(axis=0)
    return LabelScores(
        precision=_ratio(hits, given),
        recall=_ratio(hits, support),
        f1=_ratio(2 * hits, given + support),
        average_precision=np.array(
            [average_precision(scores[:, k], marks[:, k]) for k in range(scores.shape[1])]
        ),
        support=support.astype(np.int64),
        given=given.astype(np.int64),
    )


def average_precision(scores: Numbers, marks: Marks) -> float:
    """Σ_n (R_n − R_{n−1}) P_n over the thresholds between different scores, 0 to 1.

    Args:
        scores: Of one label, (N,).
        marks: Which pictures have that label, (N,) of 0 and 1.

    Returns:
        NaN where no picture has the label.
    """
    order = np.argsort(-scores.astype(np.float64), kind="stable")
    ranked, right = scores[order].astype(np.float64), (marks[order] == 1)
    positives = int(right.sum())
    if not positives:
        return float("nan")
    last = np.flatnonzero(np.append(np.diff(ranked) != 0, True))  # of equal scores
    hits = np.cumsum(right)[last]
    precision, recall = hits / (last + 1), hits / positives
    return float((np.diff(recall, prepend=0.0) * precision).sum())


def best_threshold(probabilities: Numbers, marks: Marks) -> float:
    """The threshold with the largest micro F1, between two probabilities that occur; 0 to 1.

    Of equally good ones the one that lies farthest from the probabilities beside it; 0.5 where no
    picture has a label.

    Args:
        probabilities: (N, K).
        marks: (N, K).
    """
    _check(probabilities, marks)
    flat = probabilities.astype(np.float64).ravel()
    order = np.argsort(-flat, kind="stable")
    ranked, right = flat[order], marks.ravel()[order] == 1
    positives = int(right.sum())
    if not positives:
        return 0.5
    last = np.flatnonzero(np.append(np.diff(ranked) != 0, True))
    f1 = 2 * np.cumsum(right)[last] / (last + 1 + positives)
    below = np.append(ranked[last[1:]], 0.0)
    gaps = ranked[last] - below
    best = np.flatnonzero(f1 >= f1.max() * (1 - 1e-12))
    at = best[gaps[best].argmax()]
    return float((ranked[last[at]] + below[at]) / 2)


def _of_totals(scores: LabelScores) -> float:
    hits = float(np.rint(scores.recall * scores.support).sum())
    total = int(scores.given.sum() + scores.support.sum())
    return 2 * hits / total if total else 0.0


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def _check(scores: Numbers, marks: Marks) -> None:
    if scores.ndim != 2 or scores.shape != marks.shape or 0 in scores.shape:
        raise ShapeError(
            f"expected a score and a mark for each label of each picture, (N, K) both, got "
            f"{scores.shape} and {marks.shape}"
        )
