"""A graph taken apart: the network that is compiled, and the losses of its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pellucid.engines.feeds import as_targets
from pellucid.graph import Graph
from pellucid.ops.loss import Loss
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.graph import Node
    from pellucid.ops.operation import Array


class LossNode(NamedTuple):
    """A loss, and the names of the value and of the targets that it compares."""

    operation: Loss
    value: str
    targets: str


class Parts(NamedTuple):
    """A graph's layers and its losses, from which nothing is computed.

    Attributes:
        nodes: The layers, in order.
        losses: By name.
        read: The inputs whose values layers or losses read as values; others are targets that were
            given, or not read at all.
    """

    nodes: tuple[Node, ...]
    losses: dict[str, LossNode]
    read: frozenset[str]


def take_apart(graph: Graph) -> Parts:
    """A graph's layers and its losses."""
    losses = {
        node.name: LossNode(node.operation, *node.inputs)
        for node in graph.nodes
        if isinstance(node.operation, Loss)
    }
    nodes = tuple(node for node in graph.nodes if node.name not in losses)
    read = {name for node in nodes for name in node.inputs}
    read |= {each.value for each in losses.values()}
    return Parts(nodes, losses, frozenset(read & graph.inputs.keys()))


def without_losses(graph: Graph) -> Graph | None:
    """A graph's layers, with the inputs that are read as values, not as targets alone.

    Its outputs are those of the graph that layers make; where there are none, what losses compare.

    Returns:
        The graph itself where it has no losses; none where it has nothing else.
    """
    nodes, losses, read = take_apart(graph)
    if not losses or not nodes:
        return graph if nodes else None
    made = {node.name for node in nodes}
    inputs = {name: kind for name, kind in graph.inputs.items() if name in read}
    outputs = {name: value for name, value in graph.outputs.items() if value in made}
    compared = {each.value: each.value for each in losses.values() if each.value in made}
    return Graph(inputs, nodes, outputs or compared or None)


@short_repr
@dataclass(frozen=True)
class Objective:
    """A graph with losses at its ends, which is run or differentiated.

    Attributes:
        graph: The graph.
        network: The graph without its losses; the program's own network where the graph is a part
            of that, so that its values are those that the network predicts with. None where the
            graph has no layers, only losses of its inputs.
        losses: By name.
        names: The nodes of the network whose values are outputs, or compared by losses.
    """

    graph: Graph
    network: Graph | None
    losses: Mapping[str, LossNode]
    names: frozenset[str]

    @classmethod
    def of(cls, graph: Graph, own: Graph | None) -> Objective:
        """Take a graph apart.

        Args:
            graph: Any graph.
            own: The program's, without losses.
        """
        nodes, losses, read = take_apart(graph)
        wanted = {*graph.outputs.values()}
        for each in losses.values():
            wanted |= {each.value, each.targets}
        made = {node.name for node in nodes}
        names = frozenset(wanted & made)
        if not nodes:
            return cls(graph, None, losses, names)
        inputs = {name: kind for name, kind in graph.inputs.items() if name in read}
        if own and own.inputs.items() >= inputs.items() and set(own.nodes) >= set(nodes):
            return cls(graph, own, losses, names)
        ends = {name: name for name in names} or None
        return cls(graph, Graph(inputs, nodes, ends), losses, names)

    def makes(self, name: str) -> bool:
        """Whether a value is a node's of the network."""
        network = self.network
        return network is not None and name in network.types and name not in network.inputs

    def rows(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """A batch as the network reads it, see :func:`label_rows`."""
        return label_rows(arrays, self.network) if self.network is not None else {**arrays}

    def outputs(self, values: Mapping[str, Array], arrays: Mapping[str, Array]) -> dict[str, Array]:
        """The graph's outputs, by name.

        Args:
            values: Those of the nodes in ``names``.
            arrays: The batch, checked.
        """
        found = {}
        for output, name in self.graph.outputs.items():
            if name in self.losses:
                found[output] = np.asarray(self._loss(self.losses[name], values, arrays)[0])
            else:
                found[output] = self._value(name, values, arrays)
        return found

    def slopes(
        self,
        origins: Mapping[str, Array],
        values: Mapping[str, Array],
        arrays: Mapping[str, Array],
    ) -> dict[str, Array]:
        """Gradients of a score where it reads values, or losses that it reads compare them.

        Args:
            origins: Where it reads values and losses.
            values: Those of the nodes in ``names``.
            arrays: The batch, checked.
        """
        found = dict(origins)
        for name, node in self.losses.items():
            if name in origins:
                slope = self._loss(node, values, arrays)[1] * origins[name]
                before = found.get(node.value)
                total = slope if before is None else before + slope
                found[node.value] = np.asarray(total, np.float32)
        return found

    def _loss(
        self, node: LossNode, values: Mapping[str, Array], arrays: Mapping[str, Array]
    ) -> tuple[float, Array]:
        value, targets = (self._value(name, values, arrays) for name in (node.value, node.targets))
        return node.operation.value_and_gradient(value, targets)

    def _value(self, name: str, values: Mapping[str, Array], arrays: Mapping[str, Array]) -> Array:
        if name in values:
            return values[name]
        return as_targets(arrays[name], self.graph.shapes[name], np.float32)


def label_rows(arrays: Mapping[str, Array], network: Graph) -> dict[str, Array]:
    """A batch in which class numbers for an input that the network reads are ones and zeros."""
    found = dict(arrays)
    for name, kind in network.inputs.items():
        if name in found and kind.shape and found[name].ndim == 1:
            found[name] = as_targets(found[name], kind.shape, np.float32)
    return found
