"""Reports: what a network answers, counted and written down."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from rich.console import Console
from sklearn import metrics as sk

from pellucid.data.dataset import Dataset
from pellucid.engines import Program, get_engine
from pellucid.errors import ArgumentError, DataError, OutputError
from pellucid.evaluation import Report, evaluate
from pellucid.evaluation.calibration import calibrate
from pellucid.evaluation.report import SCHEMA
from pellucid.graph import Network
from pellucid.layers import Conv2D, Dense, Flatten, Sequential
from pellucid.show.records import print_record

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SEED = 11


def program(weights: dict[str, NDArray[Any]] | None = None, classes: int = 7) -> Program:
    """One dense layer on 4×3 grey images."""
    graph = Sequential([Flatten(), Dense(classes)]).graph((4, 3, 1))
    random = np.random.default_rng(SEED)
    made = {
        "dense1.kernel": random.normal(0, 0.01, (12, classes)),
        "dense1.bias": random.normal(0, 0.5, classes),
    }
    return get_engine("reference").load(Network(graph, {**made, **(weights or {})}))


def dataset(count: int = 60, classes: int = 7, names: bool = False) -> Dataset:
    random = np.random.default_rng(SEED)
    return Dataset(
        random.integers(0, 256, (count, 4, 3, 1), np.uint8),
        random.integers(0, classes - 1, count),  # the last class is absent
        tuple(f"class {k}" for k in range(classes)),
        tuple(f"folder/{i}, of {count}.png" for i in range(count)) if names else None,
        name="test",
    )


@pytest.fixture(scope="module")
def report() -> Report:
    return evaluate(program(), dataset())


def test_numbers_against_scikit_learn(report: Report) -> None:
    data = dataset()
    logits = program().forward(data.images).astype(np.float64)
    y = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    predicted, ks = y.argmax(axis=1), range(7)
    assert report.classes == data.classes
    assert report.count == 60
    assert report.accuracy == pytest.approx(sk.accuracy_score(data.places, predicted))
    assert report.error == pytest.approx(1 - report.accuracy)
    assert report.top_k.keys() == {1, 3, 5}
    for k, accuracy in report.top_k.items():
        expected = sk.top_k_accuracy_score(data.places, y, k=k, labels=ks)
        assert accuracy == pytest.approx(expected)
    assert report.cross_entropy == pytest.approx(sk.log_loss(data.places, y, labels=ks))
    assert report.mean_squared_error == pytest.approx(
        7 * sk.mean_squared_error(np.eye(7)[data.places], y)
    )
    np.testing.assert_array_equal(
        report.confusion, sk.confusion_matrix(data.places, predicted, labels=ks)
    )
    found = [(row.precision, row.recall, row.f1, row.support) for row in report.per_class]
    expected = sk.precision_recall_fscore_support(
        data.places, predicted, labels=ks, zero_division=0.0
    )
    np.testing.assert_allclose(np.array(found), np.array(expected).T)
    assert [row.name for row in report.per_class] == list(data.classes)
    assert 0 < report.accuracy < 1
    assert report.per_class[6].support == 0


def test_wrong_images(report: Report) -> None:
    data = dataset()
    logits = program().forward(data.images).astype(np.float64)
    y = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    predicted = y.argmax(axis=1)
    assert {wrong.index for wrong in report.wrong} == set(np.flatnonzero(predicted != data.places))
    assert len(report.wrong) == round(report.error * 60)
    for wrong in report.wrong:
        assert wrong.name == f"test[{wrong.index}]"
        assert wrong.true == data.classes[data.places[wrong.index]]
        assert wrong.predicted == data.classes[predicted[wrong.index]]
        assert wrong.confidence == pytest.approx(y[wrong.index].max())
    confidences = [wrong.confidence for wrong in report.wrong]
    assert confidences == sorted(confidences, reverse=True)


def test_calibration_is_that_of_the_answers(report: Report) -> None:
    data = dataset()
    logits = program().forward(data.images).astype(np.float64)
    y = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = calibrate(y.max(axis=1), y.argmax(axis=1) == data.places)
    assert report.calibration.expected_error == pytest.approx(expected.expected_error)
    assert [b.count for b in report.calibration.bins] == [b.count for b in expected.bins]


def test_equally_confident_mistakes_stand_in_the_datas_order() -> None:
    images = np.zeros((9, 4, 3, 1), np.uint8)
    names = tuple("abcdefghi")
    data = Dataset(images, np.ones(9, np.int64), ("x", "y"), names)
    still = {"dense1.kernel": np.zeros((12, 2)), "dense1.bias": np.array([1.0, 0.0])}
    found = evaluate(program(still, classes=2), data, batch_size=2)
    assert [(w.index, w.name) for w in found.wrong] == list(enumerate("abcdefghi"))


@pytest.mark.parametrize("batch_size", [1, 7, 59, 60, 1000])
def test_the_batch_size_does_not_matter(report: Report, batch_size: int) -> None:
    again = evaluate(program(), dataset(), batch_size=batch_size)
    assert again.accuracy == report.accuracy
    assert again.cross_entropy == pytest.approx(report.cross_entropy, rel=1e-6)
    assert [w.index for w in again.wrong] == [w.index for w in report.wrong]
    np.testing.assert_array_equal(again.confusion, report.confusion)


@pytest.mark.parametrize(("classes", "ks"), [(2, {1}), (3, {1, 3}), (4, {1, 3}), (5, {1, 3, 5})])
def test_few_classes_have_few_top_k(classes: int, ks: set[int]) -> None:
    found = evaluate(program(classes=classes), dataset(classes=classes))
    assert found.top_k.keys() == ks
    assert found.top_k.get(classes, 1.0) == 1.0


@pytest.mark.parametrize("classes", [60, 300])
def test_of_very_many_classes_those_that_occur_are_listed(classes: int) -> None:
    """Each class of 60; of 300 those that are true or answered, and no matrix."""
    found = evaluate(program(classes=classes), dataset(20, classes))
    console = Console(file=io.StringIO(), width=200)
    print_record(console, found, full=True)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    listed = {int(k) for k in re.findall(r"│ *(\d+) *│ class", printed)}
    occur = {*found.confusion.nonzero()[0].tolist(), *found.confusion.nonzero()[1].tolist()}
    assert listed == (set(range(60)) if classes == 60 else occur)
    assert len(occur) < 60
    assert len(found.to_dict()["per_class"]) == classes


def test_huge_logits_keep_every_number_finite() -> None:
    huge = {"dense1.kernel": np.random.default_rng(2).normal(0, 1e30, (12, 7))}
    found = evaluate(program(huge), dataset())
    assert np.isfinite(found.cross_entropy)
    assert found.cross_entropy > 1e30
    logits = program(huge).forward(dataset().images)
    for k, accuracy in found.top_k.items():  # the probabilities are all 0 or 1, which ties them
        expected = sk.top_k_accuracy_score(dataset().places, logits, k=k, labels=range(7))
        assert accuracy == pytest.approx(expected)
    json.dumps(found.to_dict(), allow_nan=False)


def test_as_json(report: Report) -> None:
    values = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert values == report.to_dict()
    assert values["schema"] == SCHEMA == 1
    assert set(values) == {
        "schema",
        "classes",
        "count",
        "noun",
        "accuracy",
        "error",
        "chance",
        "top_k",
        "mean_squared_error",
        "cross_entropy",
        "confusion",
        "per_class",
        "wrong",
        "calibration",
    }
    assert values["top_k"]["5"] == report.top_k[5]
    assert values["confusion"] == report.confusion.tolist()
    assert values["per_class"][0].keys() == {"name", "precision", "recall", "f1", "support"}
    assert values["calibration"] == report.calibration.to_dict()
    assert values["wrong"][0] == {
        "index": report.wrong[0].index,
        "name": report.wrong[0].name,
        "true": report.wrong[0].true,
        "predicted": report.wrong[0].predicted,
        "confidence": report.wrong[0].confidence,
        "command": "",
    }


# ------------------------------------------------------------------------------------- tables


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_tables(tmp_path: Path) -> None:
    found = evaluate(program(), dataset(names=True))
    found.write(tmp_path / "new" / "folder")
    folder = tmp_path / "new" / "folder"
    assert {path.name for path in folder.iterdir()} == {
        "summary.csv",
        "confusion.csv",
        "per_class.csv",
        "wrong.csv",
    }
    header, *rows = read(folder / "confusion.csv")
    assert header == ["true \\ predicted", *found.classes]
    assert [row[0] for row in rows] == list(found.classes)
    np.testing.assert_array_equal(np.array([row[1:] for row in rows], int), found.confusion)

    header, *rows = read(folder / "per_class.csv")
    assert header == ["name", "precision", "recall", "f1", "support"]
    for row, expected in zip(rows, found.per_class, strict=True):
        assert row[0] == expected.name
        assert [float(share) for share in row[1:4]] == pytest.approx(
            [expected.precision, expected.recall, expected.f1], abs=5e-7
        )
        assert int(row[4]) == expected.support

    header, *rows = read(folder / "wrong.csv")
    assert header == ["index", "path", "true", "predicted", "confidence"]
    for row, wrong in zip(rows, found.wrong, strict=True):
        assert row[:4] == [str(wrong.index), wrong.name, wrong.true, wrong.predicted]
        assert float(row[4]) == pytest.approx(wrong.confidence, abs=5e-7)
    assert ", of 60.png" in rows[0][1]  # a comma in a name


def test_names_that_are_no_plain_text(tmp_path: Path) -> None:
    data = dataset(2, classes=2)
    odd = Dataset(data.images, data.places, ('say "鳥"', "b\nc"), ("x\udcff.png", "y\r.png"))
    wrong = {"dense1.kernel": np.zeros((12, 2)), "dense1.bias": np.array([0.0, 9.0])}
    evaluate(program(wrong, classes=2), odd).write(tmp_path)
    assert [row[1:4] for row in read(tmp_path / "wrong.csv")[1:]] == [
        ["x\\udcff.png", 'say "鳥"', "b\\nc"],
        ["y\\r.png", 'say "鳥"', "b\\nc"],
    ]


def test_tables_that_cannot_be_written(report: Report, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "a\0b"):
        with pytest.raises(OutputError, match="the folder cannot be made") as caught:
            report.write(folder)
        assert len(str(caught.value).splitlines()) == 1
    report.write(tmp_path)
    before = (tmp_path / "per_class.csv").read_bytes()
    (tmp_path / "wrong.csv").unlink()
    (tmp_path / "wrong.csv").mkdir()
    with pytest.raises(OutputError, match=r"wrong.csv: cannot be written: it is a folder"):
        report.write(tmp_path)
    assert (tmp_path / "per_class.csv").read_bytes() == before


# ------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (("class 0", "class 1", "cat"), "the network does not know class 2; the data lack cat"),
        (("class 0", "class 1"), "the network does not know class 2; give"),
        (("class 0", "class 1", "class 2", "a", "b"), "network's: the data lack a, b; give"),
        (
            ("class 0", "class 2", "class 1"),
            "class 1 is class 1 in the data and class 2 for the network",
        ),
    ],
)
def test_other_classes_than_the_networks(classes: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        evaluate(program(classes=3), dataset(classes=3), classes=classes)
    assert str(caught.value).startswith("test: its classes are not the network's: ")
    assert len(str(caught.value).splitlines()) == 1


def test_the_networks_own_classes_pass(report: Report) -> None:
    assert evaluate(program(), dataset(), classes=list(dataset().classes)).error == report.error


def test_other_shapes_than_the_networks() -> None:
    data = dataset()
    wide = Dataset(data.images.reshape(60, 3, 4, 1), data.places, data.classes, name="wide")
    with pytest.raises(DataError, match=r"wide: has images \(3, 4, 1\), but .* \(4, 3, 1\)"):
        evaluate(program(), wide)
    with pytest.raises(DataError, match=r"has 7 classes, but .* shape \(5,\)"):
        evaluate(program(classes=5), data)
    graph = Sequential([Conv2D(7, 1, initializer=0.0, bias=False)]).graph((4, 3, 1))
    maps = get_engine("reference").load(Network(graph, {"conv1.kernel": np.zeros((1, 1, 1, 7))}))
    with pytest.raises(DataError, match=r"shape \(4, 3, 7\); expected one logit a class"):
        evaluate(maps, data)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_network_that_has_diverged(value: float) -> None:
    bias = np.zeros(7)
    bias[3] = value
    with pytest.raises(DataError, match=r"test\[0\]: the network answers with NaN or infinity"):
        evaluate(program({"dense1.bias": bias}), dataset())


@pytest.mark.parametrize("batch_size", [0, -1, 1.5, True])
def test_batch_sizes_that_are_none(batch_size: Any) -> None:
    with pytest.raises(ArgumentError, match="batch_size must be a whole number"):
        evaluate(program(), dataset(), batch_size=batch_size)
