"""Cross-validation of heads, beside scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from pellucid.data.targets import ClassTargets
from pellucid.errors import DataError
from pellucid.metrics.chance import wilson
from pellucid.ops import CrossEntropy, SquaredError
from pellucid.ops.loss import one_hot
from pellucid.tasks import Regression, SingleLabel
from pellucid.transfer.folds import ALWAYS_LEARNED, make_folds
from pellucid.transfer.out_of_fold import check_folds, judge_folds, out_of_fold

RANDOM = np.random.default_rng(11)
FEATURES = RANDOM.normal(size=(60, 9)).astype(np.float32)
FOLDS = make_folds(np.zeros(60, int), np.arange(60), 3, seed=1)


def test_what_is_held_out_is_not_learned() -> None:
    targets = np.sin(FEATURES[:, :1].astype(float)) * 2 + 1
    ours = out_of_fold(FEATURES, targets, SquaredError(), FOLDS, weight_decay=0.1)
    scale = SquaredError().value_and_gradient(np.ones((1, 1)), np.zeros((1, 1)))[0]
    for fold in range(3):
        learned = fold != FOLDS
        standard = StandardScaler().fit(FEATURES[learned].astype(float))
        theirs = Ridge(alpha=0.1 * np.count_nonzero(learned) / (2 * scale))
        theirs.fit(standard.transform(FEATURES[learned].astype(float)), targets[learned])
        found = theirs.predict(standard.transform(FEATURES[~learned].astype(float)))
        np.testing.assert_allclose(ours[~learned], found.reshape(-1, 1), atol=1e-4)


def test_noise_is_judged_as_noise_and_signal_as_signal() -> None:
    labels = np.arange(60) % 2
    task = SingleLabel(("a", "b"))
    noise = out_of_fold(FEATURES, one_hot(labels, 2), CrossEntropy(), FOLDS)
    judged = judge_folds(task, noise, labels, FOLDS, seed=0)
    assert judged.low < 0.5 < judged.high
    told = FEATURES + 5 * labels[:, None]
    outputs = out_of_fold(told, one_hot(labels, 2), CrossEntropy(), FOLDS)
    judged = judge_folds(task, outputs, labels, FOLDS, seed=0)
    assert judged.value == 1.0
    assert (judged.low, judged.high) == wilson(60, 60)
    assert judged.of_each == (1.0, 1.0, 1.0)
    assert "60 pictures" in str(judged)


def test_numbers_have_an_interval_and_pictures_in_no_fold_no_answer() -> None:
    targets = FEATURES[:, :1].astype(float) + RANDOM.normal(size=(60, 1)) / 4
    task = Regression(("y",), (0.0,), (1.0,))
    folds = FOLDS.copy()
    folds[:5] = ALWAYS_LEARNED
    outputs = out_of_fold(FEATURES, targets, SquaredError(), folds)
    assert np.isnan(outputs[:5]).all()
    judged = judge_folds(task, outputs, targets, folds, seed=0)
    assert judged.low < judged.value < judged.high < 1
    assert judged.value > 0.8
    assert judged.count == 55


def test_too_few() -> None:
    for places, words in (([0, 0, 0, 0, 0, 1], "b"), ([0, 1], "2 pictures")):
        with pytest.raises(DataError, match=words):
            check_folds(ClassTargets(np.array(places), ("a", "b")), None, 5)
