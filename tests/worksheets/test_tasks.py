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
from pellucid.show.html import page
from pellucid.show.worksheet.document import LANGUAGES, worksheet_document
from pellucid.tasks import Detection, MultiLabel, Regression
from pellucid.worksheets.sheet import Worksheet, worksheet
from tests.estimators.test_detector import body
from tests.explain.activations import activations_of
from tests.worksheets import student

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
    assert {topic for topic, reason in left.items() if reason == "task"} == OF_ONE_CLASS
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
