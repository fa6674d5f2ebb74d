"""What scikit-learn's users call, on pictures as arrays."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    RocCurveDisplay,
    classification_report,
    roc_auc_score,
)
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.utils.validation import check_is_fitted

import pellucid as pl
from pellucid.layers import Dense, Flatten, Sequential
from pellucid.training.watching import in_worker

mpl.use("agg")

RANDOM = np.random.default_rng(8)
X = RANDOM.integers(0, 120, (60, 6, 5)).astype(np.uint8)
PLACES = np.arange(60) % 2
X[np.arange(60), 2 * PLACES] += 90
LABELS: dict[str, Any] = {
    "integers": np.array([3, 8])[PLACES],
    "zero and one": PLACES,
    "texts": np.array(["three", "eight"])[PLACES],
    "objects": np.array(["three", "eight"], object)[PLACES],
    "bools": PLACES > 0,
}


def linear(classes: int) -> Sequential:
    return Sequential([Flatten(), Dense(classes)])


def model(**settings: Any) -> pl.ImageClassifier:
    return pl.ImageClassifier(linear, **{"epochs": 6, "batch_size": 10, **settings})


@pytest.mark.parametrize("kind", LABELS)
def test_scores_by_every_kind_of_labels(kind: str) -> None:
    labels = LABELS[kind]
    scoring = ["accuracy", "balanced_accuracy", "roc_auc", "neg_log_loss"]
    if kind in ("zero and one", "bools"):  # scikit-learn asks which class is positive
        scoring += ["average_precision", "f1", "neg_brier_score"]
    for name in scoring:
        scores = cross_val_score(model(), X, labels, cv=3, scoring=name, error_score="raise")
        assert scores.shape == (3,)
        assert np.isfinite(scores).all()
        if name == "accuracy":
            assert scores.min() > 0.8


@pytest.mark.parametrize("kind", LABELS)
def test_predictions_held_out(kind: str) -> None:
    labels = LABELS[kind]
    answers = cross_val_predict(model(), X, labels, cv=3)
    assert answers.dtype == np.unique(np.asarray(labels.tolist())).dtype
    assert np.mean(answers == labels) > 0.8
    probabilities = cross_val_predict(model(), X, labels, cv=3, method="predict_proba")
    assert probabilities.shape == (60, 2)
    second = labels == np.unique(labels)[1]
    assert roc_auc_score(second, probabilities[:, 1]) > 0.9


def test_three_classes() -> None:
    labels = np.array(["b", "a", "c"])[np.arange(60) % 3]
    score = cross_val_score(model(), X, labels, cv=3, scoring="roc_auc_ovr", error_score="raise")
    assert np.isfinite(score).all()
    learned = model().fit(X, labels)
    assert learned.classes_.tolist() == ["a", "b", "c"]
    assert "precision" in classification_report(labels, learned.predict(X), zero_division=0.0)


@pytest.mark.parametrize("kind", LABELS)
def test_displays(kind: str) -> None:
    learned = model().fit(X, LABELS[kind])
    assert RocCurveDisplay.from_estimator(learned, X, LABELS[kind]).roc_auc > 0.9
    matrix = ConfusionMatrixDisplay.from_estimator(learned, X, LABELS[kind])
    assert matrix.confusion_matrix.sum() == 60
    assert list(matrix.display_labels) == learned.classes_.tolist()


def score_in_worker(learned: pl.ImageClassifier, pictures: Any, labels: Any) -> float:
    if not in_worker():  # where fit would show its progress
        raise RuntimeError("a worker process takes itself for the main one")
    return learned.score(pictures, labels)


def test_a_search_in_two_processes() -> None:
    search = GridSearchCV(
        model(epochs=2), {"learning_rate": [1e-3]}, cv=2,
        n_jobs=2, error_score="raise", scoring=score_in_worker,
    )  # fmt: skip
    search.fit(X, LABELS["texts"])
    assert search.best_score_ > 0.5
    assert search.predict(X).tolist() == search.best_estimator_.predict(X).tolist()


def test_conventions() -> None:
    estimator = model()
    assert is_classifier(estimator)
    with pytest.raises(ValueError, match="not fitted"):
        check_is_fitted(estimator)
    before = estimator.get_params()
    assert estimator.fit(X, PLACES) is estimator
    check_is_fitted(estimator)
    assert estimator.get_params() == before
    assert estimator.set_params(epochs=3) is estimator
    first, again = (model(seed=5).fit(X, PLACES).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    order = RANDOM.permutation(60)
    np.testing.assert_allclose(
        estimator.predict_proba(X)[order], estimator.predict_proba(X[order]), rtol=1e-5
    )


def test_scikit_learn_is_not_imported_before_it_is_used() -> None:
    code = (
        "import sys, numpy as np, pellucid as pl; from pellucid.layers import *; "
        "x = np.zeros((8, 4, 4), np.uint8); "
        "m = pl.ImageClassifier(Sequential([Flatten(), Dense(2)]), epochs=1)"
        ".fit(x, [0, 1] * 4); m.score(x, [0, 1] * 4); repr(m); "
        "print('sklearn' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "False"
