"""Dead units: counted behind every ReLU."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.architectures import get_architecture
from pellucid.engines import batches, get_engine
from pellucid.errors import ShapeError
from pellucid.graph import Network, initial_weights
from pellucid.layers import Conv2D, Dense, Flatten, LeakyReLU, ReLU, Reshape, Sequential
from pellucid.training.dead_units import SAMPLE, Activity, activity

GRAPH = Sequential(
    [Conv2D(4, 3), ReLU(), Conv2D(3, 1), LeakyReLU(), Flatten(), Dense(5), ReLU(), Dense(2)]
).graph((6, 5, 1))


def network(biases: dict[str, list[float]]) -> Network:
    weights = initial_weights(GRAPH, 0)
    for name, values in biases.items():
        weights[name] = np.array(values, np.float32)
    return Network(GRAPH, weights)


def images(count: int, seed: int = 3) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (count, 6, 5, 1), np.uint8)


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_large_negative_biases_kill(engine: str) -> None:
    killed = {"conv1.bias": [9e5, -1e6, 9e5, -1e6], "dense1.bias": [9e9, 9e9, -1e9, 9e9, 9e9]}
    found = activity(network(killed), images(7), engine=get_engine(engine))
    assert found == (Activity("relu1", 4, 2, 7), Activity("relu2", 5, 1, 7))


def test_a_unit_that_speaks_anywhere_once_is_alive() -> None:
    weights = initial_weights(GRAPH, 0)
    weights["conv1.kernel"][:] = 0.0
    weights["conv1.kernel"][1, 1, 0, :] = 1.0
    weights["conv1.bias"][:] = -254.5
    pictures = np.zeros((9, 6, 5, 1), np.uint8)
    loaded = Network(GRAPH, weights)
    assert activity(loaded, pictures)[0].dead == 4
    pictures[8, 2, 3, 0] = 255
    assert activity(loaded, pictures)[0].dead == 0


def test_of_many_pictures_those_at_even_distances_are_looked_at() -> None:
    weights = initial_weights(GRAPH, 0)
    weights["conv1.kernel"][:] = 0.0
    weights["conv1.kernel"][1, 1, 0, :] = 1.0
    weights["conv1.bias"][:] = -254.5
    loaded = Network(GRAPH, weights)
    pictures = np.zeros((2 * SAMPLE, 6, 5, 1), np.uint8)
    pictures[SAMPLE + 10 : SAMPLE + 13, 2, 3, 0] = 255  # sorted data: one class far behind
    found = activity(loaded, pictures)[0]
    assert (found.dead, found.pictures) == (0, SAMPLE)


def test_what_cannot_be_looked_at() -> None:
    loaded = network({})
    with pytest.raises(ShapeError, match="at least one picture"):
        activity(loaded, images(0))
    with pytest.raises(ShapeError, match="the network takes images"):
        activity(loaded, images(3)[:, :4])


@pytest.mark.parametrize("architecture", ["lecture", "vgg-small", "resnet20"])
def test_the_counts_are_those_of_all_values(
    architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where pictures are large, so that they are computed a few at a time."""
    graph = get_architecture(architecture)(3).graph((16, 16, 3))
    weights = initial_weights(graph, 5)
    for name, weight in weights.items():
        if name.endswith(("bias", "shift")):
            weight[::3] = -50.0
    whole = Network(graph, weights)
    pictures = np.random.default_rng(2).integers(0, 256, (11, 16, 16, 3), np.uint8)
    values = get_engine("reference").load(whole).values(pictures)
    silent = {
        node.name: int(
            (values[node.name] == 0).all(axis=tuple(range(values[node.name].ndim - 1))).sum()
        )
        for node in graph.nodes
        if node.operation.kind == "relu"
    }
    assert any(silent.values())
    monkeypatch.setattr(batches, "LIMIT", 1)
    assert {each.layer: each.dead for each in activity(whole, pictures)} == silent


@pytest.mark.parametrize("shape", [(20, 3), (5, 4, 1, 3)], ids=str)
def test_a_unit_of_rows_is_dead_if_it_is_in_all_of_them(shape: tuple[int, ...]) -> None:
    """As after a detector's regions or a recording's steps."""
    made = Sequential([Conv2D(3, (2, 2)), Reshape(shape), ReLU(), Flatten(), Dense(2)])
    graph = made.graph((6, 5, 1))
    weights = initial_weights(graph, 0)
    weights["conv1.kernel"][:] = 0.0
    weights["conv1.kernel"][0, 0, 0, :] = 1.0
    weights["conv1.bias"][:] = (-254.5, -1e6, 1.0)
    pictures = np.zeros((3, 6, 5, 1), np.uint8)
    assert activity(Network(graph, weights), pictures) == (Activity("relu1", 3, 2, 3),)
    pictures[2, 3, 2] = 255  # of one picture, one row
    assert activity(Network(graph, weights), pictures) == (Activity("relu1", 3, 1, 3),)
