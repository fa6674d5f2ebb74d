"""The same network with one pooling swapped, compiled along so that a page can compare them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.explain.surgery import SWAPPED, SwapPooling
from pellucid.graph.fold import fold
from pellucid.page.graph_data import ShownGraph
from pellucid.page.programs import all_weights, inspecting_data

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.files import Model
    from pellucid.graph import Graph, Node
    from pellucid.page.blobs import Blobs

MOST_LAYERS = 100
"""Layers of all variants together: of a deep network each takes as long to compile as the network
itself. Of more poolings than that leaves room for, the first are compiled along."""


def swapped_poolings(graph: Graph) -> list[Node]:
    """The poolings that are compiled along the other way, too."""
    poolings = [node for node in graph.nodes if type(node.operation) in SWAPPED]
    return poolings[: MOST_LAYERS // len(graph.nodes)]


def variant_data(
    model: Model, pooling: Node, blobs: Blobs, prefix: str, step: Callable[[], None]
) -> dict[str, Any]:
    """The layer as it becomes, and the programs of the network with it.

    Args:
        model: The model as it is.
        pooling: The pooling that is swapped, maximum for average or back.
        blobs: Where bytes are kept.
        prefix: Of their names.
        step: Called after each program.
    """
    swapped = SwapPooling(pooling.name)(model.network)
    folded = fold(swapped.graph)
    shown = ShownGraph.of(swapped, model.task, folded)
    nodes = shown.to_dict(all_weights(swapped, folded))["nodes"]
    return {
        "layer": pooling.name,
        "nodes": [each for each in nodes if each["name"] == pooling.name],
        "programs": inspecting_data(swapped, folded, blobs, step, prefix),
    }
