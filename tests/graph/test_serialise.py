"""A graph as JSON and back, and hostile JSON."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from pellucid.architectures import get_architecture
from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph import Graph, graph_from_dict, graph_to_dict
from pellucid.graph.serialise import MOST_NODES
from pellucid.layers import (
    AveragePool,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Normalise,
    Parallel,
    ReLU,
    Residual,
    Sequential,
)
from pellucid.settings import to_dict
from tests.architectures.small import FOR_SMALL_PICTURES
from tests.messages import check_line
from tests.ops.cases import CASES

BRANCHED = Sequential(
    [
        Normalise([127.5] * 3, [60.0] * 3),
        Conv2D(4, (3, 2), stride=(1, 2), padding=((0, 1), (2, 3)), groups=1, name="größe"),
        BatchNorm(),
        Residual([Conv2D(4, 3, padding="same", bias=False), ReLU()], name="joint"),
        Parallel([[], [Dropout(0.25)], [AveragePool(3, stride=1, padding=1, count_padding=True)]]),
        Flatten(),
        Dense(3, initializer=0.5),
    ]
).graph((9, 7, 3))


def through_json(graph: Graph) -> Any:
    return json.loads(json.dumps(graph_to_dict(graph)))


@pytest.mark.parametrize(
    "graph",
    [
        BRANCHED,
        *(make(10).graph((28, 28, 1)) for make in map(get_architecture, FOR_SMALL_PICTURES)),
    ],
    ids=["branched", *FOR_SMALL_PICTURES],
)
def test_round_trip(graph: Graph) -> None:
    back = graph_from_dict(through_json(graph))
    assert back == graph
    assert back.shapes == graph.shapes
    assert back.parameters == graph.parameters


def test_what_is_written_down() -> None:
    graph = Sequential([Conv2D(2, 3, name="c"), ReLU()]).graph((5, 4, 1))
    assert graph_to_dict(graph) == {
        "inputs": {"input": {"shape": [5, 4, 1], "dtype": "float32", "per": "example"}},
        "outputs": {"relu1": "relu1"},
        "nodes": [
            {
                "name": "c",
                "inputs": ["input"],
                "operation": {
                    "kind": "conv2d",
                    "filters": 2,
                    "size": [3, 3],
                    "stride": [1, 1],
                    "dilation": [1, 1],
                    "padding": "valid",
                    "groups": 1,
                    "bias": True,
                    "initializer": "he",
                },
            },
            {"name": "relu1", "inputs": ["c"], "operation": {"kind": "relu"}},
        ],
    }


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_operation_in_a_graph(case: Any) -> None:
    """One node of each, that reads an input of its own shape for each that it takes."""
    inputs = {
        f"input {k}": {"shape": list(shape), "dtype": "float32", "per": "example"}
        for k, shape in enumerate(case.shapes)
    }
    own = through_json_operation(case.operation)
    node = {"name": "it", "inputs": list(inputs), "operation": own}
    made = graph_from_dict({"inputs": inputs, "outputs": {"it": "it"}, "nodes": [node]})
    assert made["it"].operation == case.operation
    assert graph_from_dict(through_json(made)) == made


def through_json_operation(operation: Any) -> Any:
    return json.loads(json.dumps(to_dict(operation)))


def nested(depth: int) -> list[Any]:
    deep: list[Any] = []
    for _ in range(depth):
        deep = [deep]
    return deep


JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**400,
    float("nan"),
    "",
    "input",
    "a\nb",
    "x" * 10_000,
    nested(400),
    nested(100_000),
    list(range(100_000)),
    [],
    [1],
    [1, 2, 3],
    [1, 2, 10**9],
    [True, 1, 1],
    [1.0, 2.0, 3.0],
    ["input", "input"],
    [["input"]],
    [None],
    {},
    {"kind": "relu"},
    {"kind": "conv2d"},
    {"kind": "dense", "units": "many"},
    [{}],
    [{"name": "a"}],
]


def places(values: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to everything in nested JSON."""
    found = [path] if path else []
    items = values.items() if isinstance(values, dict) else enumerate(values)
    for key, value in items if isinstance(values, dict | list) else ():
        found += places(value, (*path, key)) if isinstance(value, dict | list) else [(*path, key)]
    return found


def replaced(values: Any, path: tuple[Any, ...], junk: Any) -> Any:
    changed = copy.deepcopy(values)
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = junk
    return changed


SMALL = through_json(
    Sequential([Conv2D(2, 3, padding=((1, 0), (0, 0))), Residual([ReLU()])]).graph((5, 4, 1))
)


@pytest.mark.parametrize("path", places(SMALL), ids=lambda path: ".".join(map(str, path)))
def test_junk_anywhere(path: tuple[Any, ...]) -> None:
    """Either a graph that says what was read, or one clear line."""
    for junk in JUNK:
        try:
            graph = graph_from_dict(replaced(SMALL, path, junk))
        except (ArgumentError, ShapeError) as error:
            check_line(error, longest=400)
            continue
        assert graph_to_dict(graph) == replaced(SMALL, path, junk)


@pytest.mark.parametrize("path", places(SMALL), ids=lambda path: ".".join(map(str, path)))
def test_something_missing_or_superfluous(path: tuple[Any, ...]) -> None:
    changed = copy.deepcopy(SMALL)
    at = changed
    for key in path[:-1]:
        at = at[key]
    if isinstance(at, dict):
        more = replaced(SMALL, (*path[:-1], "more"), 1)
        with pytest.raises(ArgumentError):
            graph_from_dict(more)
    del at[path[-1]]
    try:
        graph = graph_from_dict(changed)
    except (ArgumentError, ShapeError) as error:
        check_line(error, longest=400)
    else:  # a setting with a default, or the last node
        read = graph_to_dict(graph)
        assert read == changed or path[-2:-1] == ("operation",)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (None, "a graph must be an object of inputs, nodes and outputs"),
        ([], "a graph must be an object of inputs, nodes and outputs"),
        ({"nodes": []}, "a graph must be an object of inputs, nodes and outputs"),
        (
            {"input_shape": [1, 2], "nodes": []},
            "a graph's input_shape must be three positive numbers, got [1, 2]",
        ),
        (
            {"input_shape": [1, 2, 0], "nodes": []},
            "a graph's input_shape must be three positive numbers, got [1, 2, 0]",
        ),
        ({"input_shape": [1, 2, 3], "nodes": {}}, "a graph's nodes must be a list of at most"),
        ({"input_shape": [1, 2, 3], "nodes": []}, "a network needs at least one layer, got none"),
        (
            {"input_shape": [1, 2, 3], "nodes": [1]},
            "a graph's node must be an object of name, inputs and operation",
        ),
    ],
)
def test_what_is_said(values: object, says: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        graph_from_dict(values)
    assert says in str(caught.value)


def test_too_many_nodes() -> None:
    node = SMALL["nodes"][0]
    with pytest.raises(ArgumentError, match=f"list of at most {MOST_NODES}"):
        graph_from_dict({"input_shape": [1, 1, 1], "nodes": [node] * (MOST_NODES + 1)})


def test_nothing_of_the_file_is_run() -> None:
    """Kinds come from a fixed table: a name of Python is only an unknown word."""
    for kind in ("os.system", "__import__", "pellucid.ops.Conv2D", "builtins.eval"):
        node = {"name": "a", "inputs": ["input"], "operation": {"kind": kind}}
        with pytest.raises(ArgumentError, match=r"^unknown operation"):
            graph_from_dict({"input_shape": [1, 1, 1], "nodes": [node]})
