"""A region of a picture held where it lies, so that what was found in it can be explained.

Which regions a network of two stages proposes jumps with the picture: cover a corner, and the
twentieth is another one. A score in region 20 would be about another place with every change. So
that region alone is kept, as constants that no pixel moves, and the network looks into it. How
regions are proposed has no gradient either (Ren et al. 2015, *Faster R-CNN*, section 3.2).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines import get_engine
from pellucid.errors import ArgumentError
from pellucid.graph import INPUT, Graph, Network, Node
from pellucid.ops import Dense, GlobalAveragePool, Propose, Reshape
from pellucid.ops.box_loss import COLUMNS
from pellucid.ops.regions import Regions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.explain.activations import Activations

MEAN, HELD = "held-mean", "held"
"""Layers in the place of the proposals; the second answers the region, whatever the first says."""


def held(activations: Activations, region: int) -> Activations:
    """The picture in the network that looks into one of its regions only.

    Args:
        activations: The picture in its network.
        region: The row of the region among those that were proposed.

    Raises:
        ArgumentError: If the network proposes no regions.
    """
    model = activations.model
    propose, cut = stages(model.network.graph)
    row = np.asarray(activations.values[propose.name][region], np.float32)
    network = _network(model.network, propose, cut, row)
    program = get_engine(activations.program.engine).load(network)
    return replace(activations, model=replace(model, network=network), program=program)


def stages(graph: Graph) -> tuple[Node, Node]:
    """The layer that proposes regions, and the first that looks into them.

    Raises:
        ArgumentError: If there is none of either.
    """
    for node in graph.nodes:
        if isinstance(node.operation, Regions):
            source = graph[node.inputs[1]] if node.inputs[1] != INPUT else None
            if source is not None and isinstance(source.operation, Propose):
                return source, node
    raise ArgumentError(
        "the network has no layer that proposes regions (propose) before one that looks into them "
        "(roi_align, roi_pool); what it finds cannot be led back to a region"
    )


def _network(network: Network, propose: Node, cut: Node, row: NDArray[np.float32]) -> Network:
    graph, maps = network.graph, cut.inputs[0]
    mean, region = (_free(graph, name) for name in (MEAN, HELD))
    nodes: list[Node] = []
    for node in graph.nodes:
        if node is not propose:
            nodes.append(node)
            continue
        nodes += [
            Node(mean, GlobalAveragePool(), (maps,)),
            Node(region, Dense(COLUMNS), (mean,)),
            Node(propose.name, Reshape((1, COLUMNS)), (region,)),
        ]
    whole = Graph(graph.inputs, nodes, graph.outputs).select(graph.output)
    channels = graph.shapes[maps][-1]
    kernel = np.zeros((channels, COLUMNS), np.float32)
    own = {**network.weights, f"{region}.kernel": kernel, f"{region}.bias": row}
    return Network(whole, {str(name): own[str(name)] for name in whole.parameters})


def _free(graph: Graph, name: str) -> str:
    while name in graph.types:
        name += "_"
    return name
