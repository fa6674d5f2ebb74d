"""scikit-learn's own checks of an estimator, on rows of numbers that are pictures.

They check nothing on pictures alone, so that an adapter takes rows of up to 64 numbers for pictures
of 8×8 pixels: all else is the classifier's own.
"""

# ruff: noqa: N803, N806 - scikit-learn calls it X

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any
from unittest import SkipTest

import numpy as np
import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from pellucid import ImageClassifier
from pellucid.layers import Dense, Flatten, ReLU, Sequential

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

SIDE = 8

EXCEPTIONS = {
    "check_classifiers_multilabel_output_format_decision_function": "there are probabilities alone",
    "check_array_api_input": "other array libraries are asked for by a variable of SciPy's alone",
    "check_classifier_data_not_an_array": "its second half is about pandas, which we do not use",
}
"""Checks that scikit-learn itself passes over, in whole or in part, with the reason."""


def two_layers(classes: int) -> Sequential:
    return Sequential([Flatten(), Dense(16), ReLU(), Dense(classes)])


class Rows(ImageClassifier):
    """Takes (N, F) numbers, F at most 64, as (N, 8, 8, 1) pixels; those that are missing are grey.

    Rows are checked by scikit-learn's functions, as every estimator of tables does; pictures, which
    methods hand on to each other, pass.
    """

    def __init__(
        self,
        architecture: Callable[[int], Sequential] = two_layers,
        *,
        epochs: int = 20,
        batch_size: int = 16,
        optimizer: str = "adam",
        learning_rate: float = 0.01,
        seed: int = 0,
    ) -> None:
        super().__init__(
            architecture,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            learning_rate=learning_rate,
            seed=seed,
        )

    def fit(self, X: Any, y: Any) -> Rows:  # type: ignore[override]
        shape = np.asarray(y).shape
        several = len(shape) == 2 and shape[1] > 1
        X, y = validate_data(self, X, y, multi_output=several)
        check_classification_targets(y)
        return super().fit(_pixels(X), y)

    def predict(self, X: Any) -> Any:
        return super().predict(self._pictures(X))

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        return super().predict_proba(self._pictures(X))

    def score(self, X: Any, y: Any) -> float:  # type: ignore[override]
        return super().score(self._pictures(X), y)

    def _pictures(self, X: Any) -> Any:
        check_is_fitted(self)
        if getattr(X, "ndim", 0) == 4:
            return X
        return _pixels(validate_data(self, X, reset=False))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = True, False
        return tags


def _pixels(rows: NDArray[Any]) -> NDArray[np.uint8]:
    pixels = np.full((len(rows), SIDE * SIDE), 128.0)
    pixels[:, : rows.shape[1]] += 16 * rows
    return pixels.clip(0, 255).reshape(-1, SIDE, SIDE, 1).astype(np.uint8)


def checks() -> Iterator[Any]:
    with warnings.catch_warnings():
        # The package does not import scikit-learn, and so cannot derive from its classes.
        warnings.filterwarnings("ignore", "Estimator Rows does not inherit", UserWarning)
        for estimator, check in estimator_checks_generator(Rows()):
            settings = ", ".join(f"{name}={value}" for name, value in check.keywords.items())
            name = check.func.__name__
            yield pytest.param(estimator, check, name, id=f"{name}({settings})")


@pytest.mark.parametrize(("estimator", "check", "name"), [*checks()])
def test_check(estimator: Rows, check: Callable[[Rows], None], name: str) -> None:
    try:
        check(estimator)
    except SkipTest:
        assert name in EXCEPTIONS
    else:
        assert name not in EXCEPTIONS, "it passes now: take it off the list"
