"""Two networks compared: the lecture's table, SciPy's binomial test, and counting by hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax
from scipy.stats import binomtest, sem
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss

from pellucid.errors import ArgumentError, ShapeError
from pellucid.evaluation.comparison import compare, mcnemar
from tests.messages import check_line

NETWORK_1 = np.array([[0.9, 0.1], [0.1, 0.9], [0.4, 0.6]])
NETWORK_2 = np.array([[0.6, 0.4], [0.3, 0.7], [0.1, 0.9]])
TRUTH = np.array([0, 1, 0])  # dog, cat, dog


def test_the_lectures_two_networks() -> None:
    found = compare(NETWORK_1, NETWORK_2, TRUTH)
    one, two = found.first, found.second
    assert one.classification_error == two.classification_error == pytest.approx(1 / 3)
    assert round(one.mean_squared_error, 4) == 0.2533
    assert round(two.mean_squared_error, 4) == 0.7067
    assert round(one.cross_entropy, 4) == 0.3757
    assert round(two.cross_entropy, 4) == 1.0567
    assert one.squared_errors.tolist() == pytest.approx([0.02, 0.02, 0.72])
    assert two.cross_entropies.tolist() == pytest.approx([0.510826, 0.356675, 2.302585], abs=1e-6)
    assert found.groups() == {"both right": 2, "only first": 0, "only second": 0, "both wrong": 1}
    assert found.disagree.tolist() == []
    assert found.p_value == 1.0
    difference, error = found.cross_entropy_difference
    assert difference == pytest.approx(1.0567 - 0.3757, abs=1e-4)
    assert error == pytest.approx(sem(two.cross_entropies - one.cross_entropies))


def test_which_images_are_in_which_group() -> None:
    answers_a, answers_b = [0, 1, 2, 0, 1, 2], [0, 1, 0, 1, 2, 0]
    labels = np.array([0, 1, 2, 1, 0, 1])
    eye = np.eye(3) * 0.7 + 0.1
    found = compare(eye[answers_a], eye[answers_b], labels)
    assert found.both_right.tolist() == [0, 1]
    assert found.only_first.tolist() == [2]
    assert found.only_second.tolist() == [3]
    assert found.both_wrong.tolist() == [4, 5]
    assert found.disagree.tolist() == [2, 3, 4, 5]
    assert found.first.predicted.tolist() == answers_a
    assert found.second.confidence.tolist() == pytest.approx([0.8] * 6)


@pytest.mark.parametrize("seed", [0, 1])
def test_totals_against_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    logits = random.normal(0.0, 3.0, (2, 400, 4))
    labels = random.integers(0, 4, 400)
    found = compare(logits[0], logits[1], labels, logits=True)
    for answers, z in zip((found.first, found.second), logits, strict=True):
        probabilities = np.exp(log_softmax(z, axis=1))
        assert answers.accuracy == accuracy_score(labels, z.argmax(axis=1))
        assert answers.cross_entropy == pytest.approx(log_loss(labels, probabilities))
        assert answers.mean_squared_error == pytest.approx(
            brier_score_loss(np.eye(4)[labels].ravel(), probabilities.ravel()) * 4
        )
    one, two = np.exp(log_softmax(logits, axis=2))
    from_probabilities = compare(one, two, labels)
    assert from_probabilities.second.cross_entropies == pytest.approx(found.second.cross_entropies)
    assert from_probabilities.p_value == found.p_value
    assert sum(found.groups().values()) == len(found) == 400


@pytest.mark.parametrize(
    ("b", "c"), [(0, 0), (0, 1), (1, 1), (0, 6), (9, 3), (3, 9), (59, 33), (700, 500), (4000, 3700)]
)
def test_mcnemar_against_scipy(b: int, c: int) -> None:
    expected = binomtest(b, b + c, 0.5).pvalue if b + c else 1.0
    assert mcnemar(b, c) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_by_hand_and_out_of_range() -> None:
    assert mcnemar(0, 5) == 2 / 32
    assert mcnemar(1, 5) == 2 * (1 + 6) / 64
    assert mcnemar(0, 5000) == 0.0  # below any float
    for wrong in (-1, 1.5):
        with pytest.raises(ArgumentError, match="only_second must be a whole number") as caught:
            mcnemar(3, wrong)  # type: ignore[arg-type]
        check_line(caught.value)


def test_logits_keep_what_probabilities_lose() -> None:
    logits = np.array([[0.0, 2000.0, 2001.0]])
    labels = np.array([0])
    exact = compare(logits, logits, labels, logits=True)
    assert exact.first.cross_entropy == pytest.approx(2001.0, abs=1.0)
    lost = compare(np.array([[0.0, 0.25, 0.75]]), np.array([[1.0, 0.0, 0.0]]), labels)
    assert lost.first.cross_entropy == np.inf
    values = lost.to_dict()
    assert values["first"]["cross_entropy"] is None
    assert values["cross_entropy_difference"] is None
    assert values["second"]["cross_entropy"] == 0.0


def test_as_json() -> None:
    found = compare(NETWORK_1, NETWORK_2, TRUTH).to_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["groups"] == {"both_right": 2, "only_first": 0, "only_second": 0, "both_wrong": 1}
    assert found["count"] == 3
    assert found["first"]["calibration"]["mean_confidence"] == pytest.approx(0.8)
    assert found["cross_entropy_difference_standard_error"] > 0
    one = compare(NETWORK_1[:1], NETWORK_2[:1], TRUTH[:1]).to_dict()
    assert one["cross_entropy_difference_standard_error"] is None  # of one image nobody can tell


@pytest.mark.parametrize(
    ("first", "second", "labels", "message"),
    [
        ([[0.5, 0.5]], [[0.5, 0.5, 0.0]], [0], r"got \(1, 2\) and \(1, 3\)"),
        ([[0.5, 0.5]], [[0.5, 0.6]], [0], "image 0: .* with the sum 1.1"),
        ([[0.5, 0.5]], [[np.nan, 0.5]], [0], "image 0: .* got nan"),
        ([[0.5, 0.5]], [[-0.5, 1.5]], [0], "image 0: .* got -0.5 to 1.5"),
        ([[0.5, 0.5]], [[0.5, 0.5]], [2], "labels must be 0 to 1"),
        ([], [], [], "got"),
    ],
)
def test_what_cannot_be_compared(first: Any, second: Any, labels: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message) as caught:
        compare(np.array(first), np.array(second), np.array(labels, np.int64))
    check_line(caught.value)
