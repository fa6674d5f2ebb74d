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
        layers: Each of these as it is in the whole graph.
        makers: The node that makes the value of a node of the whole graph; a convolution with a
            norm folded into it makes the norm's. What is missing is not made at all.
    """

    graph: Graph
    norms: dict[str, Node]
    unfolded: dict[str, str]
    layers: dict[str, Node]
    makers: dict[str, str]

    @staticmethod
    def nothing(graph: Graph) -> Folded:
        """A graph as it is."""
        return Folded(graph, {}, {}, {}, {node.name: node.name for node in graph.nodes})

    def weights(self, weights: Mapping[str, Array]) -> Weights:
        """The weights of the graph that is computed, from those of the whole graph."""
        made = self.made_weights()
        found = {
            str(name): weights[str(name)]
            for name in self.graph.parameters
            if str(name) in weights and name.node not in made.values()
        }
        for name, store in made.items():
            own = self._own_weights(name, weights)
            found |= {f"{store}.{part}": array for part, array in own.items()}
        return found

    def made_weights(self) -> dict[str, str]:
        """Where the weights that folding makes are stored, by the layer's name in the graph."""
        return {node.name: node.store for node in self.graph.nodes if node.name in self.norms}

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
        norm, layer = self.norms[name], self.layers[name]
        operation = norm.operation
        assert isinstance(operation, ops.BatchNorm)
        assert isinstance(layer.operation, FOLDED)
        # In double precision, so that folding rounds once.
        gamma, beta, mean, variance = (
            weights[f"{norm.store}.{part}"].astype(np.float64)
            for part in ("gamma", "beta", "mean", "variance")
        )
        scale = gamma / np.sqrt(variance + operation.epsilon)
        # Where weights are shared, there may be a bias that another layer alone adds.
        stored = weights[f"{layer.store}.bias"] if layer.operation.bias else 0.0
        bias = np.asarray(stored, np.float64)
        return {
            "kernel": (weights[f"{layer.store}.kernel"] * scale).astype(np.float32),
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
    # A layer may share its weights with one that takes no norm in, and so goes on using them.
    kept = {
        node.store
        for node in graph.nodes
        if node.name not in folded_away and (node.name not in norms or node.name in shown)
    }
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
            name = names[node.name]
            store = _unused(f"{name} folded", {*before, *kept}) if name in kept else ""
            nodes.append(Node(name, folded, inputs, store))
        else:
            nodes.append(Node(node.name, operation, inputs, node.weights))
    outputs = {name: makers.get(value, value) for name, value in graph.outputs.items()}
    return Folded(
        Graph(graph.inputs, nodes, outputs),
        {names[name]: norm for name, norm in norms.items()},
        {made: name for name, made in names.items()},
        {names[name]: before[name] for name in norms},
        makers,
    )


def _unused(name: str, known: Collection[str]) -> str:
    """A name, with as many more marks as it takes to be unlike those that are known."""
    while name in known:
        name += "'"
    return name
