"""The figures of traces and gradients: no text runs into another, or out of the figure."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.explain.backward import backward
from pellucid.explain.trace import Trace
from pellucid.layers import Conv2D, Dense, Flatten, MaxPool, ReLU
from pellucid.show.layers_figure import MOST_NAMED, Layer, draw_layers
from tests.explain.activations import activations_of, hand_made

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    from pellucid.explain.activations import Activations


def texts(figure: Figure) -> list[Text]:
    """What is written, without ticks that lie outside their axes."""
    found = list(figure.texts)
    for axes in figure.axes:
        found += [*axes.texts, *(axes.title, axes._left_title)]  # type: ignore[attr-defined]
        for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            if axis.get_visible() and axes.axison:
                labels = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
                found += [t for at, t in labels if min(low, high) <= at <= max(low, high)]
    return [text for text in found if text.get_text().strip()]


def check_texts(figure: Figure) -> None:
    figure.canvas.draw()
    whole = figure.bbox
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]
    assert len(boxes) > 10
    for words, box in boxes:
        assert box.x0 >= 0, words
        assert box.x1 <= whole.x1 + 1, words
        assert box.y1 <= whole.y1, words
    for (one, first), (other, second) in combinations(boxes, 2):
        across = min(first.x1, second.x1) - max(first.x0, second.x0)
        up = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert across <= 1 or up <= 1, (one, other)


def shallow(gradient: float, count: int = 2) -> Activations:
    """A small network whose gradients are as tiny or large as asked."""
    random = np.random.default_rng(3)
    weights = {
        "conv1.kernel": random.normal(size=(3, 3, 1, 12)) * gradient,
        "conv1.bias": np.zeros(12),
        "dense1.kernel": random.normal(size=(48, 40)) * 1e-3,
        "dense1.bias": np.zeros(40),
        "dense2.kernel": random.normal(size=(40, count)),
        "dense2.bias": np.zeros(count),
    }
    layers = [Conv2D(12, 3), ReLU(), MaxPool(2), Flatten(), Dense(40), ReLU(), Dense(count)]
    return hand_made(layers, weights, random.integers(0, 256, (6, 6, 1)))


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e4])
def test_nothing_overlaps(size: float) -> None:
    activations = shallow(size)
    classes = activations.classes
    check_texts(Trace(activations).plot())
    check_texts(backward(activations.model, activations.pixels, classes[1]).plot())


def test_names_that_are_too_long_run_into_nothing() -> None:
    values = np.linspace(-1.0, 2.0, 12)
    names = [f"a name that is much too long for a figure {k}" for k in range(12)]
    layers = [Layer("logits of a layer with a long name " * 3, values), Layer("y", abs(values))]
    check_texts(draw_layers("a path of a file that is long " * 9, layers, names))


def test_nothing_overlaps_in_a_network_of_every_operation() -> None:
    check_texts(Trace(activations_of("every operation")).plot())


def test_of_many_classes_those_with_the_largest_have_bars() -> None:
    values = np.zeros(100)
    values[[3, 97]] = 5.0, -7.0
    figure = draw_layers("t", [Layer("logits", values)], [f"class {k}" for k in range(100)])
    (axes,) = figure.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert len(names) == MOST_NAMED
    assert {"class 3", "class 97"} <= set(names)
    assert {"5", "−7"} <= {text.get_text() for text in axes.texts}
