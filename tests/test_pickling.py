"""Classifiers in pickles and copies: the same answers, and the model file's checks on the way."""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from typing import TYPE_CHECKING, Any

import joblib  # type: ignore[import-untyped]
import numpy as np
import pytest
from sklearn.base import clone

import pellucid as pl
from pellucid.errors import FileFormatError, NotFittedError, PellucidError
from pellucid.layers import Dense, Flatten, Sequential
from pellucid.training.start import StartsFromScratchWarning

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid import ImageClassifier

X = np.random.default_rng(3).integers(0, 256, (40, 6, 5)).astype(np.uint8)
Y = np.arange(40) % 3 * 5


def linear(classes: int) -> Sequential:
    return Sequential([Flatten(), Dense(classes)])


def fitted(architecture: Any = linear, **settings: Any) -> ImageClassifier:
    return pl.ImageClassifier(architecture, epochs=2, batch_size=8, **settings).fit(X, Y)


def by_joblib(model: ImageClassifier) -> Any:
    stream = io.BytesIO()
    joblib.dump(model, stream)
    stream.seek(0)
    return joblib.load(stream)


def loaded(data: bytes) -> Any:
    return pickle.loads(data)  # noqa: S301  # what this file is about


def learn_anew(model: ImageClassifier, pictures: Any, *, loaded: bool) -> None:
    """Fit again; what comes from a pickle says that it starts from scratch."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(pictures, Y)
    assert [each.category for each in caught] == [StartsFromScratchWarning] * loaded


WAYS: dict[str, Callable[[Any], Any]] = {
    "pickle, oldest": lambda model: loaded(pickle.dumps(model, 2)),
    "pickle": lambda model: loaded(pickle.dumps(model)),
    "joblib": by_joblib,
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("architecture", [linear, linear(3), "lenet5-original"])
def test_a_copy_answers_the_same(way: str, architecture: Any) -> None:
    pictures = np.pad(X, ((0, 0), (11, 11), (11, 12))) if isinstance(architecture, str) else X
    model = pl.ImageClassifier(architecture, epochs=2, batch_size=8, seed=4).fit(pictures, Y)
    again = WAYS[way](model)
    assert again.get_params().keys() == model.get_params().keys()
    assert repr(again) == repr(model)
    np.testing.assert_array_equal(again.predict_proba(pictures), model.predict_proba(pictures))
    assert again.classes_.dtype == np.int64
    assert again.score(pictures, Y) == model.score(pictures, Y)
    assert [row.loss for row in again.history_] == [row.loss for row in model.history_]
    assert again.model_.provenance == model.model_.provenance
    before = model.predict_proba(pictures)
    learn_anew(again, pictures, loaded="copy" not in way)  # and the first is untouched
    np.testing.assert_array_equal(model.predict_proba(pictures), before)


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_what_has_learned_nothing(way: str) -> None:
    again = WAYS[way](pl.ImageClassifier(linear, epochs=2, class_weights=(1.0, 2.0, 3.0)))
    assert again.epochs == 2
    assert again.class_weights == (1.0, 2.0, 3.0)
    with pytest.raises(NotFittedError):
        again.predict(X)
    assert again.fit(X, Y).score(X, Y) >= 0


def test_a_function_that_cannot_be_pickled_becomes_its_layers() -> None:
    model = fitted(lambda classes: Sequential([Flatten(), Dense(classes)]))
    again = loaded(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert isinstance(again.architecture, Sequential)
    learn_anew(again, X, loaded=True)
    assert again.classes_.tolist() == [0, 5, 10]
    with pytest.raises(PellucidError, match=r"Dense\(2\)"):
        again.fit(X, Y > 0)
    assert callable(model.architecture)
    assert callable(copy.deepcopy(model).architecture)


def test_a_clone_has_the_settings_alone() -> None:
    model = fitted(seed=9)
    cloned = clone(model)
    assert cloned.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        cloned.predict(X)


def test_the_model_in_a_pickle_is_checked() -> None:
    pickled = bytearray(pickle.dumps(fitted()))
    at = pickled.rfind(b"self_test.logits")  # in the model file's header
    weights = pickled.find(b"\0\0\0", at)
    assert at > 0
    for place in (at, len(pickled) - 60 if weights < 0 else weights + 60):
        changed = bytearray(pickled)
        changed[place] ^= 0x21
        with pytest.raises(FileFormatError, match="pickled classifier") as caught:
            loaded(bytes(changed))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "state",
    [
        None,
        {},
        {"settings": {}, "model": 3},
        {"settings": {}, "model": b"abc"},
        {"settings": {"no_such": 1}, "model": None},
        {"settings": [], "model": None},
    ],
)
def test_states_that_are_none(state: Any) -> None:
    model = pl.ImageClassifier.__new__(pl.ImageClassifier)
    with pytest.raises(FileFormatError):
        model.__setstate__(state)


def test_results_can_be_pickled() -> None:
    data = pl.data.load({"x": X, "y": Y}, validation=0)
    model = fitted()
    for each in (data, data.train, model.evaluate(X, Y), model.model_, model.summary()):
        assert type(loaded(pickle.dumps(each))) is type(each)
    again = loaded(pickle.dumps(data.train))
    assert again.fingerprint() == data.train.fingerprint()
