"""Distances between sets of pictures, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import cityblock

from pellucid.errors import ShapeError
from pellucid.metrics.generation import frechet_distance, total_variation

RANDOM = np.random.default_rng(7)


def by_scipy(first: np.ndarray, second: np.ndarray) -> float:
    one, other = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    means = ((first.mean(0) - second.mean(0)) ** 2).sum()
    return float(means + np.trace(one + other - 2 * sqrtm(one @ other).real))


def test_frechet_distance() -> None:
    first = RANDOM.normal(size=(60, 5)) @ RANDOM.normal(size=(5, 5))
    second = RANDOM.normal(1.0, 2.0, (40, 5))
    assert frechet_distance(first, second) == pytest.approx(by_scipy(first, second), rel=1e-9)
    assert frechet_distance(first, first) == pytest.approx(0.0, abs=1e-9)
    moved = frechet_distance(first, first + np.array([3.0, 0, 4.0, 0, 0]))
    assert moved == pytest.approx(25.0)
    few = RANDOM.normal(size=(4, 5))  # a covariance without full rank
    assert frechet_distance(few, second) == pytest.approx(frechet_distance(second, few), rel=1e-6)


def test_total_variation() -> None:
    one, other = RANDOM.random(6), RANDOM.random(6)
    expected = cityblock(one / one.sum(), other / other.sum()) / 2
    assert total_variation(one, other) == pytest.approx(expected)
    assert total_variation(np.array([1, 0]), np.array([0, 7])) == 1.0


def test_what_is_refused() -> None:
    for first, second in (((3, 2), (3, 4)), ((1, 2), (3, 2)), ((3,), (3,))):
        with pytest.raises(ShapeError):
            frechet_distance(np.zeros(first), np.zeros(second))
    for one, other in (([1, 2], [1, 2, 3]), ([0, 0], [1, 2])):
        with pytest.raises(ShapeError):
            total_variation(np.array(one), np.array(other))
