"""Classifiers of several labels, and regressors: fitted, kept, resumed, judged, on every engine."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.base import clone

import pellucid as pl
from pellucid.data.augment import Augmentation
from pellucid.engines import ENGINES
from pellucid.errors import ArgumentError, DataError, PellucidError, ShapeError
from pellucid.evaluation.multi_label import MultiLabelReport
from pellucid.evaluation.regression import RegressionReport
from pellucid.files import load_model
from pellucid.layers import Dense, Flatten, ReLU, Sequential
from pellucid.tasks import MultiLabel, Regression
from pellucid.training import Stopped

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]


def layers(outputs: int) -> Sequential:
    return Sequential([Flatten(), Dense(16), ReLU(), Dense(outputs)])


def bars(seed: int, count: int = 120) -> tuple[Pixels, NDArray[Any], NDArray[Any]]:
    """Pictures 8×8 with a bar at the left, at the top, or both; and how bright they are."""
    random = np.random.default_rng(seed)
    marks = random.integers(0, 2, (count, 2))
    pixels = random.integers(0, 60, (count, 8, 8, 1))
    level = random.uniform(90, 190, count)
    pixels[:, :, :3, 0] += (marks[:, :1] * level[:, np.newaxis]).astype(int)[..., np.newaxis]
    pixels[:, :3, 4:, 0] += (marks[:, 1:] * level[:, np.newaxis]).astype(int)[..., np.newaxis]
    return pixels.astype(np.uint8), marks, pixels.mean(axis=(1, 2, 3)) / 100 - 3


X, MARKS, LEVELS = bars(0)
NEW, NEW_MARKS, NEW_LEVELS = bars(1, 60)


def unpickled(model: Any) -> Any:
    return pickle.loads(pickle.dumps(model))  # noqa: S301 - ours


SETTINGS: dict[str, Any] = {"epochs": 12, "batch_size": 16, "seed": 3}


@pytest.fixture(scope="module")
def labelled() -> pl.ImageClassifier:
    return pl.ImageClassifier(layers, **SETTINGS).fit(X, MARKS, validation_data=(NEW, NEW_MARKS))


@pytest.fixture(scope="module")
def regressor() -> pl.ImageRegressor:
    return pl.ImageRegressor(layers, **SETTINGS).fit(X, LEVELS, validation_data=(NEW, NEW_LEVELS))


def test_several_labels_are_learned(labelled: pl.ImageClassifier) -> None:
    answers = labelled.predict(NEW)
    assert answers.shape == NEW_MARKS.shape
    assert set(np.unique(answers)) <= {0, 1}
    assert (answers == NEW_MARKS).mean() > 0.95
    probabilities = labelled.predict_proba(NEW)
    task = labelled.model_.task
    assert isinstance(task, MultiLabel)
    assert ((probabilities >= task.threshold) == answers).all()
    assert labelled.predict(NEW[0][..., 0]).tolist() == answers[0].tolist()
    assert labelled.classes_.tolist() == [0, 1]
    assert labelled.score(NEW, NEW_MARKS) == labelled.evaluate(NEW, NEW_MARKS).score > 0.97


def test_the_threshold_is_that_of_the_best_epoch(labelled: pl.ImageClassifier) -> None:
    best = max(labelled.history_, key=lambda row: row.measures["mean_average_precision"])
    results = labelled.model_.provenance["results"]
    at = results["epoch"] - 1
    assert labelled.history_[at].measures["mean_average_precision"] == pytest.approx(
        best.measures["mean_average_precision"]
    )
    assert labelled.model_.task == replace(
        labelled.model_.task,  # type: ignore[type-var]
        threshold=labelled.history_[at].measures["threshold"],
    )
    assert labelled.history_[at].accuracy is None
    assert "accuracy" not in results


def test_numbers_are_learned(regressor: pl.ImageRegressor) -> None:
    predicted = regressor.predict(NEW)
    assert predicted.shape == NEW_LEVELS.shape
    assert regressor.score(NEW, NEW_LEVELS) > 0.9
    report = regressor.evaluate(NEW, NEW_LEVELS)
    assert isinstance(report, RegressionReport)
    assert report.mean_absolute_error == pytest.approx(np.abs(predicted - NEW_LEVELS).mean())
    mean = np.abs(LEVELS.mean() - NEW_LEVELS).mean()
    assert report.mean_absolute_error_of_mean == pytest.approx(mean)
    assert report.mean_absolute_error < 0.4 * mean
    one = regressor.predict(NEW[0])
    assert isinstance(one, float)
    assert one == pytest.approx(predicted[0], rel=1e-5)
    assert regressor.model_.task == Regression(
        ("target",), (float(LEVELS.mean()),), (float(LEVELS.std()),)
    )


def test_the_unit_of_numbers_does_not_matter(regressor: pl.ImageRegressor) -> None:
    other = pl.ImageRegressor(layers, **SETTINGS).fit(
        X, 1e6 * LEVELS + 7e5, validation_data=(NEW, 1e6 * NEW_LEVELS + 7e5)
    )
    np.testing.assert_allclose(
        (other.predict(NEW) - 7e5) / 1e6, regressor.predict(NEW), rtol=1e-2, atol=1e-2
    )


def test_several_numbers_a_picture() -> None:
    both = np.stack([LEVELS, -2 * LEVELS + 1], axis=1)
    found = pl.ImageRegressor(layers, loss="huber", **SETTINGS).fit(X, both)
    assert found.predict(NEW).shape == (60, 2)
    assert found.predict(NEW[0]).shape == (2,)
    assert found.score(NEW, np.stack([NEW_LEVELS, -2 * NEW_LEVELS + 1], axis=1)) > 0.85
    column = pl.ImageRegressor(layers, epochs=1).fit(X, LEVELS[:, np.newaxis])
    assert column.predict(NEW).shape == (60,)


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_agree(engine: str, regressor: pl.ImageRegressor) -> None:
    found, expected = (
        (
            pl.ImageRegressor(layers, **settings).fit(X, LEVELS).predict(NEW),
            pl.ImageClassifier(layers, **settings).fit(X, MARKS).predict_proba(NEW),
        )
        for settings in (
            {**SETTINGS, "epochs": 2, "engine": each} for each in (engine, "reference")
        )
    )
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-3)


def test_files_pickles_and_copies(
    labelled: pl.ImageClassifier, regressor: pl.ImageRegressor, tmp_path: Path
) -> None:
    fitted: list[Any] = [labelled, regressor]
    for number, model in enumerate(fitted):
        kind = type(model)
        path = tmp_path / f"{number}.safetensors"
        model.save(path)
        assert load_model(path).task == model.model_.task
        for again in (pl.load(path), kind.load(path), unpickled(model)):
            assert type(again) is kind
            assert again.model_.task == model.model_.task
            np.testing.assert_array_equal(again.predict(NEW), model.predict(NEW))
            assert [row.measures for row in again.history_] == [
                row.measures for row in model.history_
            ]
        unfitted = clone(model)
        assert type(unfitted) is kind
        assert unfitted.get_params() == model.get_params()
    with pytest.raises(DataError, match="regression"):
        pl.ImageClassifier.load(tmp_path / "1.safetensors")
    with pytest.raises(DataError, match="multi-label"):
        pl.ImageRegressor.load(tmp_path / "0.safetensors")


@pytest.mark.parametrize("kind", ["labels", "numbers"])
def test_a_resumed_run_ends_the_same(kind: str, tmp_path: Path) -> None:
    y, new = (MARKS, NEW_MARKS) if kind == "labels" else (LEVELS, NEW_LEVELS)
    make: Any = pl.ImageClassifier if kind == "labels" else pl.ImageRegressor

    class Stop:
        def after_step(self, progress: Any) -> None:
            if progress.epoch == 3 and progress.images > 40:
                raise Stopped("enough", 130)

        def after_epoch(self, trained: Any, program: Any) -> None: ...

    whole = make(layers, **SETTINGS).fit(
        X, y, validation_data=(NEW, new), out=tmp_path / "whole", minutes=0
    )
    with pytest.raises(Stopped):
        make(layers, **SETTINGS).fit(
            X, y, validation_data=(NEW, new), out=tmp_path / "run", minutes=0, watchers=[Stop()]
        )
    again = make(layers, **SETTINGS).fit(
        X, y, validation_data=(NEW, new), out=tmp_path / "run", resume=True
    )
    np.testing.assert_array_equal(again.predict(NEW), whole.predict(NEW))
    assert again.model_.task == whole.model_.task
    first, second = (load_model(tmp_path / name / "model.safetensors") for name in ("whole", "run"))
    assert first.provenance["history"] == second.provenance["history"]
    found = pl.load(tmp_path / "run")
    assert [row.epoch for row in found.history_] == list(range(1, 13))
    assert [row.measures for row in found.history_] == [row.measures for row in whole.history_]
    with pytest.raises(ArgumentError):
        make(layers, **SETTINGS).fit(
            X, 1 - y, validation_data=(NEW, new), out=tmp_path / "run", resume=True
        )


@pytest.mark.parametrize(
    ("make", "y", "words"),
    [
        (pl.ImageClassifier, LEVELS, "no whole number .*ImageRegressor"),
        (pl.ImageRegressor, np.where(np.arange(120) == 4, np.nan, LEVELS), r"1 picture of 120"),
        (pl.ImageRegressor, np.full(120, 2.5), r"all 120 pictures .*2\.5"),
        (pl.ImageRegressor, LEVELS[:-1], "119 pictures for 120"),
        (pl.ImageRegressor, ["a"] * 120, "numbers"),
        (pl.ImageRegressor, None, "without labels"),
        (pl.ImageClassifier, MARKS * [1, 0], "no picture .* label 1"),
        (pl.ImageClassifier, MARKS[:-1], "119 pictures for 120"),
    ],
)
def test_labels_that_cannot_be_learned(make: Any, y: Any, words: str) -> None:
    with pytest.raises(PellucidError, match=words) as caught:
        make(layers, epochs=1).fit(X, y)
    assert "\n" not in str(caught.value)


def test_validation_of_another_width() -> None:
    with pytest.raises(DataError):
        pl.ImageClassifier(layers, epochs=1).fit(X, MARKS, validation_data=(NEW, NEW_MARKS[:, :1]))
    with pytest.raises(DataError, match="2 numbers a picture"):
        pl.ImageRegressor(layers, epochs=1).fit(
            X, LEVELS, validation_data=(NEW, np.stack([NEW_LEVELS] * 2, axis=1))
        )


def test_what_is_made_for_one_class_declines(
    labelled: pl.ImageClassifier, regressor: pl.ImageRegressor
) -> None:
    with pytest.raises(ArgumentError, match="label_smoothing"):
        pl.ImageClassifier(layers, epochs=1, label_smoothing=0.1).fit(X, MARKS)
    with pytest.raises(ArgumentError, match="class_weights"):
        pl.ImageClassifier(layers, epochs=1, class_weights="balanced").fit(X, MARKS)
    with pytest.raises(ArgumentError, match="no classes"):
        regressor.renamed(["a"])
    assert labelled.renamed(["left", "top"]).model_.classes == ("left", "top")
    with pytest.raises(ShapeError, match="1 numbers"):
        pl.ImageRegressor(Sequential([Flatten(), Dense(3)]), epochs=1).fit(X, LEVELS)


def test_diagnoses_do_not_speak_of_classes(regressor: pl.ImageRegressor) -> None:
    data = pl.data.load({"x": NEW, "y": NEW_LEVELS}, validation=0).train
    assert regressor.diagnose(data) == ()
    random = np.random.default_rng(0).normal(size=120)
    hopeless = pl.ImageRegressor(layers, **SETTINGS).fit(
        X, random, validation_data=(NEW, random[:60])
    )
    found = hopeless.diagnose(
        pl.data.load({"x": NEW, "y": random[:60]}, validation=0, task="regression").train
    )
    assert {each.kind for each in found} & {"guessing", "overfitting"}
    assert not any("class" in f"{each.words} {each.advice}" for each in found)


def test_mixed_pictures_have_mixed_targets() -> None:
    for make, y in ((pl.ImageClassifier, MARKS), (pl.ImageRegressor, LEVELS)):
        made: Any = make(layers, augmentation=Augmentation(mixup=0.2), **SETTINGS)
        assert made.fit(X, y).score(NEW, NEW_MARKS if y is MARKS else NEW_LEVELS) > 0.7


def test_the_learning_rate_is_found(regressor: pl.ImageRegressor) -> None:
    curve = regressor.find_learning_rate(X, LEVELS, seeds=2, steps=30, highest=100.0)
    assert len(curve.rates) >= 10


def test_a_start_from_another_task_draws_its_last_layer_again(
    regressor: pl.ImageRegressor, tmp_path: Path
) -> None:
    regressor.save(tmp_path / "numbers.safetensors")
    classifier = pl.ImageClassifier(start_from=tmp_path / "numbers.safetensors", epochs=1)
    classifier.fit(X, MARKS[:, 0])
    assert classifier.model_.provenance["start_from"]["from_scratch"] == ["dense2"]
    again = pl.ImageRegressor(start_from=tmp_path / "numbers.safetensors", epochs=1).fit(X, LEVELS)
    assert again.model_.provenance["start_from"]["from_scratch"] == []


def test_reports(
    labelled: pl.ImageClassifier, regressor: pl.ImageRegressor, tmp_path: Path
) -> None:
    for model, y, kind in (
        (labelled, NEW_MARKS, MultiLabelReport), (regressor, NEW_LEVELS, RegressionReport)
    ):  # fmt: skip
        report = model.evaluate(NEW, y)
        assert isinstance(report, kind)
        report.write(tmp_path / kind.__name__)
        assert {path.name for path in (tmp_path / kind.__name__).iterdir()} == set(report.TABLES)
        assert report.to_html().startswith("<!doctype html>")
        assert report.png().startswith(b"\x89PNG")
        assert str(report.count) in str(report)


def test_numbers_far_off_do_not_decide() -> None:
    """One in a hundred is sixty times too large: R² of right ones, with the default settings."""
    random = np.random.default_rng(2)
    place = random.integers(3, 9, 260)
    pixels = random.integers(0, 60, (260, 12, 12, 1))
    for picture, at in zip(pixels, place, strict=True):
        picture[:, at - 2 : at + 2] += 150
    numbers = place.astype(float)
    given = np.where(np.arange(260) % 100 == 7, 60 * numbers, numbers)
    model = pl.ImageRegressor(epochs=6).fit(pixels[:200].astype(np.uint8), given[:200])
    recipe = model.model_.provenance["recipe"]
    assert (recipe["optimizer"]["kind"], recipe["loss"]["kind"]) == ("adam", "huber")
    assert model.score(pixels[200:].astype(np.uint8), numbers[200:]) > 0.5
