"""Norms folded into layers of which others share the weights, with and without taking a norm in."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.engines import get_engine
from pellucid.engines.native import NativeEngine
from pellucid.graph import INPUT, Graph, Network, Node
from pellucid.graph.fold import fold
from pellucid.ops import Add, BatchNorm, Concatenate, Conv2D, Dense, Flatten, Normalise, ReLU
from pellucid.ops.types import Type
from tests.engines.networks import network

PLAIN = Conv2D(4, (3, 3), padding="same")
UNBIASED = Conv2D(4, (3, 3), padding="same", bias=False)
START = Node("start", Normalise((100.0,) * 4, (60.0,) * 4), (INPUT,))


def ended(*nodes: Node, joined: tuple[str, str]) -> Graph:
    """A graph of two branches, joined, with three classes."""
    end = [Node("joint", Concatenate(), joined), Node("flat", Flatten(), ("joint",))]
    return Graph(
        {INPUT: Type((6, 5, 4))}, [START, *nodes, *end, Node("dense", Dense(3), ("flat",))]
    )


SHARING = {
    "the owner takes a norm in": ended(
        Node("a", PLAIN, ("start",)), Node("norm", BatchNorm(), ("a",)),
        Node("b", PLAIN, ("start",), "a"), joined=("norm", "b"),
    ),
    "the borrower takes a norm in": ended(
        Node("a", PLAIN, ("start",)), Node("b", PLAIN, ("start",), "a"),
        Node("norm", BatchNorm(), ("b",)), joined=("a", "norm"),
    ),
    "both take one in": ended(
        Node("a", PLAIN, ("start",)), Node("norm", BatchNorm(), ("a",)),
        Node("b", PLAIN, ("start",), "a"), Node("norm 2", BatchNorm(), ("b",)),
        joined=("norm", "norm 2"),
    ),
    "a norm is shared": ended(
        Node("a", PLAIN, ("start",)), Node("norm", BatchNorm(), ("a",)),
        Node("relu", ReLU(), ("start",)), Node("norm 2", BatchNorm(), ("relu",), "norm"),
        joined=("norm", "norm 2"),
    ),
    "weights and norm are shared": ended(
        Node("a", PLAIN, ("start",)), Node("norm", BatchNorm(), ("a",)),
        Node("b", PLAIN, ("start",), "a"), Node("sum", Add(), ("b", "start")),
        Node("norm 2", BatchNorm(), ("sum",), "norm"), joined=("norm", "norm 2"),
    ),
    "the borrower has no bias": ended(
        Node("a", PLAIN, ("start",)), Node("b", UNBIASED, ("start",), "a"),
        Node("norm", BatchNorm(), ("b",)), joined=("a", "norm"),
    ),
    "the owner has no bias": ended(
        Node("a", UNBIASED, ("start",)), Node("norm", BatchNorm(), ("a",)),
        Node("b", PLAIN, ("start",), "a"), joined=("norm", "b"),
    ),
    "names that look made": ended(
        Node("a", PLAIN, ("start",)), Node("norm", BatchNorm(), ("a",)),
        Node("a folded", PLAIN, ("start",), "a"), joined=("norm", "a folded"),
    ),
}  # fmt: skip


def drawn(graph: Graph) -> Network:
    """With weights that are all unlike 0 and 1: biases, γ, β and statistics as well."""
    weights = {
        name: array + np.random.default_rng(number).uniform(0.3, 0.9, array.shape)
        for number, (name, array) in enumerate(network(graph, 1).weights.items())
    }
    return Network(graph, {name: array.astype(np.float32) for name, array in weights.items()})


@pytest.mark.parametrize("shown", [(), ("a",), ("a", "b")], ids=str)
@pytest.mark.parametrize("name", SHARING)
def test_folded_graph_computes_the_same(name: str, shown: tuple[str, ...]) -> None:
    graph = SHARING[name]
    before = drawn(graph)
    images = np.random.default_rng(0).integers(0, 256, (3, 6, 5, 4)).astype(np.uint8)
    folded = fold(graph, shown)
    after = Network(folded.graph, folded.weights(before.weights))
    engine = get_engine("reference")
    expected, found = (
        engine.load(each, precision="float64").run(each.graph.select(value), {INPUT: images})[value]
        for each, value in ((before, "dense"), (after, folded.makers["dense"]))
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", SHARING)
def test_predictions_and_values_of_layers_that_share_weights(name: str) -> None:
    graph = SHARING[name]
    before = drawn(graph)
    images = np.random.default_rng(0).integers(0, 256, (3, 6, 5, 4)).astype(np.uint8)
    every = graph.select(*(node.name for node in graph.nodes))
    exact = get_engine("reference").load(before, precision="float64").run(every, {INPUT: images})
    program = NativeEngine(threads=1).load(before)
    answer = program.run(graph, {INPUT: images})["dense"]
    np.testing.assert_allclose(answer, exact["dense"], rtol=1e-4, atol=1e-4)
    values = program.run(every, {INPUT: images})
    assert values.keys() == exact.keys()
    for value, array in exact.items():
        np.testing.assert_allclose(values[value], array, rtol=1e-4, atol=1e-4, err_msg=value)
    assert values["dense"].tobytes() == answer.tobytes()
