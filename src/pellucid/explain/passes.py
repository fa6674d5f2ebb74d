"""One forward pass that remembers, and gradients carried back through it by a rule of choice.

Engines give the loss's gradients; explaining asks for more: the gradient of any score, down to any
layer, and ways back that are no gradient at all (guided backpropagation). So the operations' own
``forward`` and ``backward`` are run here, one by one, as the reference engine does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines.batches import parts
from pellucid.graph import INPUT
from pellucid.ops.operation import INFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pellucid.engines import Precision
    from pellucid.graph import Graph, Network, Node
    from pellucid.ops.operation import Array, Operation

Rule = Callable[["Array", "Array"], "Array"]
"""What replaces an activation's way back: (gradient at its output, its input) to the gradient at
its input."""

MOST_PIXELS = 1 << 16
"""Of all images of a batch together: passes over many images are cut into batches of so many, since
an operation's patches need many times their memory."""


class ForwardPass:
    """A network's values for a batch at inference, and the way back.

    Args:
        network: The network.
        images: (N, H, W, C) pixels 0..255; or what the layer ``start`` gives.
        precision: What is computed in.
        start: The layer whose values are given; every path from the image must lead through it, see
            :func:`separates`.

    Attributes:
        graph: The network's graph.
        values: Every computed node's output by name, batch axis first; that of ``start`` too.
        weights: Each node's weights, by node and own name.
    """

    def __init__(
        self,
        network: Network,
        images: Array,
        precision: Precision = "float64",
        *,
        start: str = INPUT,
    ) -> None:
        self.graph = network.graph
        self.start = start
        self.values: dict[str, Array] = {start: images.astype(precision)}
        self._nodes = behind(self.graph, start)
        self.weights = {node.name: own_weights(network, node, precision) for node in self._nodes}
        self._saved: dict[str, Any] = {}
        for node in self._nodes:
            inputs = [self.values[name] for name in node.inputs]
            self.values[node.name], self._saved[node.name] = node.operation.forward(
                inputs, self.weights[node.name], INFERENCE
            )

    @property
    def logits(self) -> Array:
        """The network's answer, (N, K)."""
        return self.values[self.graph.output]

    def gradients(
        self,
        gradient: Array,
        *,
        origin: str | None = None,
        stops: frozenset[str] = frozenset(),
        rules: Mapping[str, Rule] | None = None,
    ) -> dict[str, Array]:
        """Carry a gradient back to every node that it reaches, by name; ``input`` too.

        Args:
            gradient: ∂score/∂value at ``origin``, shaped as its value.
            origin: The node where the way back begins; by default the network's answer.
            stops: Nodes that keep what reaches them and hand nothing on.
            rules: By a layer's name, what replaces its operation's ``backward``.
        """
        origin = self.graph.output if origin is None else origin
        found: dict[str, Array] = {origin: gradient}
        if origin in stops:
            return found
        for node in reversed(self._nodes):
            if node.name not in found or node.name in stops:
                continue
            at = found[node.name]
            rule = (rules or {}).get(node.name)
            at_inputs: tuple[Array, ...]
            own = self.weights[node.name]
            if rule is not None:
                at_inputs = (rule(at, self.values[node.inputs[0]]),)
            else:
                at_inputs = node.operation.input_gradients(at, self._saved[node.name], own)
            for name, each in zip(node.inputs, at_inputs, strict=True):
                found[name] = found[name] + each if name in found else each
        return found

    def nodes(self) -> Iterator[tuple[Node, Operation]]:
        """The computed nodes in order, with their operations."""
        return ((node, node.operation) for node in self._nodes)


def own_weights(network: Network, node: Node, precision: Precision) -> dict[str, Array]:
    """A node's weights by their own name."""
    shapes = network.graph.inputs_of(node)
    return {
        name: np.asarray(network.weights[f"{node.name}.{name}"], precision)
        for name in node.operation.parameters(*shapes)
    }


def behind(graph: Graph, start: str) -> list[Node]:
    """The nodes that are computed from a node's value, in order; all of them from the image."""
    known, found = {start}, []
    for node in graph.nodes:
        if node.name != start and known & set(node.inputs):
            known.add(node.name)
            found.append(node)
    return found


def separates(graph: Graph, name: str) -> bool:
    """Whether every path from the image to the answer leads through a node."""
    known = {name} | {node.name for node in behind(graph, name)}
    return graph.output in known and all(set(node.inputs) <= known for node in behind(graph, name))


def batches(images: Array) -> Iterator[Array]:
    """Many images in parts that fit in memory."""
    _, height, width, _ = images.shape
    return (images[part] for part in parts(len(images), batch_size(height, width)))


def batch_size(height: int, width: int) -> int:
    """How many images a batch of passes may have, at least 1."""
    return max(1, MOST_PIXELS // (height * width))
