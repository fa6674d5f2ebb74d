"""The same network with one pooling swapped, compiled along so that a page can compare them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.engines.native.lower.fold import fold
from pellucid.explain.surgery import SWAPPED, SwapPooling
from pellucid.page.graph_data import ShownGraph
from pellucid.page.programs import all_weights, inspecting_data

if TYPE_CHECKING:
    from pellucid.files import Model
    from pellucid.page.blobs import Blobs

MOST = 6
"""Poolings that are compiled along; of more the first."""


def variants_data(model: Model, blobs: Blobs) -> list[dict[str, Any]]:
    """For each pooling: its layer as it becomes, and the programs of the network with it."""
    found = []
    poolings = [node for node in model.network.graph.nodes if type(node.operation) in SWAPPED]
    for number, node in enumerate(poolings[:MOST]):
        network = SwapPooling(node.name)(model.network)
        folded = fold(network.graph)
        shown = ShownGraph.of(network, model.task, folded)
        nodes = shown.to_dict(all_weights(network, folded))["nodes"]
        found.append(
            {
                "layer": node.name,
                "nodes": [each for each in nodes if each["name"] == node.name],
                "programs": inspecting_data(network, folded, blobs, f"swap{number}-"),
            }
        )
    return found
