"""Tasks: the fixed table, their settings, what they hand to a program and make of its outputs."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from pellucid.data import Dataset
from pellucid.data.learnable import check_learnable
from pellucid.data.targets import TARGETS, ClassTargets, LabelSets, Numbers
from pellucid.data.transcripts import Transcripts
from pellucid.errors import ArgumentError, DataError, PellucidError
from pellucid.estimators import ESTIMATORS, ImageGenerator
from pellucid.evaluation.answer_forms import FORMS
from pellucid.evaluation.by_task import evaluate_task
from pellucid.explain.truth import truth_of
from pellucid.interop.onnx.task_outputs import TASK_OUTPUTS
from pellucid.ops import Huber, SquaredError
from pellucid.settings import to_dict
from pellucid.tasks import (
    TASKS,
    Captioning,
    Detection,
    Generation,
    MultiLabel,
    RegionDetection,
    Regression,
    SingleLabel,
    Task,
    Transcription,
    check_one_class,
    task_from_dict,
    task_of,
)

EVERY = [
    SingleLabel(("cat", "dog")),
    SingleLabel(("3", "7"), "int"),
    MultiLabel(("cat", "pet"), threshold=0.25),
    Regression(("angle",), (0.5,), (2.0,)),
    Regression(("x", "y"), (0.5, -1.0), (2.0, 0.25), flat=False),
    Detection(("cat", "dog"), boxes=7, shown=0.4),
    RegionDetection(("cat", "dog"), boxes=7, shown=0.4, size=(64, 96)),
    Transcription(("no", "yes"), labels=7),
    Transcription((" ", "a", "b"), "characters"),
    Captioning(("a", "dog"), 7, beam=2, length_power=0.5),
]


def dataset(targets: Any) -> Dataset:
    return Dataset(np.zeros((len(targets), 4, 4, 1), np.uint8), targets=targets)


def test_the_table_is_that_of_targets() -> None:
    assert TASKS.keys() - {RegionDetection.kind} == TARGETS.keys()  # another way to find boxes
    assert all(TASKS[kind].title == TARGETS[kind].title for kind in TARGETS)
    assert {type(task) for task in (*EVERY, Generation(8))} == set(TASKS.values())


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_each_names_the_estimator_that_learns_it(task: type[Task]) -> None:
    learns = {kind for each in (*ESTIMATORS, ImageGenerator) for kind in each.TASKS}
    assert learns == TASKS.keys()
    (estimator,) = (e for e in (*ESTIMATORS, ImageGenerator) if task.kind in e.TASKS)
    assert estimator.__name__ == task.estimator


@pytest.mark.parametrize("task", [Generation(8), Captioning(("a", "dog"), 7)], ids=str)
def test_what_has_no_report_of_its_own_is_not_taken_for_classes(task: Task) -> None:
    """A new task that lacks one is refused as such, and not by what its data have not."""
    nothing: Any = SimpleNamespace(model=SimpleNamespace(task=task))
    with pytest.raises(ArgumentError, match=task.title):
        evaluate_task(nothing, nothing, task)
    with pytest.raises(ArgumentError, match=task.title):
        truth_of(nothing, None)


@pytest.mark.parametrize(
    "targets",
    [
        ClassTargets(np.array([2, 0, 2]), ("a", "b", "c")),
        LabelSets(np.array([[1, 0, 0], [1, 0, 1]], np.uint8), ("a", "b", "c")),
    ],
    ids=lambda targets: targets.kind,
)
def test_a_class_without_pictures_cannot_be_learned(targets: ClassTargets | LabelSets) -> None:
    assert targets.used.tolist() == [0, 2]
    with pytest.raises(DataError, match="class b has no pictures"):
        check_learnable("photos", targets)


def test_of_other_targets_the_task_says_what_cannot_be_learned() -> None:
    numbers = Numbers(np.zeros((2, 1)), ("angle",))
    assert numbers.used is None
    check_learnable("photos", numbers)


@pytest.mark.parametrize("task", EVERY, ids=str)
def test_there_and_back_through_json(task: Any) -> None:
    assert task_from_dict(json.loads(json.dumps(to_dict(task)))) == task
    assert task.known().kind == task.data_kind
    assert task.known().names == task.names
    assert len(task.known()) == 0


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "detection"},
        {"kind": "segmentation"},
        {"kind": "captions"},
        {"kind": "captions", "words": []},
        {"kind": "captions", "words": ["a", "a"]},
        {"kind": "captions", "words": ["a", 1]},
        {"kind": "captions", "words": ["a"], "length": 1},
        {"kind": "captions", "words": ["a"], "beam": 0},
        {"kind": "generation", "latent": 0},
        {"kind": "generation", "latent": 1.5},
        {"kind": "generation"},
        {"kind": "detection", "classes": ["a"], "stride": 0},
        {"kind": "region-detection", "classes": ["a"], "size": [0, 4]},
        {"kind": "region-detection", "classes": ["a"], "boxes": 0},
        {"kind": "detection", "classes": ["a"], "overlap": 2.0},
        {"kind": "multi-label", "classes": ["a", "b"], "threshold": 1.5},
        {"kind": "multi-label", "classes": ["a", "a"]},
        {"kind": "multi-label", "classes": ["a", "b"], "label_kind": "int"},
        {"kind": "regression", "columns": ["a"], "mean": [0.0], "scale": [0.0]},
        {"kind": "regression", "columns": ["a"], "mean": [0.0, 1.0], "scale": [1.0]},
        {"kind": "regression", "columns": ["a", "b"], "mean": [0.0, 1.0], "scale": [1.0, 1.0]},
        {"kind": "regression", "columns": ["a"], "mean": ["0"], "scale": [1.0]},
        {"kind": "transcripts", "vocabulary": []},
        {"kind": "transcripts", "vocabulary": ["a"], "units": "syllables"},
        {"kind": "transcripts", "vocabulary": ["a"], "labels": 0},
        {"kind": "single-label", "classes": []},
        {"kind": "single-label"},
        ["single-label"],
    ],
)
def test_hostile_settings_are_refused(values: Any) -> None:
    with pytest.raises(PellucidError) as caught:
        task_from_dict(values)
    assert "\n" not in str(caught.value)


def test_single_label() -> None:
    data = dataset(ClassTargets(np.array([1, 0, 1]), ("3", "7"), "int"))
    task = task_of(data.targets)
    assert task == SingleLabel(("3", "7"), "int")
    assert task.targets(data, np.array([2, 1])).tolist() == [1, 0]
    assert task.answer(np.array([[0.0, 1.0], [2.0, 1.0]])).tolist() == [7, 3]
    assert task.correct(np.array([[0.0, 1.0], [2.0, 1.0]]), np.array([1, 1])) == 1
    assert task.of_one_class


def test_generation() -> None:
    task = Generation(8)
    assert task_from_dict(json.loads(json.dumps(to_dict(task)))) == task
    values = np.array([-1.0, -0.999, 0.0, 1.0, 1.5]).reshape(1, 1, 5, 1)
    assert task.answer(values).ravel().tolist() == [0, 0, 128, 255, 255]
    task.check_outputs((4, 4, 3))
    for shape in ((4,), (4, 4, 2)):
        with pytest.raises(ArgumentError, match="picture"):
            task.check_outputs(shape)
    with pytest.raises(ArgumentError, match="generates pictures"):
        task.judge()  # what only networks that look at pictures have
    assert task.known().names == ()


def test_transcription() -> None:
    data = dataset(Transcripts.of(["yes no", "no no", "no"], "words"))
    task = task_of(data.targets)
    assert task == Transcription(("no", "yes"), "words", 2)
    wanted = task.targets(data, np.array([2, 0]))
    assert wanted.tolist() == [[1, -1], [2, 1]]
    assert wanted.dtype == np.float32
    for fitting in ((5, 3), (1, 5, 3)):
        task.check_outputs(fitting)
    for shape in ((3,), (5, 2), (2, 5, 3), (5, 1, 3)):
        with pytest.raises(ArgumentError, match="3 logits"):
            task.check_outputs(shape)
    paths = np.array([[2, 2, 0, 1, 1], [0, 1, 0, 1, 0], [0, 0, 0, 0, 0]])
    logits = 4.0 * np.eye(3)[paths]
    assert task.answer(logits).tolist() == ["yes no", "no no", ""]
    assert task.described(logits[0]) == "yes no"
    judge = task.judge()
    judge.add(logits[:2, np.newaxis], task.targets(data, np.array([0, 1])))
    judge.add(logits[2:, np.newaxis], task.targets(data, np.array([2])))
    judged = judge.judged()
    assert judged.measures == {"word_accuracy": pytest.approx(0.8), "whole_texts": 2 / 3}
    lengths = torch.tensor([2, 2, 1])
    torch_loss = torch.nn.functional.ctc_loss(
        torch.tensor(logits).log_softmax(-1).transpose(0, 1),
        torch.tensor([2, 1, 1, 1, 1]), torch.tensor([5, 5, 5]), lengths, reduction="none",
    )  # fmt: skip
    assert judged.loss == pytest.approx(float(torch_loss.mean()))
    wrong = np.full_like(logits, np.nan)
    spoiled = task.judge()
    spoiled.add(wrong, task.targets(data, np.arange(3)))
    assert np.isnan(spoiled.judged().loss)
    letters = Transcription((" ", "a", "b"), "characters")
    assert letters.text_of([1, 2, 3, 1, 1, 2, 1]) == "ab a"


def test_multi_label() -> None:
    marks = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 0]], np.uint8)
    data = dataset(LabelSets(marks, ("a", "b", "c")))
    task = task_of(data.targets)
    wanted = task.targets(data, np.array([2, 0]))
    assert wanted.dtype == np.float32
    assert wanted.tolist() == [[1, 1, 0], [1, 0, 1]]
    logits = np.array([[0.0, -1.0, 2.0]])
    assert task.answer(logits).tolist() == [[1, 0, 1]]
    assert task.settled({"threshold": 0.8}).answer(logits).tolist() == [[0, 0, 1]]
    assert task.settled({}) == task
    judge = task.judge()
    judge.add(np.array([[3.0, -3.0, 3.0], [-3.0, -3.0, 3.0]]), wanted[[1, 1]])
    judge.add(np.array([[3.0, 3.0, -3.0]]), wanted[:1])
    found = judge.judged()
    assert tuple(found.measures) == MultiLabel.measures
    assert 0 < found.measures["micro_f1"] < 1
    assert found.loss > 0


def test_regression() -> None:
    values = np.array([[1.0, 10.0], [3.0, 30.0], [5.0, 80.0]])
    data = dataset(Numbers(values, ("x", "y"), flat=False))
    task = task_of(data.targets)
    assert isinstance(task, Regression)
    wanted = task.targets(data, slice(None))
    assert wanted.dtype == np.float32
    np.testing.assert_allclose(wanted.mean(axis=0), 0, atol=1e-7)
    np.testing.assert_allclose(wanted.std(axis=0), 1, rtol=1e-6)
    np.testing.assert_allclose(task.answer(wanted.astype(np.float64)), values, rtol=1e-6)
    for loss, oracle in (
        (None, torch.nn.HuberLoss()), (SquaredError(), torch.nn.MSELoss()),
        (Huber(0.5), torch.nn.HuberLoss(delta=0.5)),
    ):  # fmt: skip
        judge = task.judge(loss)
        judge.add(wanted[:2].astype(np.float64), wanted[:2])
        judge.add(wanted[2:].astype(np.float64) + 1, wanted[2:])
        found = judge.judged()
        off = torch.tensor([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
        assert found.loss == pytest.approx(float(oracle(off, torch.zeros(3, 2))))
        assert found.measures["mean_absolute_error"] == pytest.approx(np.mean(task.scale) / 3)
        assert found.measures["r2"] == pytest.approx(1 - 1 / 3)


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (LabelSets(np.array([[1, 0], [1, 0]], np.uint8), ("a", "b")), "no picture .* b"),
        (LabelSets(np.array([[1, 0], [1, 1]], np.uint8), ("a", "b")), "every picture .* a"),
        (Numbers(np.full((4, 1), 3.5), ("x",)), r"x: all 4 pictures .* 3\.5"),
    ],
)
def test_what_nothing_can_be_learned_of(targets: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        task_of(targets)


def test_what_is_made_for_one_class_declines_by_name() -> None:
    check_one_class(EVERY[0], "a confusion matrix")
    for task in EVERY[2:]:
        with pytest.raises(ArgumentError, match=rf"a confusion matrix: .*{task.title}"):
            check_one_class(task, "a confusion matrix")


@pytest.mark.parametrize("like", EVERY, ids=str)
@pytest.mark.parametrize(
    "other",
    [
        ClassTargets(np.array([0, 1, 0]), ("3", "7"), "int"),
        LabelSets(np.array([[1, 0], [1, 1], [0, 0]], np.uint8), ("pet", "cat")),
        Numbers(np.array([[1.5], [2.5], [0.0]]), ("length",)),
    ],
    ids=lambda each: each.kind,
)
def test_other_data_are_adopted_or_refused(like: Any, other: Any) -> None:
    known = like.known()
    fits = {
        ("single-label", "single-label"): other.names == known.names,
        ("multi-label", "multi-label"): True,
        ("regression", "single-label"): len(known.names) == 1,
        ("regression", "regression"): len(known.names) == 1,
    }
    if not fits.get((like.kind, other.kind), False):
        with pytest.raises(DataError) as caught:
            known.adopt(other, "data")
        assert "\n" not in str(caught.value)
        return
    found = known.adopt(other, "data")
    assert found.names == known.names
    assert len(found) == 3
    if isinstance(found, LabelSets):
        assert found.marks.tolist() == [[0, 1], [1, 1], [0, 0]]


def test_every_task_has_its_row_in_the_tables() -> None:
    made = {Generation.kind}  # pictures that are made are no answers
    assert TASK_OUTPUTS.keys() == TASKS.keys()
    assert FORMS.keys() == TASKS.keys() - made
    assert {kind for kind, row in TASK_OUTPUTS.items() if row.noise} == made


@pytest.mark.parametrize("kind", TASKS)
def test_which_tasks_have_single_outputs(kind: str) -> None:
    task = TASKS[kind]
    of_map = {Detection.kind, RegionDetection.kind, Transcription.kind, Captioning.kind}
    assert task.of_map == (kind in of_map)
    assert task.writes_captions == (kind == Captioning.kind)
