"""Average precision, F1 and the threshold, compared with scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    precision_recall_fscore_support,
    r2_score,
)
from sklearn.metrics import mean_absolute_error as sklearn_mae

from pellucid.errors import ShapeError
from pellucid.metrics.multi_label import average_precision, best_threshold, label_scores
from pellucid.metrics.regression import (
    mean_absolute_errors,
    mean_r_squared,
    r_squared,
    root_mean_squared_errors,
)


@pytest.mark.parametrize("levels", [0, 7], ids=["all different", "with ties"])
@pytest.mark.parametrize("seed", range(4))
def test_against_scikit_learn(seed: int, levels: int) -> None:
    random = np.random.default_rng(seed)
    marks = (random.random((60, 5)) < [0.05, 0.2, 0.5, 0.8, 0.95]).astype(int)
    marks[0] = 1
    scores = np.clip(random.random((60, 5)) + 0.3 * marks, 0, 1)
    if levels:
        scores = np.round(scores * levels) / levels
    found = label_scores(scores, marks, 0.6)
    answers = scores >= 0.6
    np.testing.assert_allclose(
        found.average_precision, average_precision_score(marks, scores, average=None)
    )
    precision, recall, f1, support = precision_recall_fscore_support(
        marks, answers, zero_division=0
    )
    np.testing.assert_allclose(found.precision, precision)
    np.testing.assert_allclose(found.recall, recall)
    np.testing.assert_allclose(found.f1, f1)
    assert found.support.tolist() == support.tolist()
    assert found.given.tolist() == answers.sum(axis=0).tolist()
    assert found.micro_f1 == pytest.approx(f1_score(marks, answers, average="micro"))
    assert found.macro_f1 == pytest.approx(
        f1_score(marks, answers, average="macro", zero_division=0)
    )
    assert found.mean_average_precision == pytest.approx(average_precision_score(marks, scores))


@pytest.mark.parametrize("seed", range(5))
def test_no_other_threshold_is_better(seed: int) -> None:
    random = np.random.default_rng(seed)
    marks = (random.random((40, 3)) < 0.3).astype(int)
    scores = np.clip(0.5 * random.random((40, 3)) + 0.3 * marks, 0, 1)
    best = best_threshold(scores, marks)
    assert 0 < best < 1
    reached = label_scores(scores, marks, best).micro_f1
    others = [label_scores(scores, marks, t).micro_f1 for t in np.unique(scores)]
    assert reached == pytest.approx(max(others), abs=1e-12)


def test_labels_that_no_picture_has() -> None:
    scores, marks = np.array([[0.9, 0.1], [0.2, 0.3]]), np.array([[1, 0], [0, 0]])
    found = label_scores(scores, marks, 0.5)
    assert found.average_precision[0] == 1.0
    assert np.isnan(found.average_precision[1])
    assert found.mean_average_precision == 1.0
    assert best_threshold(scores, np.zeros_like(marks)) == 0.5
    assert np.isnan(average_precision(scores[:, 0], np.zeros(2, int)))
    assert label_scores(scores, np.zeros_like(marks), 1.0).micro_f1 == 0.0


def test_a_threshold_lies_in_the_widest_gap() -> None:
    scores, marks = np.array([[0.9], [0.8], [0.2]]), np.array([[1], [1], [0]])
    assert best_threshold(scores, marks) == pytest.approx(0.5)


@pytest.mark.parametrize("shape", [(3,), (3, 1), (0, 2)])
def test_shapes_are_checked(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError):
        label_scores(np.zeros((3, 2)), np.zeros(shape, int), 0.5)
    with pytest.raises(ShapeError):
        mean_absolute_errors(np.zeros((3, 2)), np.zeros(shape))


@pytest.mark.parametrize("columns", [1, 3])
def test_regression_against_scikit_learn(columns: int) -> None:
    random = np.random.default_rng(columns)
    targets = random.normal(5, 3, (50, columns))
    predicted = targets + random.normal(0, 1, targets.shape)
    np.testing.assert_allclose(
        r_squared(predicted, targets), r2_score(targets, predicted, multioutput="raw_values")
    )
    assert mean_r_squared(predicted, targets) == pytest.approx(r2_score(targets, predicted))
    np.testing.assert_allclose(
        mean_absolute_errors(predicted, targets),
        sklearn_mae(targets, predicted, multioutput="raw_values"),
    )
    np.testing.assert_allclose(
        root_mean_squared_errors(predicted, targets),
        np.sqrt(((predicted - targets) ** 2).mean(axis=0)),
    )


def test_predicting_the_mean_explains_nothing() -> None:
    targets = np.array([[1.0], [2.0], [6.0]])
    assert mean_r_squared(np.full((3, 1), 3.0), targets) == 0.0
    assert np.isnan(r_squared(targets, np.ones((3, 1)))[0])
    assert mean_r_squared(targets, np.ones((3, 1))) == 0.0
