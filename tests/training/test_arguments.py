"""What fit and evaluate take, and what they say of what they do not take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.data import Dataset, Splits
from pellucid.errors import PellucidError
from pellucid.evaluation.edit_effect import data_effect
from pellucid.explain.surgery import SetWeight
from pellucid.files.held_out import held_out
from pellucid.layers import Dense, Flatten, Sequential

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import ImageClassifier

X = np.zeros((60, 6, 5), np.uint8)
Y = np.arange(60) % 3
X[np.arange(60), 2 * Y] = 200
"""Which row of a picture is bright is its class."""

NAMES = np.array(["cat", "dog", "owl"])


def linear(classes: int) -> Sequential:
    return Sequential([Flatten(), Dense(classes)])


def model(**settings: Any) -> ImageClassifier:
    return pl.ImageClassifier(linear, **{"epochs": 8, "batch_size": 10, **settings})


@pytest.fixture(scope="module")
def numbers() -> ImageClassifier:
    return model().fit(X, Y * 10)


@pytest.fixture(scope="module")
def words() -> ImageClassifier:
    return model().fit(X, NAMES[Y])


def splits(labels: Any = Y) -> Splits:
    return pl.data.load({"x": X, "y": labels, "x_test": X[:9], "y_test": labels[:9]})


def test_whatever_holds_labelled_pictures_is_taken(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=Y, x_test=X[:9], y_test=Y[:9])
    parts = splits()
    forms: list[tuple[Any, ...]] = [
        (X, Y),
        (X[..., None], Y.tolist()),
        (X, Y.astype(float)[:, None]),
        (parts.train,),
        (parts,),
        (tmp_path / "a.npz",),
        (str(tmp_path / "a.npz"),),
        ({"x": X, "y": Y, "x_test": X[:9], "y_test": Y[:9]},),
    ]
    for form in forms:
        learned = model().fit(*form)
        assert learned.classes_.tolist() == [0, 1, 2]
        assert learned.evaluate(*form).accuracy == learned.score(*form) == 1.0
        assert len(learned.find_learning_rate(*form, steps=20).rates) > 0


def test_splits_bring_validation_and_test() -> None:
    parts = splits()
    assert parts.validation is not None
    learned = model().fit(parts)
    assert learned.model_.provenance["validation"]["pictures"] == len(parts.validation)
    assert learned.model_.provenance["data"]["pictures"] == len(parts.train)
    assert learned.evaluate(parts).count == 9
    with pytest.raises(PellucidError, match="without a test part"):
        learned.evaluate(Splits(parts.train, None, None))


@pytest.mark.parametrize("dtype", [np.uint8, np.float64, object])
def test_labels_are_values_at_every_door(numbers: ImageClassifier, dtype: Any) -> None:
    given = (Y * 10).astype(dtype)
    assert numbers.score(X, given) == 1.0
    assert numbers.score(X[:7], given[:7, None]) == 1.0
    assert model().fit(X, Y * 10, validation_data=(X, given)).history_[-1].validation_accuracy == 1
    assert set(numbers.predict(X).tolist()) == {0, 10, 20}


def test_labels_of_the_other_kind_are_refused(
    numbers: ImageClassifier, words: ImageClassifier
) -> None:
    kinds = "(?=.*integers)(?=.*texts)"
    for learned, labels, own in ((numbers, NAMES[Y], Y * 10), (words, Y, NAMES[Y])):
        for door in (learned.evaluate, learned.score):
            with pytest.raises(PellucidError, match=kinds):
                door(X, labels)
        with pytest.raises(PellucidError, match=kinds):
            model().fit(X, own, validation_data=(X, labels))
    with pytest.raises(PellucidError, match=kinds):  # texts that spell the integers
        numbers.score(X, (Y * 10).astype(str))


def test_an_integer_target_is_a_place_and_a_text_a_name() -> None:
    digits = model().fit(X, np.array(["10", "2", "7"])[Y])
    numbered = model().fit(X, np.array([7, 2, 10])[Y])
    for learned, expected in ((digits, ["10", "2", "7"]), (numbered, [2, 7, 10])):
        assert learned.classes_.tolist() == expected
        for k, value in enumerate(expected):
            target: Any
            for target in (k, np.int64(k), str(value)):
                found = learned.explain(X[0], "gradient", target=target)
                assert found.scored.target_name == str(value)
            assert learned.backward(X[0], learned.classes_[k]).label == str(value)
            assert learned.backward(X[0], str(value)).label == str(value)
        wrong: Any
        for wrong in (3, -1, 1.0, True, b"2"):
            with pytest.raises(PellucidError):
                learned.backward(X[0], wrong)
    for k, name in enumerate(("10", "2", "7")):  # no labels that an integer could be
        assert digits.backward(X[0], k).label == name


@pytest.mark.parametrize("kind", ["int", "text", "bool"])
def test_kinds_survive_saving(tmp_path: Path, kind: str) -> None:
    labels: Any = {"int": Y * 10 - 10, "text": NAMES[Y], "bool": Y > 0}[kind]
    learned = model().fit(X, labels)
    learned.save(tmp_path / "m.safetensors")
    loaded = pl.load(tmp_path / "m.safetensors")
    for each in (learned, loaded):
        assert each.classes_.dtype == np.unique(labels).dtype
        np.testing.assert_array_equal(each.classes_, np.unique(labels))
        predicted = each.predict(X)
        assert predicted.dtype == labels.dtype
        assert np.mean(predicted == labels) == each.score(X, labels) == 1.0
        assert type(each.predict(X[0])) is type(labels.tolist()[0])


def test_a_data_set_is_judged_by_its_class_names(words: ImageClassifier) -> None:
    """Some of the classes, in another order; and integers that the names spell."""
    two = Dataset(X[Y > 0][..., None], 2 - Y[Y > 0], ("owl", "dog"))
    assert words.evaluate(two).accuracy == 1.0
    numbers = model().fit(X, Y)
    named = Dataset(X[..., None], Y, ("0", "1", "2"))
    assert numbers.score(named) == 1.0
    with pytest.raises(PellucidError, match="does not know the class bird"):
        words.evaluate(Dataset(X[..., None], Y, ("cat", "dog", "bird")))


@pytest.mark.parametrize(
    ("given", "came"),
    [
        ((None,), "None"),
        ((X,), r"array \(60, 6, 5\) uint8 without labels"),
        (((X, Y),), "tuple of two"),
        ((X, None), "without labels"),
        ((X, b"abc"), "bytes"),
        ((X, "abc"), "'abc'"),
        ((X[0, 0], Y), r"\(5,\)"),
        ((X / 255, Y), "float64"),
        ((X, Y[:7]), "7 labels for 60 pictures"),
        ((3, Y), "int"),
        (("nowhere", None), "nowhere"),
        ((["a.png", "b.png"], [0, 1]), r"\(2,\)"),
        ((splits().train, Y), "labels of its own"),
        ((splits(), Y), "labels of its own"),
        (("mnist", Y), "labels of its own"),
    ],
)
def test_errors_name_what_came(given: tuple[Any, ...], came: str) -> None:
    plain = model(epochs=1).fit(X, Y)
    for door in (model().fit, plain.evaluate, plain.score):
        with pytest.raises(PellucidError, match=came) as caught:
            door(*given)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("given", [X, (X,), (X, Y, Y), "folder", 3])
def test_validation_data_of_another_form(given: Any) -> None:
    with pytest.raises(PellucidError, match="validation_data"):
        model().fit(X, Y, validation_data=given)


def test_integers_of_16_bits_are_scaled_by_their_range_at_every_door() -> None:
    deep = X.astype(np.uint16) * 7
    learned = model().fit(deep, Y, validation_data=(deep, Y))
    assert learned.score(deep, Y) == np.mean(learned.predict(deep) == Y) == 1.0
    assert learned.history_[-1].validation_accuracy == 1.0


def test_the_effect_of_an_edit_is_judged_by_class_names(numbers: ImageClassifier) -> None:
    edited = numbers.edited(SetWeight("dense1.bias", (0,), 0.0))
    turned = Dataset(X[..., None], 2 - Y, ("20", "10", "0"))
    effect = data_effect(numbers, edited, turned)
    assert effect.numbers.first.right.all()
    with pytest.raises(PellucidError, match="does not know the class cat"):
        data_effect(numbers, edited, Dataset(X[..., None], Y, ("cat", "10", "20")))


@pytest.mark.parametrize("seed", [0, 3])
def test_what_was_learned_is_not_judged_however_the_data_were_loaded(
    tmp_path: Path, seed: int
) -> None:
    """Parts that were drawn with a seed of their own, and used in every way."""
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    for share in (None, 0.2, 0):
        parts = pl.data.load(tmp_path / "a.npz", seed=seed, validation=share)
        assert parts.test is not None
        ways: list[Any] = [((parts,), {}), ((parts.train,), {"validation_data": parts.validation})]
        ways.append(((parts.train,), {}))
        for given, options in ways:
            learned = model(epochs=1).fit(*given, **options)
            pictures, notes = held_out(tmp_path / "a.npz", learned.model_)
            assert "set aside" in notes[0]
            np.testing.assert_array_equal(pictures.images, parts.test.images)
            assert learned.evaluate(tmp_path / "a.npz").count == len(parts.test)
