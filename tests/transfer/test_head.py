"""Heads compared with scikit-learn and SciPy: the same minimum, found in another way."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from pellucid.ops import CrossEntropy, Huber, SigmoidCrossEntropy, SquaredError
from pellucid.ops.loss import one_hot
from pellucid.transfer.choice import UNTRIED, fit_head
from pellucid.transfer.folds import ALWAYS_LEARNED, make_folds
from pellucid.transfer.head import HeadProblem

RANDOM = np.random.default_rng(7)
WIDE = RANDOM.normal(size=(40, 60)).astype(np.float32) * RANDOM.uniform(0.1, 30, 60) + 5
TALL = RANDOM.normal(size=(90, 12)).astype(np.float32) * RANDOM.uniform(0.1, 30, 12) - 3


@pytest.mark.parametrize("features", [WIDE, TALL], ids=["wide", "tall"])
def test_logistic_regression_of_several_classes(features: np.ndarray) -> None:
    count = len(features)
    labels = (features[:, 0] + features[:, 1] > features[:, 2]).astype(int) + (np.arange(count) % 2)
    decay = 0.05
    problem = HeadProblem(features, one_hot(labels, 3), CrossEntropy())
    head = problem.head(problem.solve(decay))
    scaler = StandardScaler().fit(features.astype(np.float64))
    theirs = LogisticRegression(C=1 / (decay * count), tol=1e-10, max_iter=5000)
    theirs.fit(scaler.transform(features.astype(np.float64)), labels)
    found = theirs.decision_function(scaler.transform(features.astype(np.float64)))
    ours = head.outputs(features)
    # softmax does not mind a number that is added to all logits
    ours, found = (each - each.mean(axis=1, keepdims=True) for each in (ours, found))
    np.testing.assert_allclose(ours, found, atol=2e-4)


@pytest.mark.parametrize("features", [WIDE, TALL], ids=["wide", "tall"])
def test_ridge_regression(features: np.ndarray) -> None:
    count = len(features)
    targets = np.stack([features[:, 0] * 0.3 + 2, np.sin(features[:, 1])], axis=1).astype(float)
    decay = 0.3
    problem = HeadProblem(features, targets, SquaredError())
    ours = problem.head(problem.solve(decay)).outputs(features)
    standard = StandardScaler().fit_transform(features.astype(np.float64))
    # our loss is a mean over pictures and outputs; theirs a sum of squares
    per_output = SquaredError().value_and_gradient(np.ones((1, 2)), np.zeros((1, 2)))[0]
    theirs = Ridge(alpha=decay * count / (2 * per_output) * 2, solver="cholesky")
    np.testing.assert_allclose(ours, theirs.fit(standard, targets).predict(standard), atol=1e-5)


@pytest.mark.parametrize("loss", [SigmoidCrossEntropy(), Huber(0.5)], ids=["sigmoid", "huber"])
def test_other_losses_by_a_general_minimiser(loss: SigmoidCrossEntropy | Huber) -> None:
    features = TALL[:, :5]
    targets = (features[:, :2] > features[:, 2:4]).astype(float)
    decay = 0.02
    standard = StandardScaler().fit_transform(features.astype(np.float64))

    def value(flat: np.ndarray) -> float:
        weights = flat.reshape(6, 2)
        outputs = standard @ weights[:5] + weights[5]
        return float(
            loss.value_and_gradient(outputs, targets)[0] + decay / 2 * (weights[:5] ** 2).sum()
        )

    theirs = minimize(value, np.zeros(12), method="BFGS", options={"gtol": 1e-7}).x.reshape(6, 2)
    problem = HeadProblem(features, targets, loss)
    ours = problem.head(problem.solve(decay)).outputs(features)
    np.testing.assert_allclose(ours, standard @ theirs[:5] + theirs[5], atol=1e-4)


def test_a_feature_that_never_changes_has_no_weight() -> None:
    features = np.concatenate([TALL, np.full((90, 1), 0.1, np.float32)], axis=1)
    problem = HeadProblem(features, one_hot(np.arange(90) % 2, 2), CrossEntropy())
    head = problem.head(problem.solve(1e-3))
    assert np.isfinite(head.kernel).all()
    assert not head.kernel[-1].any()


def test_classes_that_can_be_told_apart_get_a_weak_decay_and_noise_a_strong_one() -> None:
    labels = np.arange(60) % 2
    strata = make_folds(labels, np.arange(60), 5, seed=0)
    plain = RANDOM.normal(size=(60, 8))
    marked = plain.copy()
    marked[:, 0] += 9 * labels
    apart = fit_head(marked, one_hot(labels, 2), CrossEntropy(), strata)
    noise = fit_head(plain, one_hot(labels, 2), CrossEntropy(), strata)
    assert apart.weight_decay < 0.1 < noise.weight_decay
    assert apart.losses[apart.weight_decay] == min(apart.losses.values()) < 0.1
    assert (apart.head.outputs(marked).argmax(axis=1) == labels).all()


def test_without_folds_the_decay_is_not_chosen() -> None:
    nowhere = np.full(2, ALWAYS_LEARNED)
    found = fit_head(TALL[:2], one_hot(np.arange(2), 2), CrossEntropy(), nowhere)
    assert found.weight_decay == UNTRIED
    assert found.losses == {}
