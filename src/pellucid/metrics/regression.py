"""How good predicted numbers are: R², mean absolute error, root mean squared error.

Everywhere, predictions and targets are (N, M). All is computed in float64. R² is that of
``sklearn.metrics.r2_score``: 1 − Σ (t − y)² / Σ (t − t̄)², with t̄ the mean of the targets that
judge; 0 for a constant prediction of that mean, negative for what is worse.

Raises, of all functions here: ShapeError, if the shapes are not these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.floating[Any]]


def r_squared(predicted: Numbers, targets: Numbers) -> NDArray[np.float64]:
    """R² of each column, (M,); NaN where all targets are equal."""
    wrong, spread = squared_errors(predicted, targets).sum(axis=0), _spread(targets)
    return np.asarray(1.0 - np.divide(wrong, spread, out=np.full(len(spread), np.nan),
                                      where=spread > 0))  # fmt: skip


def mean_r_squared(predicted: Numbers, targets: Numbers) -> float:
    """The mean R² of the columns whose targets differ; 0 where none do."""
    found = r_squared(predicted, targets)
    known = found[~np.isnan(found)]
    return float(known.mean()) if len(known) else 0.0


def mean_absolute_errors(predicted: Numbers, targets: Numbers) -> NDArray[np.float64]:
    """|t − y| averaged over pictures, (M,)."""
    _check(predicted, targets)
    return np.asarray(np.abs(_difference(predicted, targets)).mean(axis=0), np.float64)


def root_mean_squared_errors(predicted: Numbers, targets: Numbers) -> NDArray[np.float64]:
    """The root of (t − y)² averaged over pictures, (M,)."""
    return np.asarray(np.sqrt(squared_errors(predicted, targets).mean(axis=0)))


def squared_errors(predicted: Numbers, targets: Numbers) -> NDArray[np.float64]:
    """(t − y)² of each picture and column, (N, M)."""
    _check(predicted, targets)
    return np.asarray(_difference(predicted, targets) ** 2)


def _spread(targets: Numbers) -> NDArray[np.float64]:
    exact = targets.astype(np.float64)
    return np.asarray(((exact - exact.mean(axis=0)) ** 2).sum(axis=0))


def _difference(predicted: Numbers, targets: Numbers) -> NDArray[np.float64]:
    return np.asarray(targets.astype(np.float64) - predicted.astype(np.float64))


def _check(predicted: Numbers, targets: Numbers) -> None:
    if predicted.ndim != 2 or predicted.shape != targets.shape or 0 in predicted.shape:
        raise ShapeError(
            f"expected a prediction for each target, (N, M) both, got {predicted.shape} and "
            f"{targets.shape}"
        )
