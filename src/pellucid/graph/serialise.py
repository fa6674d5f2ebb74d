"""A graph as plain JSON values and back; reading trusts nothing.

The values are those of ``docs/model-format.md``. What earlier versions wrote, an ``input_shape``
instead of named inputs and outputs, is read too.
"""

from __future__ import annotations

from typing import Any

from pellucid.checks import LARGEST, brief
from pellucid.errors import ArgumentError
from pellucid.graph.graph import INPUT, Graph, Node
from pellucid.ops import CHOICES, LOSSES, OPERATIONS, QUANTISED
from pellucid.ops.types import Type
from pellucid.settings import from_dict, to_dict

MOST_NODES = 10_000
"""No network has more layers: a guard against hostile model files."""

MOST_NAMES = 1_000
"""No graph has more inputs or outputs: a guard against hostile model files."""


def graph_to_dict(graph: Graph) -> dict[str, Any]:
    """The type of every input, every node, and the value of every output."""
    return {
        "inputs": {name: _type_to_dict(value) for name, value in graph.inputs.items()},
        "nodes": [_node_to_dict(node) for node in graph.nodes],
        "outputs": dict(graph.outputs),
    }


def graph_from_dict(values: object) -> Graph:
    """The graph that :func:`graph_to_dict` described.

    Raises:
        ArgumentError: If it is not such a description, or names an unknown operation or setting.
        ShapeError: If its layers do not fit together.
    """
    if isinstance(values, dict) and values.keys() == {"input_shape", "nodes"}:
        return _of_one_picture(values)
    if not isinstance(values, dict) or values.keys() != {"inputs", "nodes", "outputs"}:
        raise ArgumentError("a graph must be an object of inputs, nodes and outputs")
    inputs, outputs = values["inputs"], values["outputs"]
    for what, named in (("inputs", inputs), ("outputs", outputs)):
        if not isinstance(named, dict) or len(named) > MOST_NAMES:
            raise ArgumentError(f"a graph's {what} must be an object of at most {MOST_NAMES} names")
    if not all(isinstance(value, str) for value in outputs.values()):
        raise ArgumentError(f"a graph's outputs must be names of values, got {brief(outputs)}")
    types = {name: _type_from_dict(name, value) for name, value in inputs.items()}
    return Graph(types, _nodes(values["nodes"]), outputs)


def _of_one_picture(values: dict[str, Any]) -> Graph:
    """The graph of format 1: one picture in, the last node's value out."""
    shape = values["input_shape"]
    if (
        not isinstance(shape, list)
        or len(shape) != 3
        or not all(type(n) is int and 1 <= n <= LARGEST for n in shape)
    ):
        raise ArgumentError(
            f"a graph's input_shape must be three positive numbers, got {brief(shape)}"
        )
    return Graph({INPUT: Type(tuple(shape))}, _nodes(values["nodes"]))


def _type_to_dict(value: Type) -> dict[str, Any]:
    return {"shape": list(value.shape), "dtype": value.dtype, "per": value.per}


def _type_from_dict(name: str, values: object) -> Type:
    if not isinstance(values, dict) or values.keys() != {"shape", "dtype", "per"}:
        raise ArgumentError(
            f"input {brief(name)}: its type must be an object of shape, dtype and per"
        )
    shape = values["shape"]
    if (
        not isinstance(shape, list)
        or len(shape) > 8
        or not all(type(n) is int and 1 <= n <= LARGEST for n in shape)
    ):
        raise ArgumentError(
            f"input {brief(name)}: its shape must be a list of positive numbers, got {brief(shape)}"
        )
    if not isinstance(values["dtype"], str) or not isinstance(values["per"], str):
        raise ArgumentError(f"input {brief(name)}: its dtype and per must be text")
    return Type(tuple(shape), values["dtype"], values["per"])  # type: ignore[arg-type]


def _node_to_dict(node: Node) -> dict[str, Any]:
    described = {
        "name": node.name,
        "inputs": list(node.inputs),
        "operation": to_dict(node.operation),
    }
    return described | ({"weights": node.weights} if node.weights else {})


def _nodes(values: object) -> list[Node]:
    if not isinstance(values, list) or len(values) > MOST_NODES:
        raise ArgumentError(f"a graph's nodes must be a list of at most {MOST_NODES}")
    return [_node(node) for node in values]


def _node(values: object) -> Node:
    keys = {"name", "inputs", "operation"}
    if not isinstance(values, dict) or values.keys() - {"weights"} != keys:
        raise ArgumentError("a graph's node must be an object of name, inputs and operation")
    name, inputs, weights = values["name"], values["inputs"], values.get("weights")
    if not isinstance(name, str):
        raise ArgumentError(f"a node's name must be text, got {brief(name)}")
    if not isinstance(inputs, list) or not all(isinstance(i, str) for i in inputs):
        raise ArgumentError(
            f"node {brief(name)}: its inputs must be a list of names, got {brief(inputs)}"
        )
    if "weights" in values and (not isinstance(weights, str) or not weights):
        raise ArgumentError(
            f"node {brief(name)}: the name of shared weights must be text, got {brief(weights)}"
        )
    known = {**OPERATIONS, **LOSSES, **CHOICES, **QUANTISED}
    operation = from_dict(values["operation"], known, "operation")
    return Node(name, operation, tuple(inputs), weights or "")
