"""The classifier as people and scikit-learn use it."""

from __future__ import annotations

import dataclasses
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.metrics import accuracy_score
from sklearn.model_selection import cross_val_score

import pellucid as pl
from pellucid.errors import ArgumentError, DataError, NotFittedError, PellucidError, ShapeError
from pellucid.files.lock import FolderLock
from pellucid.layers import Conv2D, Dense, Flatten, ReLU, Sequential, Softmax

if TYPE_CHECKING:
    from pellucid import Dataset, ImageClassifier

Digits = tuple["Dataset", "Dataset"]


def tiny(classes: int) -> Sequential:
    return Sequential([Conv2D(8, 3), ReLU(), Flatten(), Dense(classes)])


def test_it_learns_real_digits(classifier: ImageClassifier, digits: Digits) -> None:
    report = classifier.evaluate(digits[1])
    assert report.accuracy > 0.93
    assert report.accuracy == classifier.score(digits[1])
    predicted = classifier.predict(digits[1].images)
    truth = np.array(digits[1].classes)[digits[1].places]
    assert report.accuracy == pytest.approx(accuracy_score(truth, predicted))


def test_probabilities_are_probabilities(classifier: ImageClassifier, digits: Digits) -> None:
    probabilities = classifier.predict_proba(digits[1].images[:7])
    assert probabilities.shape == (7, 10)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(7))
    assert probabilities.min() >= 0


def test_one_picture_in_every_form(
    classifier: ImageClassifier, digits: Digits, tmp_path: Path
) -> None:
    pixels = digits[1].images[3]
    path = tmp_path / "digit.png"
    Image.fromarray(pixels[..., 0]).save(path)
    expected = classifier.predict_proba(digits[1].images[3:4])[0]
    forms: list[Any] = [
        pixels, pixels[..., 0], path, str(path), path.read_bytes(), Image.open(path),
    ]  # fmt: skip
    for form in forms:
        assert classifier.predict_proba(form) == pytest.approx(expected)
        assert classifier.predict(form) == digits[1].classes[int(expected.argmax())]
    listed = classifier.predict_proba([path, pixels])
    assert listed == pytest.approx(np.stack([expected, expected]), abs=1e-6)


def test_a_picture_of_another_size_is_resized(
    classifier: ImageClassifier, digits: Digits, tmp_path: Path
) -> None:
    large = Image.fromarray(digits[1].images[3, ..., 0]).resize((64, 64), Image.Resampling.BICUBIC)
    large.save(tmp_path / "large.jpg", quality=95)
    expected = classifier.predict(digits[1].images[3])
    assert classifier.predict(tmp_path / "large.jpg") == expected


def test_an_array_of_another_size_is_refused(classifier: ImageClassifier) -> None:
    with pytest.raises(
        ShapeError, match=r"takes pictures 8×8×1 .*, got an array of shape \(2, 9, 8"
    ):
        classifier.predict(np.zeros((2, 9, 8, 1), np.uint8))


def test_pixels_of_another_type_are_refused(classifier: ImageClassifier, digits: Digits) -> None:
    """A share of 0 to 1 for a pixel of 0 to 255 would be answered, and wrong."""
    for shares in (digits[1].images[:3] / 255, digits[1].images[0] / 255):
        with pytest.raises(DataError, match=r"pixels are float64; expected uint8 values 0\.\.255"):
            classifier.predict(shares)


def test_labels_come_back_as_they_were_given(digits: Digits) -> None:
    train, test = digits
    numbers = train.places * 10
    model = pl.ImageClassifier(tiny, epochs=1).fit(train.images, numbers)
    predicted = model.predict(test.images)
    assert set(predicted) <= set(numbers)
    assert accuracy_score(test.places * 10, predicted) > 0.5
    assert isinstance(model.predict(test.images[0]), int)
    words = np.array(["zero", "one"])[(train.places > 4).astype(int)]
    model = pl.ImageClassifier(tiny, epochs=1).fit(train.images[..., 0], words.tolist())
    assert model.classes_.tolist() == ["one", "zero"]
    assert model.predict(test.images[0]) in ("one", "zero")


def test_same_seed_same_bits(digits: Digits, tmp_path: Path) -> None:
    small = digits[0].subset(range(200))
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        pl.ImageClassifier(tiny, epochs=2, seed=seed).fit(small).save(tmp_path / name)
    first = (tmp_path / "a").read_bytes()
    assert first == (tmp_path / "b").read_bytes()
    assert first != (tmp_path / "c").read_bytes()


def test_saved_and_loaded_it_answers_the_same(
    classifier: ImageClassifier, digits: Digits, model_path: Path
) -> None:
    loaded = pl.load(str(model_path))
    np.testing.assert_array_equal(loaded.classes_, classifier.classes_)
    images = digits[1].images
    assert np.array_equal(loaded.predict_proba(images), classifier.predict_proba(images))
    kept = [
        dataclasses.replace(row, images_per_second=0.0, seconds=0.0, waited=0.0)
        for row in classifier.history_
    ]
    assert loaded.history_ == kept
    assert len(kept) == 3
    assert loaded.model_.provenance["recipe"]["seed"] == 0
    assert loaded.model_.provenance["data"]["fingerprint"] == digits[0].fingerprint()


def test_the_best_epoch_is_kept(digits: Digits) -> None:
    train, test = digits
    model = pl.ImageClassifier(
        tiny, optimizer="sgd", learning_rate=0.3, schedule="constant", epochs=6, batch_size=16
    ).fit(train.subset(range(300)), validation_data=test)
    accuracies = [row.validation_accuracy for row in model.history_]
    best = max(a for a in accuracies if a is not None)
    assert model.score(test) == pytest.approx(best)
    assert model.model_.provenance["results"]["validation_accuracy"] == pytest.approx(best)


def test_validation_data_may_be_arrays(digits: Digits) -> None:
    train, test = digits
    model = pl.ImageClassifier(tiny, epochs=1).fit(
        train, validation_data=(test.images, [test.classes[k] for k in test.places])
    )
    assert model.history_[0].validation_accuracy == pytest.approx(model.score(test))


def test_values_hold_every_layer(classifier: ImageClassifier, digits: Digits) -> None:
    values = classifier.values(digits[1].images[0])
    names = [row.layer for row in classifier.summary().rows]
    assert set(values) == {"input", "probabilities", *names}
    assert values["conv1"].shape == (8, 8, 32)
    assert np.array_equal(values["relu1"], np.maximum(values["conv1"], 0))
    assert values["probabilities"] == pytest.approx(
        classifier.predict_proba(digits[1].images[0]), abs=1e-6
    )


def test_scikit_learn_can_clone_and_cross_validate(digits: Digits) -> None:
    model = pl.ImageClassifier(tiny, epochs=2, seed=3, batch_size=32)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    train = digits[0].subset(range(400))
    scores = cross_val_score(model, train.images, train.places, cv=3)
    assert scores.mean() > 0.6
    with pytest.raises(NotFittedError):
        model.predict(train.images)


def test_params_are_set_and_named(digits: Digits) -> None:
    model = pl.ImageClassifier().set_params(seed=4, epochs=7)
    assert model.get_params()["seed"] == 4
    assert repr(model) == "ImageClassifier(epochs=7, seed=4)"
    with pytest.raises(ArgumentError, match="no setting 'sneed'; there are architecture, epochs"):
        model.set_params(sneed=4)


def test_nothing_learned_nothing_answered() -> None:
    for ask in ("classes_", "model_", "history_"):
        with pytest.raises(NotFittedError, match="has learned nothing yet; call fit"):
            getattr(pl.ImageClassifier(), ask)


def one_class(digits: Digits) -> object:
    return pl.ImageClassifier(tiny).fit(digits[0].images, np.zeros(len(digits[0]), int))


def no_labels(digits: Digits) -> object:
    return pl.ImageClassifier(tiny).fit(digits[0].images)


def wrong_classes(digits: Digits) -> object:
    other = pl.Dataset(digits[1].images, digits[1].places, tuple("abcdefghij"))
    return pl.ImageClassifier(tiny).fit(digits[0], validation_data=other)


def with_softmax(digits: Digits) -> object:
    network = Sequential([Flatten(), Dense(10), Softmax()])
    return pl.ImageClassifier(network).fit(digits[0])


def too_few_logits(digits: Digits) -> object:
    return pl.ImageClassifier(Sequential([Flatten(), Dense(9)])).fit(digits[0])


def unknown_engine(digits: Digits) -> object:
    return pl.ImageClassifier(tiny, engine="abacus").fit(digits[0])


def unknown_architecture(digits: Digits) -> object:
    return pl.ImageClassifier("lectur").fit(digits[0])


def too_small(digits: Digits) -> object:
    return pl.ImageClassifier("lenet5").fit(digits[0])


def a_list(digits: Digits) -> object:
    layers: Any = [Flatten(), Dense(10)]
    return pl.ImageClassifier(layers).fit(digits[0])


def makes_no_layers(digits: Digits) -> object:
    return pl.ImageClassifier(lambda classes: None).fit(digits[0])  # type: ignore[arg-type, return-value]


def other_class_weights(digits: Digits) -> object:
    return pl.ImageClassifier(tiny, class_weights="even").fit(digits[0])


def waits_for_nothing(digits: Digits) -> object:
    return pl.ImageClassifier(tiny, patience=2).fit(digits[0])


def resumes_nowhere(digits: Digits) -> object:
    return pl.ImageClassifier(tiny).fit(digits[0], resume=True)


def no_model(digits: Digits) -> object:
    return pl.load(Path(__file__).parent)


def unknown_label(digits: Digits) -> object:
    model = pl.ImageClassifier(tiny, epochs=1).fit(digits[0])
    return model.evaluate(digits[1].images, ["x"] * len(digits[1]))


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (one_class, "needs at least 2 classes, got 1 class, '0'"),
        (no_labels, "without labels"),
        (wrong_classes, "validation data must be of the same kind"),
        (with_softmax, r"leave the Softmax\(\) out"),
        (too_few_logits, r"one logit for each of the 10 classes, got 9; end with Dense\(10\)"),
        (unknown_engine, "unknown engine 'abacus'; there are .*torch"),
        (unknown_architecture, "did you mean 'lecture'"),
        (too_small, "layer 'C3' .* the smallest image that works is 12×12×1, got 8×8×1"),
        (a_list, r"a name, a Sequential\(\[\.\.\.\]\), or a function .*, got list$"),
        (makes_no_layers, "from the number of classes, got NoneType$"),
        (other_class_weights, "must be 'balanced', a tuple of numbers or None, got 'even'"),
        (waits_for_nothing, "there are no validation pictures; hold some out"),
        (resumes_nowhere, "resume goes on with the run in out: give that folder"),
        (no_model, "tests: holds no model.safetensors; give a model file, or the folder"),
        (unknown_label, r"'x' \(position 0\) is no class; there are 0, 1"),
    ],
)
def test_mistakes_are_explained_in_one_line(mistake: Any, message: str, digits: Digits) -> None:
    with pytest.raises(PellucidError, match=message) as caught:
        mistake(digits)
    assert "\n" not in str(caught.value)


def test_no_pictures(classifier: ImageClassifier) -> None:
    with pytest.raises(DataError, match="at least one picture"):
        classifier.predict([])


def test_a_run_folder_holds_everything_and_is_not_overwritten(
    digits: Digits, tmp_path: Path
) -> None:
    run = tmp_path / "runs" / "one"
    model = pl.ImageClassifier(tiny, epochs=2).fit(digits[0], validation_data=digits[1], out=run)
    assert {p.name for p in run.iterdir()} == {
        "config.json", "history.csv", "last.safetensors", "live", "model.safetensors",
        "previous.safetensors",
    }  # fmt: skip
    lines = (run / "history.csv").read_text().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("epoch,loss,accuracy,validation_loss,validation_accuracy")
    loaded = pl.load(str(run))
    assert np.array_equal(
        loaded.predict_proba(digits[1].images), model.predict_proba(digits[1].images)
    )
    before = (run / "model.safetensors").read_bytes()
    with pytest.raises(PellucidError, match="holds a run already; choose another folder"):
        pl.ImageClassifier(tiny, epochs=1, seed=1).fit(digits[0], out=run)
    assert (run / "model.safetensors").read_bytes() == before
    pl.ImageClassifier(tiny, epochs=1, seed=1).fit(digits[0], out=run, overwrite=True)
    assert (run / "model.safetensors").read_bytes() != before


def test_what_finishes_a_run_has_its_folder_alone(digits: Digits, tmp_path: Path) -> None:
    listening, seen = signal.getsignal(signal.SIGINT), list[object]()

    def finish(fitted: ImageClassifier) -> None:
        with pytest.raises(PellucidError, match="another training is writing in this folder"):
            FolderLock(tmp_path)
        seen.append(fitted)
        assert fitted.predict_proba(digits[1].images[:1]).shape == (1, 10)
        assert len(fitted.history_) == 1
        assert signal.getsignal(signal.SIGINT) is listening  # Ctrl-C acts at once
        raise DataError("the report cannot be made")

    model = pl.ImageClassifier(tiny, epochs=1)
    with pytest.raises(DataError, match="the report cannot be made"):
        model.fit(digits[0], out=tmp_path, finish=finish)
    assert seen == [model]
    FolderLock(tmp_path).release()
    model.fit(digits[0], out=tmp_path, resume=True, finish=seen.append)
    model.fit(digits[0], finish=seen.append)  # in no folder
    assert seen == [model] * 3


def test_a_file_in_place_of_the_run_folder(digits: Digits, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("mine")
    with pytest.raises(PellucidError, match="a file of that name is in the way"):
        pl.ImageClassifier(tiny, epochs=1).fit(digits[0], out=tmp_path / "run")
    assert (tmp_path / "run").read_text() == "mine"
