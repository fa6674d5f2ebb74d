"""A graph's layers and weights, written into an ONNX graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.errors import ArgumentError
from pellucid.interop.onnx.call import Call
from pellucid.interop.onnx.operations import MAPPINGS, onnx_weight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.graph import Graph
    from pellucid.interop.onnx.writer import Writer
    from pellucid.ops.operation import Array


def write_layers(
    writer: Writer, graph: Graph, names: Mapping[str, str], weights: Mapping[str, Array]
) -> None:
    """Write all nodes of a graph, and its weights.

    Args:
        writer: What the ONNX graph is collected in.
        graph: The graph.
        names: What each value is called in ONNX, by its name in the graph.
        weights: float32, by full name.

    Raises:
        ArgumentError: If a layer has no counterpart in ONNX.
    """
    kinds: dict[str, str] = {}
    for node in graph.nodes:
        write = MAPPINGS.get(node.operation.kind)
        if write is None:
            raise ArgumentError(
                f"layer {node.name!r:.80} ({node.operation.kind}) has no counterpart in ONNX; "
                "leave it out of what is exported"
            )
        shapes, own = graph.inputs_of(node), graph.parameters_of(node)
        write(
            Call(
                node.operation,
                [names[each] for each in node.inputs],
                shapes,
                own,
                names[node.name],
                node.name,
                writer,
                {name: weights[stored] for name, stored in own.items()},
            )
        )
        parameters = node.operation.parameters(*shapes)
        for parameter, stored in own.items():
            if kinds.setdefault(stored, node.operation.kind) == node.operation.kind:
                array = onnx_weight(node.operation.kind, parameter, weights[stored])
                dtype = parameters[parameter].dtype
                kept = "float32" if dtype == "bfloat16" else dtype
                writer.constant(stored, array.astype(kept, copy=False))
