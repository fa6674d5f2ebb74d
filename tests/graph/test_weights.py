"""First weights: the same seed, the same bits; and weights that are not the graph's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pellucid.architectures import ARCHITECTURES
from pellucid.errors import ShapeError
from pellucid.graph import Graph, Network, check_weights, initial_weights, parameters
from pellucid.layers import BatchNorm, Conv2D, Dense, Flatten, PReLU, Sequential
from tests.ops.philox import word


def network(*names: str) -> Graph:
    """3×3 convolutions of equal shape, of the given names, and a dense layer."""
    convolutions = [Conv2D(2, 3, padding="same", name=name) for name in names]
    return Sequential([*convolutions, Flatten(), Dense(3, name="end")]).graph((6, 5, 2))


def test_the_same_seed_gives_the_same_bits() -> None:
    graph = ARCHITECTURES["lenet5"](10).graph((28, 28, 1))
    first, second = initial_weights(graph, 7), initial_weights(graph, 7)
    assert first.keys() == second.keys() == {str(name) for name in graph.parameters}
    for name, parameter in graph.parameters.items():
        assert first[str(name)].tobytes() == second[str(name)].tobytes()
        assert first[str(name)].shape == parameter.shape
        assert first[str(name)].dtype == np.float32


def test_each_array_draws_from_the_seed_and_its_name() -> None:
    """By the CRC-32 of its full name, worked out elsewhere: a seed must mean the same for good."""
    kernel = initial_weights(network("conv1"), 4, "float64")["conv1.kernel"]
    purpose = int.from_bytes(b"INIT", "big")
    drawn = [(word(e, 4, 0, 0x9157BEDF, purpose) + 0.5) / 2**32 for e in range(36)]
    expected = []
    for u, v in zip(drawn[::2], drawn[1::2], strict=True):  # Box and Muller's normal numbers
        radius = math.sqrt(-2 * math.log(u)) * math.sqrt(2 / 18)
        expected += [radius * math.cos(2 * math.pi * v), radius * math.sin(2 * math.pi * v)]
    np.testing.assert_allclose(kernel.ravel(), expected, rtol=1e-14, atol=1e-15)


def test_another_seed_gives_other_weights() -> None:
    graph = network("conv1")
    one, two = initial_weights(graph, 1), initial_weights(graph, 2)
    for name in ("conv1.kernel", "end.kernel"):
        assert (one[name] != two[name]).all()


def test_layers_of_equal_shape_differ() -> None:
    weights = initial_weights(network("conv1", "conv2", "conv3"), 0)
    assert (weights["conv1.kernel"] != weights["conv2.kernel"]).all()
    assert (weights["conv2.kernel"] != weights["conv3.kernel"]).all()


def test_a_layer_starts_the_same_whatever_is_around_it() -> None:
    alone = initial_weights(network("b"), 5)["b.kernel"]
    for graph in (network("a", "b"), network("b", "c"), network("z", "y", "b")):
        np.testing.assert_array_equal(initial_weights(graph, 5)["b.kernel"], alone)


def test_precision_is_only_a_cast() -> None:
    graph = network("conv1")
    wide = initial_weights(graph, 3, "float64")
    for name, narrow in initial_weights(graph, 3).items():
        np.testing.assert_array_equal(narrow, wide[name].astype(np.float32))


def test_what_is_not_drawn_starts_at_its_constant() -> None:
    graph = Sequential([Conv2D(2, 1), BatchNorm(), PReLU()]).graph((4, 4, 1))
    weights = initial_weights(graph, 0)
    assert {name: w.tolist() for name, w in weights.items() if name != "conv1.kernel"} == {
        "conv1.bias": [0, 0],
        "norm1.gamma": [1, 1],
        "norm1.beta": [0, 0],
        "norm1.mean": [0, 0],
        "norm1.variance": [1, 1],
        "prelu1.slope": [0.25, 0.25],
    }


def test_weights_that_fit() -> None:
    graph = network("conv1")
    weights = initial_weights(graph, 0)
    check_weights(parameters([graph]), weights)
    assert Network(graph, weights).weights is weights


def test_weights_that_do_not_fit() -> None:
    graph = network("conv1")
    weights = initial_weights(graph, 0)
    fewer = {name: w for name, w in weights.items() if name != "end.bias"}
    with pytest.raises(ShapeError, match=r"^weight 'end\.bias' is missing$"):
        Network(graph, fewer)
    turned = {**weights, "conv1.kernel": weights["conv1.kernel"][:2]}
    with pytest.raises(ShapeError) as caught:
        Network(graph, turned)
    assert str(caught.value) == (
        "weight 'conv1.kernel' must have the shape (3, 3, 2, 2), got (2, 3, 2, 2)"
    )
    with pytest.raises(ShapeError, match=r"^the network has no weight 'conv9\.kernel'$"):
        Network(graph, {**weights, "conv9.kernel": weights["conv1.kernel"]})
