"""Graphs made of others: parts, halves, extensions, other names, and shared weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import ops
from pellucid.engines import get_engine, with_loss
from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph import Graph, Network, Node, initial_weights
from pellucid.layers import (
    Concatenate,
    Conv2D,
    Dense,
    Flatten,
    Input,
    MaxPool,
    Parallel,
    ReLU,
    Residual,
    Sequential,
    connect,
)
from pellucid.ops.types import Type

if TYPE_CHECKING:
    from pellucid.ops.operation import Array

BODY = Sequential(
    [Conv2D(4, 3), ReLU(), Residual([Conv2D(4, 3, padding="same")]), MaxPool(2), Flatten()]
)
GRAPH = Sequential([BODY, Dense(5), ReLU(), Dense(3)]).graph((8, 7, 2))


def answers(graph: Graph, weights: dict[str, Array], **feeds: np.ndarray) -> dict[str, Array]:
    own = {str(name): weights[str(name)] for name in graph.parameters}
    return get_engine("reference").load(Network(graph, own), precision="float64").run(graph, feeds)


def feed(graph: Graph, count: int = 3) -> dict[str, Array]:
    random = np.random.default_rng(0)
    return {n: random.normal(size=(count, *t.shape)) for n, t in graph.inputs.items()}


WEIGHTS = initial_weights(GRAPH, 1, np.float64)


def test_a_selected_part_computes_the_same() -> None:
    feeds = feed(GRAPH)
    part = GRAPH.select("relu1", "pool1")
    assert [node.name for node in part.nodes] == ["conv1", "relu1", "conv2", "add1", "pool1"]
    assert part.outputs == {"relu1": "relu1", "pool1": "pool1"}
    everything = answers(GRAPH.select(*GRAPH.types), WEIGHTS, **feeds)
    for name, value in answers(part, WEIGHTS, **feeds).items():
        np.testing.assert_array_equal(value, everything[name])
    np.testing.assert_array_equal(everything["input"], feeds["input"])


def test_two_halves_are_the_whole() -> None:
    feeds = feed(GRAPH)
    body, head = GRAPH.split("flatten1")
    assert list(head.inputs) == ["flatten1"]
    assert [node.name for node in head.nodes] == ["dense1", "relu2", "dense2"]
    features = answers(body, WEIGHTS, **feeds)
    (found,) = answers(head, WEIGHTS, **features).values()
    (whole,) = answers(GRAPH, WEIGHTS, **feeds).values()
    np.testing.assert_array_equal(found, whole)


def test_a_cut_that_a_shortcut_goes_round_keeps_what_it_needs() -> None:
    _, head = GRAPH.split("conv2")
    assert set(head.inputs) == {"conv2", "input"}  # the shortcut is computed again
    _, cut = GRAPH.split("conv2", "relu1")
    assert list(cut.inputs) == ["conv2", "relu1"]
    with pytest.raises(ArgumentError, match="nothing follows"):
        GRAPH.split("dense2")
    with pytest.raises(ArgumentError, match="no layer 'convv1'; did you mean 'conv1'"):
        GRAPH.select("convv1")


def test_a_loss_is_an_extension() -> None:
    graph = with_loss(GRAPH, ops.CrossEntropy())
    assert graph.inputs["targets"] == Type((3,))
    assert graph.outputs == {"dense2": "dense2", "loss": "loss"}
    assert graph.types["loss"] == Type((), per="batch")
    again = with_loss(graph, ops.MeanSquaredError(), of="dense2")
    assert list(again.inputs) == ["input", "targets", "targets2"]
    assert list(again.outputs) == ["dense2", "loss", "loss2"]
    feeds = feed(GRAPH)
    found = answers(graph, WEIGHTS, **feeds, targets=np.array([0, 2, 1]))
    expected, _ = ops.CrossEntropy().value_and_gradient(found["dense2"], np.eye(3)[[0, 2, 1]])
    assert float(found["loss"]) == expected


def test_renamed_graphs_are_joined_and_may_share_weights() -> None:
    first = GRAPH.rename("a/")
    assert [str(name) for name in first.parameters][:2] == ["a/conv1.kernel", "a/conv1.bias"]
    assert list(first.inputs) == ["a/input"]
    second = GRAPH.rename("b/", values={"input": "a/input"}, weights=False)
    both = GRAPH.rename("a/", weights=False).extend(
        second.nodes, {"x": "a/dense2", "y": "b/dense2"}
    )
    assert both.parameters == GRAPH.parameters
    feeds = feed(both)
    found = answers(both, WEIGHTS, **feeds)
    np.testing.assert_array_equal(found["x"], found["y"])


def test_sharers_must_need_the_same() -> None:
    nodes = [
        Node("one", ops.Conv2D(3, (2, 2))),
        Node("two", ops.Conv2D(4, (2, 2)), ("one",), weights="one"),
    ]
    with pytest.raises(ShapeError, match="'two' shares the kernel of 'one'"):
        _ = Graph((6, 6, 2), nodes).parameters


@pytest.mark.parametrize(
    ("inputs", "outputs", "says"),
    [
        ({"x": Type((4,))}, {}, "at least one output"),
        ({"x": Type((4,))}, {"y": "nowhere"}, "no layer 'nowhere'"),
        ({"x": Type((4,)), "relu": Type((4,))}, None, "two layers are named 'relu'"),
        ({"a.b": Type((4,))}, None, "an input's name must be printable text without dots"),
    ],
)
def test_graphs_that_are_refused(
    inputs: dict[str, Type], outputs: dict[str, str] | None, says: str
) -> None:
    source = next(iter(inputs))
    with pytest.raises(ArgumentError, match=says):
        Graph(inputs, [Node("relu", ops.ReLU(), (source,))], outputs)


def test_a_value_for_the_batch_cannot_be_read_as_one_of_each_example() -> None:
    graph = with_loss(GRAPH, ops.CrossEntropy())
    with pytest.raises(ShapeError, match="one for the whole batch"):
        graph.extend([Node("relu3", ops.ReLU(), ("loss",))])


# ---------------------------------------------------------------------------------- on values


def test_layers_called_on_values_are_the_drawing() -> None:
    left, right = Input((8, 7, 2)), Input((8, 7, 2))
    one, two = BODY(left), BODY(right)
    graph = connect(
        {"left": left, "right": right},
        {"same": Dense(1)(Concatenate()(one, two)), "features": one},
    )
    assert list(graph.inputs) == ["left", "right"]
    assert graph.outputs == {"same": "dense1", "features": "flatten1"}
    assert [str(name) for name in graph.parameters] == [
        "conv1.kernel", "conv1.bias", "conv2.kernel", "conv2.bias", "dense1.kernel", "dense1.bias",
    ]  # fmt: skip
    assert {node.name: node.weights for node in graph.nodes if node.weights} == {
        "conv3": "conv1",
        "conv4": "conv2",
    }
    feeds = feed(graph)
    weights = initial_weights(graph, 3, np.float64)
    found = answers(graph, weights, **feeds)
    swapped = answers(graph, weights, left=feeds["right"], right=feeds["left"])
    other = answers(BODY.graph((8, 7, 2)), weights, input=feeds["right"])
    np.testing.assert_array_equal(swapped["features"], other["flatten1"])
    assert found["same"].shape == (3, 1)


def test_a_sequential_is_the_same_graph_either_way() -> None:
    blocks = Sequential(
        [Conv2D(3, 3, name="C1"), Parallel([[], [ReLU()]]), Residual([ReLU()]), Flatten(), Dense(2)]
    )
    image = Input((5, 5, 1))
    called = connect({"input": image}, {"dense1": blocks(image)})
    assert called == blocks.graph((5, 5, 1))


def test_one_layer_in_two_places_of_a_block_has_two_weights() -> None:
    conv = Conv2D(2, 3, padding="same")
    graph = Sequential([conv, conv]).graph((5, 5, 2))
    assert len(graph.parameters) == 4
    image = Input((5, 5, 2))
    twice = connect({"image": image}, {"y": conv(conv(image))})
    assert len(twice.parameters) == 2


def test_calls_that_are_refused() -> None:
    image = Input((5, 5, 2))
    with pytest.raises(ArgumentError, match="called on values"):
        ReLU()(np.zeros((1, 5, 5, 2)))  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="takes one value, got 2"):
        Sequential([ReLU()])(image, image)
    with pytest.raises(ArgumentError, match="not among the inputs"):
        connect({"other": Input((5, 5, 2))}, {"y": ReLU()(image)})
    with pytest.raises(ArgumentError, match="must be an Input"):
        connect({"image": ReLU()(image)}, {"y": ReLU()(image)})
