"""Numbers that are likely wrong: residuals that lie outside of the others.

A residual is what heads that did not learn from a picture predict, less its label. How far it is
from the median of all is measured in median absolute deviations times 1.4826, which is the standard
deviation where residuals are normal, and which wrong labels hardly enlarge as long as fewer than
half are wrong (Rousseeuw and Croux 1993, *Alternatives to the median absolute deviation*; Leys et
al. 2013, *Detecting outliers: do not use standard deviation around the mean, use absolute deviation
around the median*). Beyond 3.5 of these it is an outlier (Iglewicz and Hoaglin 1993, *How to detect
and handle outliers*): of normal residuals, one in 2,150.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.target import JOINT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.transfer.head import Floats

OUTLYING = 3.5
"""Beyond how many deviations from the median a label is likely wrong."""

FEWEST = 20
"""Pictures below which no label is doubted: by chance, a few residuals lie close together."""

LITTLE = 0.05
"""The share by which answers are nearer than one number for all that is hardly better."""

_NORMAL = 1.4826  # median absolute deviations in a standard deviation: 1 / Φ⁻¹(3/4)


@dataclass(frozen=True, eq=False)
class Spread:
    """Where residuals lie.

    Attributes:
        median: Of each number's residuals, (M,).
        deviation: Their median absolute deviation times 1.4826, (M,).
        deviations: How many of these each residual is from the median, at least 0, (N, M); 0 where
            that is not known, NaN of pictures that nobody answered.
    """

    median: Floats
    deviation: Floats
    deviations: Floats

    @property
    def outlying(self) -> NDArray[np.bool_]:
        """Which numbers are likely wrong, (N, M)."""
        return np.asarray(np.nan_to_num(self.deviations) > OUTLYING)


def spread_of(residuals: Floats) -> Spread:
    """Where residuals lie, and how far outside each is.

    Args:
        residuals: Predicted numbers less labels, (N, M); rows of NaN are passed over.
    """
    judged = residuals[np.isfinite(residuals).all(axis=1)]
    if not len(judged):
        nothing = np.zeros(residuals.shape[1])
        return Spread(nothing, nothing, np.full(residuals.shape, np.nan))
    median = np.median(judged, axis=0)
    deviation = _NORMAL * np.median(np.abs(judged - median), axis=0)
    known = (deviation > 0) & (len(judged) >= FEWEST)
    far = np.abs(residuals - median) / np.where(known, deviation, np.inf)
    return Spread(median, deviation, far)


def trimmed_errors(answers: Floats, labels: Floats) -> tuple[Floats, Floats]:
    """How far off answers are on average, and how far off their median would be, (M,) each.

    The tenth that is farthest off is left out of both, in which wrong labels are.

    Args:
        answers: (N, M), N at least 1, without NaN.
        labels: (N, M).
    """
    kept = -(-9 * len(labels) // 10)
    guess = np.median(labels, axis=0)
    own, other = (
        np.sort(np.abs(each - labels), axis=0)[:kept].mean(axis=0) for each in (answers, guess)
    )
    return own, other


def tell_nothing(own: Floats, guess: Floats) -> bool:
    """Whether answers are hardly nearer than one number for all, by :func:`trimmed_errors`.

    Residuals that are outlying are then labels that are, of which the pictures say nothing.
    """
    return bool((own >= (1 - LITTLE) * guess).all())


def corrected(labels: Floats, answers: Floats, outlying: NDArray[np.bool_]) -> str:
    """A picture's numbers as a list has them, with answers in place of those that are outlying.

    Where none is, all are answers, in six significant digits.

    Args:
        labels: (M,).
        answers: (M,).
        outlying: (M,).
    """
    chosen = outlying if outlying.any() else np.ones(len(labels), bool)
    return JOINT.join(
        f"{answer:.6g}" if out else repr(label)
        for label, answer, out in zip(
            labels.tolist(), answers.tolist(), chosen.tolist(), strict=True
        )
    )
