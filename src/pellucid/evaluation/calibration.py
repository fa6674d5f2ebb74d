"""Whether a network's confidence can be trusted: of answers given with 80 %, are 80 % right?

Answers are sorted by confidence into M bins of the same width, each without its lower edge and with
its upper one; the first has both. Where a bin's accuracy is its mean confidence, the network is
calibrated there; the expected calibration error is the mean distance of the two, weighted by how
many answers a bin has:

    ECE = Σ_m n_m/N · |accuracy_m − confidence_m|

Naeini, Cooper and Hauskrecht 2015, *Obtaining well calibrated probabilities using Bayesian
binning*; Guo et al. 2017, *On calibration of modern neural networks*, eq. 3.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import checks
from pellucid.errors import ShapeError
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 15
"""As in Guo et al. 2017."""


@dataclass(frozen=True)
class Bin:
    """The answers whose confidence lies in one interval.

    Attributes:
        low: Its lower edge, 0 to 1.
        high: Its upper edge.
        count: How many answers there are.
        confidence: Their mean confidence; none without answers.
        accuracy: The share that is right; none without answers.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


@short_repr
@dataclass(frozen=True)
class Calibration:
    """How far confidence and accuracy agree.

    Attributes:
        expected_error: The expected calibration error, 0 (perfect) to 1.
        mean_confidence: Over all answers.
        bins: From the least confident to the most.
    """

    expected_error: float
    mean_confidence: float
    bins: tuple[Bin, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {**asdict(self), "bins": [asdict(each) for each in self.bins]}


def calibrate(
    confidence: NDArray[np.floating[Any]], right: NDArray[np.bool_], *, bins: int = BINS
) -> Calibration:
    """Compare how sure a network was with how often it was right.

    Args:
        confidence: The probability that each answer was given, (N,), 0 to 1, N at least 1.
        right: Whether it was right, (N,).
        bins: How many, M.

    Raises:
        ShapeError: If the arrays are not of one length, are empty, or hold what is no probability.
        ArgumentError: If the number of bins is not positive.
    """
    checks.whole("bins", bins)
    if confidence.ndim != 1 or confidence.shape != right.shape or not len(confidence):
        raise ShapeError(
            f"expected one confidence and one verdict an answer, (N,) both with N at least 1, got "
            f"{confidence.shape} and {right.shape}"
        )
    sure = confidence.astype(np.float64)
    if not ((sure >= 0.0) & (sure <= 1.0 + 1e-6)).all():
        raise ShapeError(
            f"confidences must be probabilities, 0 to 1, got {sure.min()} to {sure.max()}"
        )
    edges = np.linspace(0.0, 1.0, bins + 1)
    place = np.searchsorted(edges[1:-1], sure, side="left")
    counts = np.bincount(place, minlength=bins)
    sums = np.bincount(place, weights=sure, minlength=bins)
    hits = np.bincount(place, weights=right.astype(np.float64), minlength=bins)
    made = []
    for low, high, count, total, good in zip(
        edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), sums.tolist(), hits.tolist(),
        strict=True,
    ):  # fmt: skip
        means = (total / count, good / count) if count else (None, None)
        made.append(Bin(low, high, count, *means))
    return Calibration(
        expected_error=float(np.abs(hits - sums).sum() / len(sure)),
        mean_confidence=float(sure.mean()),
        bins=tuple(made),
    )
