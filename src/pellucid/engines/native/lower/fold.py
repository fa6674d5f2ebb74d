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
from pellucid.graph import Graph, Node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.graph import Weights
    from pellucid.ops.operation import Array


@dataclasses.dataclass(frozen=True)
class Folded:
    """A graph with its batch norms folded where they can be.

    Attributes:
        graph: The smaller graph.
        norms: The batch norm that each convolution or dense layer has taken in, by its name.
    """

    graph: Graph
    norms: dict[str, Node]

    def weights(self, weights: Mapping[str, Array]) -> Weights:
        """The smaller graph's weights, from those of the whole graph."""
        found = {
            str(name): weights[str(name)]
            for name in self.graph.parameters
            if str(name) in weights and name.node not in self.norms
        }
        for name, norm in self.norms.items():
            operation = norm.operation
            assert isinstance(operation, ops.BatchNorm)
            # In double precision, so that folding rounds once.
            gamma, beta, mean, variance = (
                weights[f"{norm.name}.{part}"].astype(np.float64)
                for part in ("gamma", "beta", "mean", "variance")
            )
            scale = gamma / np.sqrt(variance + operation.epsilon)
            bias = np.asarray(weights.get(f"{name}.bias", 0.0), np.float64)
            found[f"{name}.kernel"] = (weights[f"{name}.kernel"] * scale).astype(np.float32)
            found[f"{name}.bias"] = ((bias - mean) * scale + beta).astype(np.float32)
        return found


def fold(graph: Graph) -> Folded:
    """Fold every batch norm that is the only reader of a convolution or a dense layer."""
    readers = Counter(name for node in graph.nodes for name in node.inputs)
    norms: dict[str, Node] = {}
    for node in graph.nodes:
        if isinstance(node.operation, ops.BatchNorm):
            (source,) = node.inputs
            before = next((n for n in graph.nodes if n.name == source), None)
            convolves = before is not None and isinstance(before.operation, ops.Conv2D | ops.Dense)
            if convolves and readers[source] == 1:
                norms[source] = node
    taken = {norm.name: source for source, norm in norms.items()}
    nodes = []
    for node in graph.nodes:
        if node.name in taken:
            continue
        operation = node.operation
        if node.name in norms:
            assert isinstance(operation, ops.Conv2D | ops.Dense)
            operation = dataclasses.replace(operation, bias=True)
        inputs = tuple(taken.get(name, name) for name in node.inputs)
        nodes.append(Node(node.name, operation, inputs))
    return Folded(Graph(graph.input_shape, tuple(nodes)), norms)
