"""Mistakes of models that predict numbers: how far off, which labels are wrong, in any part."""

from __future__ import annotations

import csv
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pellucid import ImageRegressor
from pellucid.data import load
from pellucid.data.decisions import read_decisions
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError
from pellucid.evaluation.find_mistakes import find_mistakes
from pellucid.evaluation.part_features import kept_together
from pellucid.files.learned_parts import learned_parts
from pellucid.tasks import Detection, Regression
from pellucid.transfer.body import Body
from pellucid.transfer.choice import FOLDS, fit_head
from pellucid.transfer.features import FeatureReader
from pellucid.transfer.folds import make_folds
from pellucid.transfer.wrong_numbers import FEWEST, OUTLYING, corrected, spread_of
from tests.evaluation.number_pictures import bars, switched

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.evaluation.mistakes import Mistakes

COUNT, WRONG = 300, 8
EVERY = ("train", "validation", "test")
SETTINGS: dict[str, Any] = {"epochs": 6, "batch_size": 32, "seed": 1, "verbose": 0}


@pytest.fixture(scope="module")
def made() -> tuple[dict[str, Any], np.ndarray, dict[str, int]]:
    """Pictures with two numbers, the true ones, and the names of those that have a wrong grey."""
    images, true = bars(COUNT)
    given, wrong = switched(true, 0, WRONG)
    return {"x": images, "y": given}, true, {f"all[{i}]": i for i in wrong.tolist()}


@pytest.fixture(scope="module")
def trained(made: tuple[dict[str, Any], np.ndarray, dict[str, int]]) -> ImageRegressor:
    return ImageRegressor("lecture", **SETTINGS).fit(made[0])


@pytest.fixture(scope="module")
def found(
    trained: ImageRegressor, made: tuple[dict[str, Any], np.ndarray, dict[str, int]]
) -> Mistakes:
    return find_mistakes(trained, made[0], name="m", of=EVERY)


def test_wrong_numbers_come_first_in_training_too(
    found: Mistakes, made: tuple[dict[str, Any], np.ndarray, dict[str, int]]
) -> None:
    _, true, names = made
    assert len(found) == found.of == COUNT
    assert {each.path for each in found.rows[:WRONG]} == names.keys()
    assert "train" in {each.part for each in found.rows[:WRONG]}
    assert [each.error for each in found.rows] == sorted(
        (each.weight for each in found.rows), reverse=True
    )
    assert {each.path for each in found.suspicious} >= names.keys()
    assert len(found.suspicious) <= COUNT // 10  # dark bars are hard to see
    assert {each.by for each in found.rows if each.part == "train"} == {"folds"}
    assert {each.by for each in found.rows if each.part != "train"} == {"network"}
    for each in found.rows[:WRONG]:
        grey, place = each.numbers
        assert (grey.outlying, place.outlying) == (True, False)
        to, stays = map(float, each.label.split(";"))
        assert abs(to - true[names[each.path], 0]) < 1.5  # of 10
        assert stays == true[names[each.path], 1]
    assert found.pairs == {}


def test_the_network_s_own_answers_and_errors_are_those_of_evaluate(
    found: Mistakes,
    trained: ImageRegressor,
    made: tuple[dict[str, Any], np.ndarray, dict[str, int]],
) -> None:
    splits = load(made[0], seed=1)
    for part in (splits.validation, splits.test):
        assert part is not None
        report = trained.evaluate(part.images, part.labels)
        rows = [each for each in found.rows if each.part == part.name]
        assert [each.index for each in rows] == [each.index for each in report.wrong]
        for row, judged in zip(rows, report.wrong, strict=True):
            assert row.error == pytest.approx(judged.error, rel=1e-5)
            assert [each.answered for each in row.numbers] == pytest.approx(judged.predicted)
            assert tuple(each.true for each in row.numbers) == judged.true
            image = found.picture(row.path)
            assert image is not None
            assert np.array_equal(image, part.images[row.index])
        (count,) = (each for each in found.parts if each.part == part.name)
        assert count.wrong is None
        assert count.error == pytest.approx(np.mean([each.error for each in report.wrong]))
        for number, column in zip(count.numbers, report.per_column, strict=True):
            assert number.r2 == pytest.approx(column.r2)
            assert number.mean_absolute_error == pytest.approx(column.mean_absolute_error)


def test_training_pictures_are_answered_as_by_ridge_regression_of_the_other_folds() -> None:
    """Huber's loss is squared error where no error is more than a deviation."""
    images, true = bars(150, seed=3)
    arrays = {"x_train": images[:120], "y_train": true[:120], "x_val": images[120:],
              "y_val": true[120:]}  # fmt: skip
    model = ImageRegressor("lecture", **SETTINGS).fit(arrays)
    rows = [each for each in find_mistakes(model, arrays).rows if each.part == "train"]
    answers = np.zeros((120, 2))
    for each in rows:
        answers[each.index] = [number.answered for number in each.numbers]
    task, (part, *_) = model.model_.task, learned_parts(arrays, model.model_)[0]
    assert isinstance(task, Regression)
    reader = FeatureReader(Body.of(model.model_, "m"), get_engine("native"), None)
    features = reader.read(np.concatenate(list(part.blocks())))
    wanted = task.standardised(true[:120])
    fold_of = make_folds(np.zeros(120, np.int64), kept_together(part), FOLDS, 0)
    first = fold_of != 0
    decay = fit_head(
        features[first], wanted[first], task.loss(), fold_of[first], rough=True
    ).weight_decay
    for fold in range(FOLDS):
        learned = fold_of != fold
        ridge = make_pipeline(StandardScaler(), Ridge(alpha=decay * learned.sum() * 2))
        ridge.fit(features[learned].astype(np.float64), wanted[learned])
        assert np.abs(ridge.predict(features[learned]) - wanted[learned]).max() < 1
        expected = task.values(ridge.predict(features[~learned]))
        np.testing.assert_allclose(answers[~learned], expected, atol=0.01)


def test_outlying_residuals_by_hand() -> None:
    residuals = np.append(np.arange(-10.0, 11.0), [100.0, np.nan])[:, None]
    spread = spread_of(residuals)
    assert spread.median[0] == 0.5  # of 22
    assert spread.deviation[0] == pytest.approx(1.4826 * 5.5)
    assert spread.outlying[:, 0].tolist() == [False] * 21 + [True, False]
    assert spread.deviations[21, 0] == pytest.approx(99.5 / (1.4826 * 5.5))
    few = np.append(np.arange(FEWEST - 2.0), 1e6)[:, None]
    assert not spread_of(few).outlying.any()
    assert not spread_of(np.append(np.zeros(40), 5.0)[:, None]).outlying.any()  # no spread is known
    assert not spread_of(np.full((3, 2), np.nan)).outlying.any()
    normal = np.random.default_rng(0).normal(3, 7, (200_000, 1))
    assert spread_of(normal).deviation[0] == pytest.approx(7, rel=0.02)
    assert spread_of(normal).outlying.mean() == pytest.approx(1 / 2150, rel=0.3)
    assert OUTLYING == 3.5


def test_answers_stand_in_for_what_is_outlying() -> None:
    labels, answers = np.array([1.25, -3.0]), np.array([2.0000001, 0.123456789])
    assert corrected(labels, answers, np.array([True, False])) == "2;-3.0"
    assert corrected(labels, answers, np.array([False, True])) == "1.25;0.123457"
    assert corrected(labels, answers, np.array([False, False])) == "2;0.123457"


def test_the_list_filled_in_mends_the_numbers(
    found: Mistakes,
    made: tuple[dict[str, Any], np.ndarray, dict[str, int]],
    tmp_path: Path,
) -> None:
    arrays, true, names = made
    rows = list(csv.DictReader(found.to_csv().splitlines()))
    assert len(rows) == COUNT
    for row in rows[:WRONG]:
        row["decision"] = "move"
        assert (row["suspicious"], row["confidence"]) == ("yes", "")
        assert float(row["error"]) > 0
    with (tmp_path / "d.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    decisions = read_decisions(tmp_path / "d.csv")
    splits = load(arrays, seed=1, decisions=decisions)
    given = {
        part.picture_name(i): part.labels[i]
        for part in (splits.train, splits.validation, splits.test)
        if part is not None
        for i in range(len(part))
    }
    assert any(f"{WRONG} moved" in note for note in splits.notes)
    moved = sum(
        np.abs(given[name] - true[i]).max() < 1.5 for name, i in names.items() if name in given
    )
    assert moved == len(names.keys() & given.keys())


def test_the_nearest_have_their_numbers(
    found: Mistakes, made: tuple[dict[str, Any], np.ndarray, dict[str, int]]
) -> None:
    near = found.first(3).with_neighbours(4)
    for row in near.rows:
        assert row.neighbours is not None
        assert len(row.neighbours) == 4
        for each in row.neighbours:
            i = int(each.name.removeprefix("all[").removesuffix("]"))
            assert each.label == "; ".join(f"{each:g}" for each in made[0]["y"][i])
    record = json.loads(json.dumps(near.to_dict()))
    assert record["unit"] == "standard deviations"
    assert [len(each["neighbours"]) for each in record["mistakes"]] == [4] * 3
    first = record["mistakes"][0]
    assert (first["confidence"], first["guesses"]) == (None, [])
    assert [each["name"] for each in first["numbers"]] == list(found.classes)


def test_pages_figures_files_and_choices(found: Mistakes, tmp_path: Path) -> None:
    some = found.first(3).with_neighbours(2)
    for ending in ("html", "png", "json", "csv"):
        some.save(tmp_path / f"m.{ending}")
    page = (tmp_path / "m.html").read_text(encoding="utf-8")
    assert page.count("<img") >= 3 * 3
    assert all(each.path in page for each in some.rows)
    assert all(f"{each.numbers[0].true:g}" in page for each in some.rows)
    assert found.first(0).to_html()
    assert found.only(suspicious=True).rows == found.suspicious
    assert {each.part for each in found.only(part="test").rows} == {"test"}
    with pytest.raises(ArgumentError, match="numbers"):
        found.only(true="1")
    with pytest.raises(ArgumentError, match="numbers"):
        found.only(answered="1")


def test_pictures_that_say_nothing_of_their_numbers_are_reported() -> None:
    draws = np.random.default_rng(2)
    arrays = {"x": draws.integers(0, 255, (120, 16, 16), np.uint8), "y": draws.normal(size=120)}
    model = ImageRegressor("lecture", **{**SETTINGS, "epochs": 1}).fit(arrays)
    notes = find_mistakes(model, arrays).notes
    assert any("train is answered hardly better than by one number" in note for note in notes)


def test_boxes_have_no_mistakes_of_this_kind() -> None:
    model: Any = SimpleNamespace(model_=SimpleNamespace(task=Detection(("a",))))
    with pytest.raises(ArgumentError, match="pellucid evaluate"):
        find_mistakes(model, {})
