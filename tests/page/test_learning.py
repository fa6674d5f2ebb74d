"""What a page can learn, and what it says where it cannot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pellucid.data.dataset import Dataset, Splits
from pellucid.errors import ArgumentError
from pellucid.graph import classifier_weights, first_factors, initial_weights
from pellucid.ops import CrossEntropy
from pellucid.page.blobs import Blobs
from pellucid.page.learning import Lesson
from pellucid.training.recipe import make_recipe
from tests.page.lessons import CASES
from tests.page.test_file import model

RECIPE = make_recipe(epochs=2, batch_size=2)


def data(classes: tuple[str, ...] = ("cat", "dog"), count: int = 5) -> Dataset:
    pixels = np.random.default_rng(1).integers(0, 256, (count, 8, 8, 1), np.uint8)
    return Dataset(pixels, np.arange(count) % len(classes), classes)


def test_a_lesson_says_how_every_array_starts_and_which_outputs_can_be_left_out() -> None:
    lesson = Lesson(model(), data(), data(), RECIPE)
    assert lesson.obstacle is None
    found = lesson.to_dict(Blobs())
    graph = model().network.graph
    assert [each["name"] for each in found["parameters"]] == [str(n) for n in graph.parameters]
    drawn, first = initial_weights(graph, 3), classifier_weights(graph, 3)
    for each in found["parameters"]:
        name = each["name"]
        factor = np.float32(each.get("times", 1))
        np.testing.assert_array_equal(drawn[name] * factor, first[name])
    assert first_factors(graph).keys() == {"dense1.kernel"}
    assert found["head"] == {
        "layer": "dense1", "kernel": "dense1.kernel", "bias": "dense1.bias",
        "units": 2, "setting": "units",
    }  # fmt: skip
    assert found["step"]["capacity"] == 3  # of five pictures in twos, the last batch has three


@pytest.mark.parametrize(
    "loss", [CrossEntropy(label_smoothing=0.1), CrossEntropy(class_weights=(1.0, 2.0))]
)
def test_losses_that_count_the_classes_leave_no_output_out(loss: CrossEntropy) -> None:
    lesson = Lesson(model(), data(), data(), replace(RECIPE, loss=loss))
    assert lesson.to_dict(Blobs())["head"] is None


def test_what_a_page_cannot_learn_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Lesson(model(), data(("cow", "dog")), data(), RECIPE)
    average = Lesson(model(), data(), data(), replace(RECIPE, ema=0.9))
    monkeypatch.setattr("pellucid.page.learning.MOST_MEMORY", 10_000)
    large = Lesson(model(), data(), data(), RECIPE)
    for lesson, reason in ((other, "cow"), (average, "ema"), (large, "GB")):
        with pytest.raises(ArgumentError, match=reason) as raised:
            lesson.to_dict(Blobs())
        assert "\n" not in str(raised.value)


def test_learning_is_left_out_where_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES["sgd"]
    fitted, pictures = case.fitted(), case.data()
    assert fitted.page(pictures).data["learn"] is not None
    assert fitted.page(pictures, learn=False).data["learn"] is None
    with pytest.raises(ArgumentError, match="judge"):
        fitted.page(Splits(pictures.train, None, None), learn=True)
    monkeypatch.setattr("pellucid.page.learning.MOST_MEMORY", 10_000)
    assert fitted.page(pictures).data["learn"] is None
    with pytest.raises(ArgumentError, match="memory"):
        fitted.page(pictures, learn=True)
