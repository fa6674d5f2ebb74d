"""A classifier's diagnosis, and the limit of pixels that its file tells."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid import ImageClassifier, load
from pellucid.data.pillow import MAX_PIXELS
from pellucid.errors import ArgumentError
from pellucid.files.provenance import trained_max_pixels

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset


def test_a_training_that_goes_nowhere(digits: tuple[Dataset, Dataset], tmp_path: Path) -> None:
    train, test = digits[0].subset(range(200)), digits[1].subset(range(50))
    model = ImageClassifier("lecture", epochs=2, learning_rate=1e-7, schedule="constant")
    model.fit(train)
    found = {each.kind: each for each in model.diagnose(test)}
    assert found["low_rate"].numbers["usual_learning_rate"] == 0.018
    assert model.diagnose(test, model.evaluate(test)) == tuple(found.values())
    model.save(tmp_path / "m.safetensors")
    kinds = {each.kind for each in load(tmp_path / "m.safetensors").diagnose(test)}
    assert "low_rate" not in kinds  # a file does not tell how the loss went


def test_a_good_one(classifier: ImageClassifier, digits: tuple[Dataset, Dataset]) -> None:
    kinds = {each.kind for each in classifier.diagnose(digits[1])}
    assert not kinds & {"stuck", "high_rate", "low_rate", "one_class", "overfitting"}


def test_a_class_is_called_by_its_name(
    classifier: ImageClassifier, digits: tuple[Dataset, Dataset]
) -> None:
    answers = np.zeros((10, 10), np.int64)
    answers[:, 7] = 30
    judged = replace(classifier.evaluate(digits[1]), confusion=answers)
    (found,) = (each for each in classifier.diagnose(digits[1], judged) if each.kind == "one_class")
    assert "100.0% of all answers are class 7, to which 10.0% of the" in found.words


def test_the_limit_of_pixels_is_reported(digits: tuple[Dataset, Dataset]) -> None:
    model = ImageClassifier("lecture", epochs=1, max_pixels=123, engine="reference")
    model.fit(digits[0].subset(range(20)))
    assert trained_max_pixels(model.model_.provenance) == 123
    with pytest.raises(ArgumentError, match="max_pixels is 0; expected an integer ≥ 1"):
        model.set_params(max_pixels=0).fit(digits[0])


@pytest.mark.parametrize(
    "origin",
    [{}, *({"max_pixels": printed} for printed in (None, 0, -5, True, 2.5, "9", [9]))],
)
def test_a_file_without_any(origin: dict[str, Any]) -> None:
    assert trained_max_pixels(origin) == MAX_PIXELS
