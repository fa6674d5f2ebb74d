"""Folding batch norms into the convolutions before them, which inference can do.

At inference a batch norm is one affine map a channel, z = s·y + (β − s·μ) with s = γ / √(σ² + ε). A
convolution before it that nobody else reads can be given the kernel s·K and the bias
s·b + β − s·μ instead; the batch norm then costs nothing.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from pellucid import ops
from pellucid.graph.graph import Graph, Node

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pellucid.graph.network import Weights
    from pellucid.ops.operation import Array


FOLDED = (ops.Conv2D, ops.ConvTranspose2D, ops.Dense)
"""What takes a batch norm in: a kernel whose last axis is the norm's channels, and a bias."""


@dataclasses.dataclass(frozen=True)
class Folded:
    """A graph with its batch norms folded where they can be.

    Attributes:
        graph: The graph that is computed.
        norms: The batch norm that each convolution or dense layer has taken in, by its name there.
        unfolded: The name, in the whole graph, of each layer that has taken one in.
        stores: Under which name the weights of each of these are stored.
        makers: The node that makes the value of a node of the whole graph; a convolution with a
            norm folded into it makes the norm's. What is missing is not made at all.
    """

    graph: Graph
    norms: dict[str, Node]
    unfolded: dict[str, str]
    stores: dict[str, str]
    makers: dict[str, str]

    @staticmethod
    def nothing(graph: Graph) -> Folded:
        """A graph as it is."""
        return Folded(graph, {}, {}, {}, {node.name: node.name for node in graph.nodes})

    def weights(self, weights: Mapping[str, Array]) -> Weights:
        """The weights of the graph that is computed, from those of the whole graph."""
        found = {
            str(name): weights[str(name)]
            for name in self.graph.parameters
            if str(name) in weights and name.node not in self.norms
        }
        for name in self.norms:
            own = self._own_weights(name, weights)
            found |= {f"{name}.{part}": array for part, array in own.items()}
        return found

    def layer(
        self, whole: Graph, name: str, weights: Mapping[str, Array]
    ) -> tuple[Node, Weights] | None:
        """A layer with a batch norm in it, under the norm's name, and its own weights.

        Args:
            whole: The whole graph.
            name: Of a node there; none is given for what is no folded norm.
            weights: Of the whole graph.
        """
        made = self.makers.get(name, "")
        if made not in self.norms or self.norms[made].name != name:
            return None
        inputs = whole[self.unfolded[made]].inputs
        layer = Node(name, self.graph[made].operation, inputs)
        return layer, self._own_weights(made, weights)

    def _own_weights(self, name: str, weights: Mapping[str, Array]) -> Weights:
        """The kernel and the bias of a layer that has taken a norm in."""
        norm, whole = self.norms[name], self.stores[name]
        operation = norm.operation
        assert isinstance(operation, ops.BatchNorm)
        # In double precision, so that folding rounds once.
        gamma, beta, mean, variance = (
            weights[f"{norm.store}.{part}"].astype(np.float64)
            for part in ("gamma", "beta", "mean", "variance")
        )
        scale = gamma / np.sqrt(variance + operation.epsilon)
        bias = np.asarray(weights.get(f"{whole}.bias", 0.0), np.float64)
        return {
            "kernel": (weights[f"{whole}.kernel"] * scale).astype(np.float32),
            "bias": ((bias - mean) * scale + beta).astype(np.float32),
        }


def fold(graph: Graph, shown: Collection[str] = ()) -> Folded:
    """Fold every batch norm that is the only reader of a convolution or a dense layer.

    Args:
        graph: The whole graph.
        shown: Layers whose own values, before their norm, are wanted too: they are computed beside
            the folded ones, which then bear their norm's name.
    """
    readers = Counter(name for node in graph.nodes for name in node.inputs)
    before = {node.name: node for node in graph.nodes}
    norms = {
        node.inputs[0]: node
        for node in graph.nodes
        if isinstance(node.operation, ops.BatchNorm)
        and node.inputs[0] in before
        and isinstance(before[node.inputs[0]].operation, FOLDED)
        and readers[node.inputs[0]] == 1
    }
    names = {name: norm.name if name in shown else name for name, norm in norms.items()}
    makers = {node.name: node.name for node in graph.nodes if node.name not in norms}
    makers |= {norms[name].name: made for name, made in names.items()}
    makers |= {name: name for name in norms if name in shown}
    folded_away = {norm.name for norm in norms.values()}
    nodes = []
    for node in graph.nodes:
        if node.name in folded_away:
            continue
        operation = node.operation
        inputs = tuple(makers.get(name, name) for name in node.inputs)
        if node.name in norms:
            assert isinstance(operation, FOLDED)
            if node.name in shown:
                nodes.append(Node(node.name, operation, inputs, node.weights))
            # Folded weights are this node's own, also where the stored ones are shared.
            folded = dataclasses.replace(operation, bias=True)
            nodes.append(Node(names[node.name], folded, inputs))
        else:
            nodes.append(Node(node.name, operation, inputs, node.weights))
    outputs = {name: makers.get(value, value) for name, value in graph.outputs.items()}
    return Folded(
        Graph(graph.inputs, nodes, outputs),
        {names[name]: norm for name, norm in norms.items()},
        {made: name for name, made in names.items()},
        {names[name]: before[name].store for name in norms},
        makers,
    )
