"""Worksheets of models for other tasks than one class a picture: what suits them is asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import pellucid as pl
from pellucid.architectures.detector import detector, first_weights
from pellucid.data.preprocessing import Preprocessing
from pellucid.files import Model
from pellucid.graph import Network
from pellucid.graph.network import parameters
from pellucid.layers import Dense, Flatten, Sequential
from pellucid.show.html import page
from pellucid.show.worksheet.document import LANGUAGES, worksheet_document
from pellucid.tasks import Detection, MultiLabel, Regression, Task
from pellucid.worksheets.sheet import Worksheet, worksheet
from tests.estimators.test_detector import body
from tests.explain.activations import activations_of
from tests.worksheets import student

PIXELS = np.arange(16, dtype=np.uint8).reshape(4, 4, 1)

ENDING = {"sigmoid", "binary-cross-entropy", "squared-error", "gradient"}

OF_ONE_CLASS = {"softmax", "cross-entropy", "gradient"}


def checked(sheet: Worksheet) -> tuple[set[str], dict[str, str]]:
    """Topics that are asked about and left out; a student can answer, and both pages are made."""
    answers = {blank.name: blank for blank in sheet.blanks}
    for name, value in student.answers(sheet).items():
        blank = answers[name]
        assert abs(value - float(blank.answer)) <= float(blank.tolerance) * (1 + 1e-9), blank
    for language in LANGUAGES:
        page(worksheet_document(sheet, language=language))
    return {exercise.topic for exercise in sheet.exercises}, dict(sheet.left_out)


@pytest.mark.parametrize("kind", ["labels", "numbers"])
def test_labels_and_numbers(kind: str) -> None:
    activations = activations_of("lecture")
    names = tuple(f"n{k}" for k in range(10))
    numbers = Regression(names, (0.0,) * 10, (1.0,) * 10, flat=False)
    task = MultiLabel(names) if kind == "labels" else numbers
    model = replace(activations.model, task=task)
    right = "n1; n2" if kind == "labels" else [1.0] * 10
    asked, left = checked(worksheet(model, activations.pixels, right))
    own = {"sigmoid", "binary-cross-entropy"} if kind == "labels" else {"squared-error"}
    assert own | {"gradient"} <= asked
    assert not left.keys() & {"softmax", "cross-entropy", "sigmoid", "squared-error"}
    named = worksheet(model, activations.pixels, right, topics=["softmax", "dense"])
    assert named.left_out == [("softmax", "task")]
    assert {"convolution", "dense", "dense-update", "through-dense", "kernel-update"} <= asked


def test_boxes() -> None:
    graph = detector(body(2).graph((64, 96, 3)), 2)
    network = Network(graph, first_weights(graph, 4))
    model = Model(network, Detection(("dark", "light")), Preprocessing(64, 96, 3), {})
    picture = np.random.default_rng(2).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    asked, left = checked(worksheet(model, picture, [("dark", 10, 10, 60, 50)]))
    assert {"convolution", "norm", "kernel-update"} <= asked
    assert left.keys() >= OF_ONE_CLASS


def test_quantised() -> None:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (32, 28, 28, 1), dtype=np.uint8)
    data = pl.Dataset(images, random.integers(0, 2, 32), ("a", "b"))
    model = pl.ImageClassifier("lecture", epochs=1, seed=0, verbose=0).fit(data).quantised(data)
    asked, left = checked(worksheet(model, images[0]))
    assert {"pixels", "pooling", "softmax"} <= asked
    assert left["dense"] == "quantised"
    assert left["kernel-update"] == "gradients"


def test_several_labels_by_hand() -> None:
    """Logits 2, −1 and 0 of which the second and third are right, as anybody calculates them."""
    sheet = worksheet(with_outputs([2.0, -1.0, 0.0], "labels"), PIXELS, "b; c")
    answers, network = values(sheet)
    p = [0.8808, 0.2689, 0.5]
    assert answers["sigmoid"] == pytest.approx(p, abs=1e-4)
    losses = [2.127, 1.313, 0.693]  # −ln(1 − 0.8808), −ln 0.2689, −ln 0.5
    assert answers["binary-cross-entropy"] == pytest.approx([*losses, 1.378], abs=2e-3)
    deltas = [0.2936, -0.2437, -0.1667]  # (p − y) / 3
    assert answers["gradient"] == pytest.approx(deltas, abs=1e-3)
    for topic, found in answers.items():
        assert found == pytest.approx(network[topic], abs=3e-3), topic
    checked(sheet)


def test_sure_of_several_labels_by_hand() -> None:
    """A probability of nearly 0 whose logarithm no few decimals give: by the logit itself."""
    sheet = worksheet(with_outputs([-9.0, 1.0, 3.0], "labels"), PIXELS, "a")
    answers, network = values(sheet)
    # ln(1 + e^9), ln(1 + e^1), ln(1 + e^3), and their mean
    wanted = [9.000, 1.313, 3.049, 4.454]
    assert answers["binary-cross-entropy"] == pytest.approx(wanted, abs=1e-2)
    assert network["binary-cross-entropy"] == pytest.approx(wanted, abs=1e-2)
    checked(sheet)


def test_numbers_by_hand() -> None:
    """Outputs 0.5 and −1.2 where (12, 30) is right, of numbers with means 10, 20, scales 4, 5."""
    sheet = worksheet(with_outputs([0.5, -1.2], "numbers"), PIXELS, [12.0, 30.0])
    answers, network = values(sheet)
    # t = (0.5, 2): differences 0 and −3.2, loss 10.24 / 2, answer 0.5 · 4 + 10
    assert answers["squared-error"] == pytest.approx([0.0, -3.2, 5.12, 12.0], abs=1e-2)
    assert answers["gradient"] == pytest.approx([0.0, -3.2], abs=1e-2)  # 2 d / 2
    for topic, found in answers.items():
        assert found == pytest.approx(network[topic], abs=1e-2), topic
    checked(sheet)


def with_outputs(outputs: list[float], kind: str) -> Model:
    """A model that gives these outputs for any picture, whose last layer is its bias alone."""
    graph = Sequential([Flatten(), Dense(len(outputs))]).graph((4, 4, 1))
    weights = {
        name: np.asarray(outputs if name.endswith("bias") else 0.0, np.float32)
        * np.ones(parameter.shape, np.float32)
        for name, parameter in parameters([graph]).items()
    }
    names = tuple("abc"[: len(outputs)])
    task: Task = MultiLabel(names)
    if kind == "numbers":
        task = Regression(names, (10.0, 20.0), (4.0, 5.0), flat=False)
    return Model(Network(graph, weights), task, Preprocessing(4, 4, 1), {})


def values(sheet: Worksheet) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """The answers of each exercise on what ends the network, and the network's own values."""
    ending = [e for e in sheet.exercises if e.topic in ENDING]
    return (
        {e.topic: [float(blank.answer) for blank in e.blanks] for e in ending},
        {e.topic: [float(blank.exact or 0) for blank in e.blanks] for e in ending},
    )
