"""Calibration: against scikit-learn, and by hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from pellucid.errors import ArgumentError, ShapeError
from pellucid.evaluation.calibration import BINS, calibrate
from tests.messages import check_line


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("bins", [1, 5, BINS])
def test_bins_against_scikit_learn(seed: int, bins: int) -> None:
    random = np.random.default_rng(seed)
    confidence = random.uniform(0.0, 1.0, 300) ** 0.5
    right = random.uniform(0.0, 1.0, 300) < confidence**2
    found = calibrate(confidence, right, bins=bins)
    accuracy, mean = calibration_curve(right, confidence, n_bins=bins)
    filled = [each for each in found.bins if each.count]
    assert [each.accuracy for each in filled] == pytest.approx(accuracy.tolist())
    assert [each.confidence for each in filled] == pytest.approx(mean.tolist())
    counts = np.array([each.count for each in filled])
    assert counts.sum() == 300
    assert found.expected_error == pytest.approx((counts * np.abs(accuracy - mean)).sum() / 300)
    assert found.mean_confidence == pytest.approx(confidence.mean())


def test_by_hand() -> None:
    confidence = np.array([0.6, 0.8, 0.9, 0.9])
    found = calibrate(confidence, np.array([True, False, True, True]), bins=2)
    low, high = found.bins
    assert (low.low, low.high, low.count, low.confidence, low.accuracy) == (0, 0.5, 0, None, None)
    assert (high.count, high.accuracy) == (4, 0.75)
    assert high.confidence == pytest.approx(0.8)
    assert found.expected_error == pytest.approx(0.05)


def test_edges_belong_to_the_bin_below() -> None:
    confidence = np.array([0.0, 0.25, 0.25 + 1e-9, 0.5, 1.0])
    found = calibrate(confidence, np.ones(5, bool), bins=4)
    assert [each.count for each in found.bins] == [2, 2, 0, 1]


def test_perfect_and_worst() -> None:
    sure = np.ones(3)
    assert calibrate(sure, np.ones(3, bool)).expected_error == 0.0
    assert calibrate(sure, np.zeros(3, bool)).expected_error == 1.0


def test_as_json() -> None:
    found = calibrate(np.array([0.5]), np.array([True]))
    values = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert values == found.to_dict()
    assert len(values["bins"]) == BINS
    assert values["bins"][0].keys() == {"low", "high", "count", "confidence", "accuracy"}


@pytest.mark.parametrize(
    ("confidence", "right", "message"),
    [
        ([0.5, 0.5], [True], r"got \(2,\) and \(1,\)"),
        ([], [], "at least 1"),
        ([[0.5]], [[True]], r"got \(1, 1\)"),
        ([1.5], [True], "got 1.5 to 1.5"),
        ([-0.1], [True], "probabilities, 0 to 1"),
        ([np.nan], [True], "got nan to nan"),
    ],
)
def test_what_is_no_confidence(confidence: Any, right: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message) as caught:
        calibrate(np.array(confidence), np.array(right, bool))
    check_line(caught.value)


def test_bins_that_are_none() -> None:
    with pytest.raises(ArgumentError, match="bins must be a whole number"):
        calibrate(np.array([0.5]), np.array([True]), bins=0)
