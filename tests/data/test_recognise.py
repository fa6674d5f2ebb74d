"""Which task data are for: recognised by their labels, or as it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.data import load
from pellucid.data.check import inspect
from pellucid.data.recognise import MANY_INTEGERS, task_of_array
from pellucid.data.targets import ClassTargets, LabelSets, Numbers
from pellucid.errors import DataError, PellucidError
from tests.data.made_files import encoded, noise, write
from tests.data.test_table import table

if TYPE_CHECKING:
    from pathlib import Path

HEAD = ("path", "label")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty small pictures, 0.png to 59.png."""
    root = tmp_path_factory.mktemp("pictures")
    for i in range(60):
        write(root / f"{i}.png", encoded(noise(i, 6, 6)))
    return root


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (np.arange(6) % 3, "single-label"),
        (["a", "b", "a", "b"], "single-label"),
        (np.array([1.0, 2.0, 1.0]), "single-label"),
        (np.array([True, False]), "single-label"),
        (np.array([0.5, 1.0, 2.0]), "regression"),
        ([1, 2.5, 3], "regression"),
        (np.array([[0.5], [1.0]]), "regression"),
        (np.array([0.5, np.nan]), "regression"),
        (np.array([1.0, np.nan]), "single-label"),
        (np.array([[0, 1], [1, 1]]), "multi-label"),
        (np.array([[0.0, 1.0], [1.0, 0.0]]), "multi-label"),
        (np.array([[True, False], [True, True]]), "multi-label"),
        (np.array([[0.0, 1.5], [1.0, 0.0]]), "regression"),
        (np.array([[3, 4], [1, 0]]), "single-label"),
        (None, "single-label"),
    ],
)
def test_arrays(labels: Any, kind: str) -> None:
    assert task_of_array(labels) == kind


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (["1", "2", "3"], ClassTargets),
        (["cat", "dog", "2.5"], ClassTargets),
        (["1", "2", "3.5"], Numbers),
        (["-1e-3", "0", "+2"], Numbers),
        (["cat", "cat;dog", "dog"], LabelSets),
        (["cat", ";", "cat; dog"], LabelSets),
    ],
)
def test_lists(folder: Path, labels: list[str], kind: type) -> None:
    rows = [(f"{i}.png", labels[i % 3]) for i in range(60)]
    splits = load(table(folder / "labels.csv", HEAD, *rows))
    for part in (splits.train, splits.validation, splits.test):
        assert part is not None
        assert isinstance(part.targets, kind)
        texts = {part.picture_name(i): part.targets.written(i) for i in range(len(part))}
        wanted = {name: label.replace(" ", "").strip(";") for name, label in rows}
        if kind is Numbers:
            assert {n: float(t) for n, t in texts.items()} == {n: float(wanted[n]) for n in texts}
        else:
            assert texts == {name: wanted[name] for name in texts}


def test_a_picture_on_several_lines_has_several_labels(folder: Path) -> None:
    rows = [(f"{i}.png", "cat" if i % 2 else "dog") for i in range(60)]
    path = table(folder / "labels.csv", HEAD, *rows, ("7.png", "dog"), ("8.png", "pet"))
    splits = load(path, validation=0)
    assert any("7.png" in note and "multi-label" in note for note in splits.notes)
    assert splits.train.classes == ("cat", "dog", "pet")
    everything = [splits.train, splits.test]
    marks = {
        part.picture_name(i): part.labels[i].tolist()
        for part in everything
        if part is not None
        for i in range(len(part))
    }
    assert len(marks) == 60
    assert (marks["7.png"], marks["8.png"], marks["9.png"]) == ([1, 1, 0], [0, 1, 1], [1, 0, 0])


def test_what_is_asked_for_goes_before_what_is_recognised(folder: Path) -> None:
    whole = table(folder / "whole.csv", HEAD, *((f"{i}.png", str(i % 7)) for i in range(60)))
    assert load(whole).train.kind == "single-label"
    numbers = load(whole, task="regression").train
    assert numbers.labels.dtype == np.float64
    assert set(numbers.labels) <= set(range(7))
    assert load(whole, task="Multi_Label").train.kind == "multi-label"
    with pytest.raises(PellucidError, match="boxes"):
        load(whole, task="detection")
    with pytest.raises(PellucidError, match="task"):
        load(whole, task="segmentation")


def test_many_integers_are_said_to_be_taken_for_classes(folder: Path) -> None:
    rows = [(f"{i}.png", str(i % (MANY_INTEGERS + 2))) for i in range(60)]
    rows += [(f"{i}.png", str(i % (MANY_INTEGERS + 2))) for i in range(60)]
    found = inspect(table(folder / "many.csv", HEAD, *rows))
    assert any("regression" in finding.words for finding in found.findings)
    few = inspect(table(folder / "few.csv", HEAD, *((n, str(int(k) % 50)) for n, k in rows)))
    assert not any("regression" in finding.words for finding in few.findings)


@pytest.mark.parametrize(
    ("labels", "task", "words"),
    [
        (["0.5", "nan", "1.5"], None, r"20 pictures of 60 .*1\.png.*'nan'"),
        (["0.5", "inf", "1.5"], None, r"20 pictures of 60"),
        (["0.5", "0.7", "big"], None, r"40 labels are numbers and 20 are none, such as 'big'"),
        (["1", "2", "big"], "regression", r"20 pictures of 60 .*'big'"),
        (["0.5", "0.7;1", "0.2"], "regression", r"20 pictures of 60 .*'0.7;1'"),
        ([";", ";", ";"], None, "no picture has a label"),
    ],
)
def test_labels_that_cannot_be_used(
    folder: Path, labels: list[str], task: str | None, words: str
) -> None:
    path = table(folder / "bad.csv", HEAD, *((f"{i}.png", labels[i % 3]) for i in range(60)))
    with pytest.raises(DataError, match=words) as caught:
        load(path, task=task)
    assert "\n" not in str(caught.value)


def test_several_columns_are_several_numbers(folder: Path) -> None:
    rows = [(f"{i}.png", str(i / 8), str(-i)) for i in range(60)]
    path = table(folder / "two.csv", ("path", "x", "y"), *rows)
    train = load(path, label_column="x,y").train
    assert train.classes == ("x", "y")
    assert train.labels.shape == (48, 2)
    numbers = np.array([int(train.picture_name(i).removesuffix(".png")) for i in range(48)])
    np.testing.assert_array_equal(train.labels, np.stack([numbers / 8, -numbers], axis=1))


def test_a_number_twice_and_two_numbers(folder: Path) -> None:
    rows = [(f"{i}.png", str(i / 8)) for i in range(60)]
    same = load(table(folder / "same.csv", HEAD, *rows, ("7.png", "0.875")), validation=0)
    assert sum(len(p) for p in (same.train, same.test) if p is not None) == 61
    with pytest.raises(DataError, match=r"7\.png is listed with different numbers"):
        load(table(folder / "differ.csv", HEAD, *rows, ("7.png", "0.9")))


def test_arrays_by_name() -> None:
    x = np.zeros((20, 4, 4), np.uint8)
    marks = np.arange(20)[:, np.newaxis] >> np.arange(3) & 1
    splits = load({"x": x, "y": marks, "x_test": x[:5], "y_test": marks[:5]})
    assert splits.test is not None
    assert (splits.test.labels == marks[:5]).all()
    assert splits.train.classes == ("0", "1", "2")
    named = load({"x": x, "y": marks, "classes": np.array(["a", "b", "c"])}).train
    assert named.classes == ("a", "b", "c")
    whole = load({"x": x, "y": np.arange(20) / 3, "x_test": x[:5], "y_test": np.arange(5)})
    assert whole.test is not None
    assert whole.test.labels.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.array([0.5] + [np.nan] * 3), r"3 pictures of 4 .*position 1 \(NaN\)"),
        (np.array([0.5, 1, 2]), "targets of 3 pictures for 4 pictures"),
        (np.array([[0, 1], [1, 0], [1, 1], [0, 0]]), "no picture"),
    ],
)
def test_arrays_that_cannot_be_used(y: np.ndarray[Any, Any], words: str) -> None:
    arrays = {"x": np.zeros((4, 4, 4), np.uint8), "y": y}
    if y.ndim == 2:
        arrays |= {"classes": np.array(["a", "b", "c"])}
        words = "2 columns of labels for 3 class"
    with pytest.raises(DataError, match=words):
        load(arrays)


def test_mnist_as_numbers() -> None:
    train = load("mnist", task="regression").train
    assert train.labels[:3].tolist() == load("mnist").train.labels[:3].tolist()
    assert train.kind == "regression"


def test_a_folder_says_one_class_a_picture(tmp_path: Path) -> None:
    for i in range(40):
        write(tmp_path / str(i % 4) / f"{i}.png", encoded(noise(i, 6, 6)))
    assert set(load(tmp_path, task="regression").train.labels) == {0.0, 1.0, 2.0, 3.0}
    with pytest.raises(DataError, match="CSV"):
        load(tmp_path, task="multi-label")


def test_check_reports_numbers_and_labels(folder: Path) -> None:
    rows = [(f"{i}.png", "7.5") for i in range(60)]
    found = inspect(table(folder / "constant.csv", HEAD, *rows))
    assert [finding.kind for finding in found.spoiling] == ["constant-target"]
    assert found.task == "regression"
    rows = [(f"{i}.png", str(i / 8)) for i in range(60)]
    fine = inspect(table(folder / "fine.csv", HEAD, *rows))
    assert (fine.pictures, fine.classes, fine.spoiling) == (60, (), ())
    rows = [(f"{i}.png", "a;b" if i % 3 else "a") for i in range(60)]
    several = inspect(table(folder / "several.csv", HEAD, *rows))
    assert {each.name: each.pictures["all"] for each in several.classes} == {"a": 60, "b": 40}
    assert several.pictures == 60


def test_fingerprints_tell_tasks_apart(folder: Path) -> None:
    rows = [(f"{i}.png", str(i % 7)) for i in range(60)]
    path = table(folder / "prints.csv", HEAD, *rows)
    prints = {
        load(path, task=task).train.fingerprint()
        for task in ("single-label", "multi-label", "regression")
    }
    assert len(prints) == 3
