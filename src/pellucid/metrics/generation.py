"""How near generated pictures are to real ones, by what a judge makes of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import ShapeError
from pellucid.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray


def total_variation(first: NDArray[Any], second: NDArray[Any]) -> float:
    """How far two histograms of the same K classes are apart, 0 to 1.

    Half the sum of the differences of their shares: the largest difference of probability that they
    give to any set of classes.

    Args:
        first: Numbers or shares, not negative, (K,).
        second: The same.

    Raises:
        ShapeError: If they are of different lengths, or one is empty.
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if one.shape != other.shape or one.ndim != 1 or not one.sum() or not other.sum():
        raise ShapeError(
            f"histograms of the shapes {one.shape} and {other.shape} with the sums {one.sum():g} "
            f"and {other.sum():g}; give two of the same classes, with entries"
        )
    return float(np.abs(one / one.sum() - other / other.sum()).sum() / 2.0)


def frechet_distance(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Fréchet's distance between two sets of features, taken for normally distributed, 0 or more.

    ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), after Heusel et al. 2017, *GANs trained by a two
    time-scale update rule converge to a local Nash equilibrium*, section 4 (who take the features
    of an Inception network). It grows as sets become smaller: compare distances of equally many.

    Args:
        first: (N, D), at least two rows.
        second: Those of the other pictures, (M, D).

    Raises:
        ShapeError: If there are fewer rows, or of different lengths.
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if one.ndim != 2 or other.ndim != 2 or one.shape[1] != other.shape[1]:
        raise ShapeError(
            f"features of the shapes {one.shape} and {other.shape}; give (N, D) and (M, D)"
        )
    if min(len(one), len(other)) < 2:
        raise ShapeError(
            f"features of {len(one)} and {counted(len(other), 'picture')}; a covariance needs at "
            "least 2"
        )
    covariances = [np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (one, other)]
    root = _square_root(covariances[0])
    # Σ₁Σ₂ has the eigenvalues of Σ₁^½ Σ₂ Σ₁^½, which is symmetric, so that they are real
    values = np.linalg.eigvalsh(root @ covariances[1] @ root)
    shared = np.sqrt(np.maximum(values, 0.0)).sum()
    means = float(((one.mean(axis=0) - other.mean(axis=0)) ** 2).sum())
    return max(0.0, means + float(np.trace(covariances[0] + covariances[1]) - 2.0 * shared))


def _square_root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The symmetric square root of a covariance; rounding may make it slightly indefinite."""
    values, vectors = np.linalg.eigh(matrix)
    root: NDArray[np.float64] = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return root
