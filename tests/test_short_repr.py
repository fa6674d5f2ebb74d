"""No value fills the screen when it is printed in a notebook or a terminal."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.architectures import get_architecture
from pellucid.data import Dataset
from pellucid.data.check.inspection import inspect_datasets
from pellucid.evaluation.edit_effect import data_effect, picture_effect
from pellucid.explain.methods import METHODS
from pellucid.explain.story import story
from pellucid.explain.surgery import Mute
from pellucid.short_repr import short, short_repr
from pellucid.training.history import History

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid import ImageClassifier

SCREEN = 24 * 80

Digits = tuple[Dataset, Dataset]


def inside(value: Any, seen: dict[int, Any]) -> Iterator[Any]:
    """A value and all that it holds."""
    if id(value) in seen:
        return
    seen[id(value)] = value  # kept, so that no other gets its number
    yield value
    parts: Any = ()
    if type(value) in (list, tuple):
        parts = value[:20]
    elif type(value) is dict:
        parts = list(value.values())[:20]
    elif type(value).__module__.startswith("pellucid") and hasattr(value, "__dict__"):
        parts = vars(value).values()
    for part in parts:
        yield from inside(part, seen)


def test_everything_that_a_session_makes(classifier: ImageClassifier, digits: Digits) -> None:
    test = digits[1]
    pixels = test.images[0]
    traced, back = classifier.trace(pixels), classifier.backward(pixels, "3")
    edited = classifier.edited(Mute("conv1", 1))
    roots = [
        digits, classifier, classifier.model_, classifier.summary(), classifier.history_,
        classifier.evaluate(test), traced, back, traced.value("conv1", at=(3, 3, 2)),
        back.weight("conv1.kernel", at=(0, 0, 0, 1)), pl.compare(classifier, edited, test),
        picture_effect(classifier, edited, pixels), data_effect(classifier, edited, test),
        story(classifier, pixels), inspect_datasets({"test": test}, bad=()), edited.model_,
        pl.data.Splits(*digits, None), *[classifier.explain(pixels, name) for name in METHODS],
        *[get_architecture(name)(1000) for name in ("resnet20", "vgg-medium")],
    ]  # fmt: skip
    seen: dict[int, Any] = {}
    kinds = set()
    for root in roots:
        for value in inside(root, seen):
            if type(value).__module__.startswith("pellucid"):
                kinds.add(type(value).__name__)
                assert len(repr(value)) <= SCREEN, type(value)
    assert len(kinds) > 50
    assert {"Model", "Report", "Trace", "Backward", "Evidence", "Heatmap", "Story"} <= kinds


def test_settings_that_hold_arrays() -> None:
    weights: Any = np.ones(5000)
    model = pl.ImageClassifier(get_architecture("resnet20")(10), class_weights=weights)
    text = repr(model)
    assert text.startswith("ImageClassifier(architecture=Sequential(")
    assert "class_weights=" in text
    assert len(text) < 300


def test_a_long_history() -> None:
    row = pl.training.Epoch(1, 0.123456, 0.5, 0.25, 0.75, 1e-3, 300.5, 2.5)
    text = repr(History([row] * 500))
    assert len(text) <= SCREEN
    assert "500 epochs" in text
    assert "loss 0.1235" in text
    assert len(text.split("\n")) <= 24
    assert repr(History([row])).count("\n") == 1


@short_repr
@dataclass
class Holder:
    first: Any
    second: Any = 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.zeros((3, 4), np.uint8), "<array 3×4 uint8>"),
        ("a\nb", r"'a\nb'"),
        (np.float64(1.5), "1.5"),
        ((), "()"),
        ([1, 2], "[1, 2]"),
        ({"a": [1]}, "{'a': [1]}"),
        (Holder(1), "Holder(…)"),
        (None, "None"),
    ],
)
def test_short_values(value: Any, text: str) -> None:
    assert short(value) == text
    assert repr(Holder(value)) == f"Holder(first={text}, second=2)"
    assert is_dataclass(Holder)


@pytest.mark.parametrize(
    "value",
    ["x" * 10**6, list(range(10**5)), {k: k for k in range(10**5)}, ("y" * 500,) * 500, b"z" * 999],
)
def test_long_values(value: Any) -> None:
    assert len(short(value)) < 130
    assert len(repr(Holder(value, value))) < 300
