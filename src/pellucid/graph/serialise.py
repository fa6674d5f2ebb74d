"""A graph as plain JSON values and back; reading trusts nothing."""

from __future__ import annotations

from typing import Any

from pellucid.checks import LARGEST, brief
from pellucid.errors import ArgumentError
from pellucid.graph.graph import Graph, Node
from pellucid.ops import OPERATIONS
from pellucid.settings import from_dict, to_dict

MOST_NODES = 10_000
"""No network has more layers: a guard against hostile model files."""


def graph_to_dict(graph: Graph) -> dict[str, Any]:
    """The input shape and every node: its name, inputs and operation."""
    return {
        "input_shape": list(graph.input_shape),
        "nodes": [
            {"name": node.name, "inputs": list(node.inputs), "operation": to_dict(node.operation)}
            for node in graph.nodes
        ],
    }


def graph_from_dict(values: object) -> Graph:
    """The graph that :func:`graph_to_dict` described.

    Raises:
        ArgumentError: If it is not such a description, or names an unknown operation or setting.
        ShapeError: If its layers do not fit together.
    """
    if not isinstance(values, dict) or values.keys() != {"input_shape", "nodes"}:
        raise ArgumentError("a graph must be an object of input_shape and nodes")
    shape, nodes = values["input_shape"], values["nodes"]
    if (
        not isinstance(shape, list)
        or len(shape) != 3
        or not all(type(n) is int and 1 <= n <= LARGEST for n in shape)
    ):
        raise ArgumentError(
            f"a graph's input_shape must be three positive numbers, got {brief(shape)}"
        )
    if not isinstance(nodes, list) or len(nodes) > MOST_NODES:
        raise ArgumentError(f"a graph's nodes must be a list of at most {MOST_NODES}")
    return Graph(tuple(shape), tuple(_node(node) for node in nodes))


def _node(values: object) -> Node:
    if not isinstance(values, dict) or values.keys() != {"name", "inputs", "operation"}:
        raise ArgumentError("a graph's node must be an object of name, inputs and operation")
    name, inputs = values["name"], values["inputs"]
    if not isinstance(name, str):
        raise ArgumentError(f"a node's name must be text, got {brief(name)}")
    if not isinstance(inputs, list) or not all(isinstance(i, str) for i in inputs):
        raise ArgumentError(
            f"node {brief(name)}: its inputs must be a list of names, got {brief(inputs)}"
        )
    return Node(name, from_dict(values["operation"], OPERATIONS, "operation"), tuple(inputs))
