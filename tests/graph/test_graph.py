"""The graph itself: names, order, immutability."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import pytest

from pellucid import ops
from pellucid.errors import ArgumentError
from pellucid.graph import INPUT, Graph, Node, ParameterName

SHAPE = (6, 5, 2)


def chain(*names: str) -> Graph:
    nodes = [Node(names[0], ops.ReLU())]
    nodes += [Node(b, ops.ReLU(), (a,)) for a, b in pairwise(names)]
    return Graph(SHAPE, tuple(nodes))


@pytest.mark.parametrize("name", ["", "a.b", ".", "a\nb", "a\x00", "a\u2028b", "\ud800"])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        chain(name)
    assert str(caught.value).startswith("a layer's name must be printable text without dots, got ")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", ["conv1", "C1", "größe", "层", "a b", "a/b", "kernel"])
def test_names_that_are_taken(name: str) -> None:
    assert chain(name)[name].name == name


def test_names_are_given_once() -> None:
    with pytest.raises(ArgumentError, match="two layers are named 'a'; give one another name"):
        chain("a", "b", "a")
    with pytest.raises(ArgumentError, match="two layers are named 'input'"):
        chain(INPUT)


@pytest.mark.parametrize("source", ["late", "itself", "nobody", ""])
def test_inputs_come_first(source: str) -> None:
    nodes = (Node("itself", ops.ReLU(), (source,)), Node("late", ops.ReLU()))
    with pytest.raises(ArgumentError) as caught:
        Graph(SHAPE, nodes)
    assert str(caught.value) == f"layer 'itself' takes {source!r}, which does not precede it"


def test_no_layer() -> None:
    with pytest.raises(ArgumentError, match="a network needs at least one layer, got none"):
        Graph(SHAPE, ())


def test_looking_a_layer_up() -> None:
    graph = chain("conv1", "conv2", "dense")
    assert graph["conv2"].inputs == ("conv1",)
    with pytest.raises(ArgumentError, match="no layer 'conf2'; did you mean 'conv2'"):
        graph["conf2"]
    with pytest.raises(ArgumentError, match="no layer 'xyz'; there are conv1, conv2, dense"):
        graph["xyz"]


def test_a_graph_cannot_be_changed() -> None:
    graph = chain("a", "b")
    with pytest.raises(dataclasses.FrozenInstanceError):
        graph.nodes = ()  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        graph.nodes[0].name = "c"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        graph.nodes[0].operation.slope = 1  # type: ignore[attr-defined]


def test_graphs_are_values() -> None:
    assert chain("a", "b") == chain("a", "b")
    assert hash(chain("a", "b")) == hash(chain("a", "b"))
    assert chain("a", "b") != chain("a", "c")
    assert chain("a") != Graph((6, 5, 3), chain("a").nodes)


def test_parameters_by_full_name_in_the_order_of_nodes() -> None:
    graph = Graph(
        SHAPE,
        (
            Node("second", ops.Conv2D(3, (2, 2))),
            Node("first", ops.BatchNorm(), ("second",)),
            Node("flat", ops.Flatten(), ("first",)),
            Node("end", ops.Dense(4, bias=False), ("flat",)),
        ),
    )
    assert {str(name): p.shape for name, p in graph.parameters.items()} == {
        "second.kernel": (2, 2, 2, 3),
        "second.bias": (3,),
        "first.gamma": (3,),
        "first.beta": (3,),
        "first.mean": (3,),
        "first.variance": (3,),
        "end.kernel": (5 * 4 * 3, 4),
    }
    assert next(iter(graph.parameters)) == ParameterName("second", "kernel")
    assert [str(name) for name in graph.parameters][-1] == "end.kernel"


def test_the_last_node_is_the_output_whatever_reads_it() -> None:
    nodes = (
        Node("unread", ops.Conv2D(7, (1, 1))),
        Node("read", ops.Flatten()),
        Node("end", ops.Dense(3), ("read",)),
    )
    graph = Graph(SHAPE, nodes)
    assert graph.output == "end"
    assert graph.output_shape == (3,)
    assert graph.shapes["unread"] == (6, 5, 7)
