"""What excites a unit, what it sees, what it would like to see; and learned kernels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines import get_engine
from pellucid.errors import ArgumentError, PellucidError
from pellucid.explain.kernels import learned_kernels
from pellucid.explain.maximisation import maximise
from pellucid.explain.patches import exciting_patches
from pellucid.explain.unit import receptive_field
from pellucid.graph import INPUT, Graph
from pellucid.layers import (
    Dense,
    Flatten,
    GlobalAveragePool,
    Parallel,
    ReLU,
    Sequential,
)
from pellucid.show.drawing import png
from tests.engines.networks import DIFFERENT, GRAPHS, network
from tests.explain.saliency import activations
from tests.messages import check_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid import Dataset, ImageClassifier
    from pellucid.ops.operation import Array


def slopes_of(graph: Graph, seed: int, images: Array, layer: str, at: tuple[int, ...]) -> Array:
    """∂value/∂pixel of one value of a layer, (H, W, C), in float64."""
    program = get_engine("reference").load(network(graph, seed), precision="float64")
    start = np.zeros((1, *graph.shapes[layer]))
    start[0, *at] = 1.0
    found = program.differentiate(
        graph.select(layer), {INPUT: images}, {layer: start}, values=[INPUT]
    )
    return np.asarray(found.values[INPUT][0])


@pytest.mark.parametrize("at", [(0, 0, 3), (7, 4, 0), (13, 13, 63)])
def test_a_receptive_field_is_where_gradients_can_come_from(at: tuple[int, int, int]) -> None:
    graph = GRAPHS["lecture"]
    field = receptive_field(graph, "conv2", at)
    reached = np.zeros(graph.input_shape[:2], bool)
    for seed in range(8):
        images = np.random.default_rng(seed).integers(0, 256, (1, *graph.input_shape))
        reached |= (slopes_of(graph, seed, images, "conv2", at) != 0).any(axis=-1)
    inside = np.zeros_like(reached)
    inside[slice(*field.rows), slice(*field.columns)] = True
    assert not (reached & ~inside).any()
    rows, columns = np.nonzero(reached)
    assert (rows.min(), rows.max() + 1) == field.rows
    assert (columns.min(), columns.max() + 1) == field.columns
    assert field.whole_rows[1] - field.whole_rows[0] == 8


def test_a_dense_unit_sees_everything() -> None:
    field = receptive_field(GRAPHS["lecture"], "dense1", (5,))
    assert (field.rows, field.columns) == ((0, 28), (0, 28))


def test_a_flattened_value_sees_what_it_saw_before() -> None:
    graph = GRAPHS["lecture"]
    shape = graph.shapes["pool2"]
    for place in np.ndindex(*shape[:2]):
        at = (*place, 5)
        unit = int(np.ravel_multi_index(at, shape))
        assert receptive_field(graph, "flatten1", (unit,)) == receptive_field(graph, "pool2", at)
    joined = Parallel([[Flatten()], [GlobalAveragePool()]])
    beside = Sequential([joined, ReLU(), Dense(3)]).graph((4, 4, 2))
    spans = [receptive_field(beside, "relu1", (unit,)).rows for unit in (0, 9, 31, 32, 33)]
    assert spans == [(0, 1), (1, 2), (3, 4), (0, 4), (0, 4)]


@pytest.mark.parametrize("name", DIFFERENT)
def test_no_gradient_comes_from_outside_a_receptive_field(name: str) -> None:
    graph = GRAPHS[name]
    random = np.random.default_rng(len(name))
    images = random.integers(0, 256, (1, *graph.input_shape))
    for layer in random.permutation([node.name for node in graph.nodes])[:12].tolist():
        at = tuple(int(random.integers(size)) for size in graph.shapes[layer])
        slopes = slopes_of(graph, 0, images, layer, at)
        field = receptive_field(graph, layer, at)
        inside = np.zeros(graph.input_shape[:2], bool)
        inside[slice(*field.rows), slice(*field.columns)] = True
        assert not slopes[~inside].any(), (layer, at)


def test_patches_are_the_strongest_of_all(
    classifier: ImageClassifier, digits: tuple[Dataset, Dataset]
) -> None:
    data = digits[1].subset(range(70))
    found = exciting_patches(classifier.program_, data, "conv2", 5, most=6)
    maps = classifier.program_.values(data.images)["conv2"][..., 5]
    best = np.sort(maps.max(axis=(1, 2)))[::-1][:6]
    np.testing.assert_allclose([patch.value for patch in found.patches], best, rtol=1e-5)
    for patch in found.patches:
        row, column, unit = patch.at
        assert unit == 5
        assert maps[patch.index, row, column] == pytest.approx(patch.value, rel=1e-5)
        rows, columns = patch.field.rows, patch.field.columns
        own = data.images[patch.index, slice(*rows), slice(*columns)]
        np.testing.assert_array_equal(patch.pixels, own)
        assert patch.label == data.classes[data.places[patch.index]]
    assert png(found.plot()).startswith(b"\x89PNG")
    assert len(json.loads(json.dumps(found.to_dict()))["patches"]) == 6
    units = exciting_patches(classifier.program_, data, "dense2", 3, most=2)
    assert units.patches[0].at == (3,)
    assert units.patches[0].pixels.shape == (8, 8, 1)


def test_a_dream_excites_its_unit_more_than_most_digits(
    classifier: ImageClassifier, digits: tuple[Dataset, Dataset]
) -> None:
    made = classifier.model_.network
    found = maximise(made, "dense2", 3, steps=60)
    logits = classifier.program_.forward(digits[1].images)[:, 3]
    assert found.activations[-1] > np.quantile(logits, 0.85)
    assert found.activations[-1] > found.activations[0] + 5.0
    assert classifier.predict(found.image) == "3"
    again = maximise(made, "dense2", 3, steps=60)
    np.testing.assert_array_equal(found.image, again.image)
    value = classifier.program_.forward(found.image[None])[0, 3]
    assert found.activations[-1] == pytest.approx(value, rel=1e-4)
    assert png(found.plot()).startswith(b"\x89PNG")
    assert json.loads(json.dumps(found.to_dict()))["record"] == "maximised"


def test_kernels(classifier: ImageClassifier) -> None:
    made = classifier.model_.network
    found = learned_kernels(made)
    assert found.layer == "conv1"
    values = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert (values["number"], values["channels"], values["size"]) == (32, 1, [3, 3])
    assert values["kernels"][7][0][2][1] == pytest.approx(made.weights["conv1.kernel"][2, 1, 0, 7])
    assert png(found.plot()).startswith(b"\x89PNG")
    assert png(learned_kernels(made, "conv2").plot(most=3, channels=2)).startswith(b"\x89PNG")
    assert "data:image/png" in found._repr_html_()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: learned_kernels(s.model.network, "dense1"), "has no kernels; convolutions are"),
        (lambda s: learned_kernels(s.model.network, "conv9"), "no layer 'conv9'"),
        (lambda s: learned_kernels(s.model.network).plot(most=0), "most must be a whole number"),
        (lambda s: receptive_field(s.program.graph, "conv2", (14, 0, 0)), "to 13, 13, 63"),
        (lambda s: maximise(s.model.network, "conv2", 64), "has the units 0 to 63, got 64"),
        (lambda s: maximise(s.model.network, "conv2", 0, decay=2.0), "decay must be a finite"),
    ],
)
def test_bad_wishes(call: Callable[..., object], message: str) -> None:
    with pytest.raises(PellucidError, match=message) as caught:
        call(activations(GRAPHS["lecture"]))
    check_line(caught.value)


def test_a_network_without_kernels() -> None:
    flat = activations(Sequential([Flatten(), Dense(3)]).graph((4, 4, 1)))
    with pytest.raises(ArgumentError, match="has no convolution"):
        learned_kernels(flat.model.network)
