"""A graph taken apart: the network that is compiled, and the losses of its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pellucid.graph import Graph
from pellucid.ops.loss import Loss
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Mapping


class LossNode(NamedTuple):
    """A loss, and the names of the outputs and the targets that it compares."""

    operation: Loss
    inputs: tuple[str, str]


@short_repr
@dataclass(frozen=True)
class Objective:
    """A graph of one input, with losses at its ends.

    Attributes:
        graph: The graph.
        network: The graph without its losses; the program's own network where the graph is a part
            of that, so that its values are those that the network predicts with.
        losses: By name.
        names: The network's values that are outputs, or that losses compare.
    """

    graph: Graph
    network: Graph
    losses: Mapping[str, LossNode]
    names: frozenset[str]

    @classmethod
    def of(cls, graph: Graph, own: Graph) -> Objective | None:
        """Take a graph apart.

        Args:
            graph: Any graph.
            own: The program's.

        Returns:
            None if the network does not have one input.
        """
        losses = {
            node.name: LossNode(node.operation, (node.inputs[0], node.inputs[1]))
            for node in graph.nodes
            if isinstance(node.operation, Loss)
        }
        nodes = [node for node in graph.nodes if node.name not in losses]
        read = {name for node in nodes for name in node.inputs}
        if read & losses.keys() or not nodes:
            return None
        names = {name for name in graph.outputs.values() if name not in losses}
        names |= {node.inputs[0] for node in losses.values()}
        targets = {node.inputs[1] for node in losses.values()}
        if not targets <= graph.inputs.keys() - read:
            return None
        inputs = {name: kind for name, kind in graph.inputs.items() if name in read}
        if own.inputs == inputs and set(own.nodes) >= set(nodes):
            network = own if len(own.outputs) == 1 else Graph(own.inputs, own.nodes)
        else:
            network = Graph(inputs, nodes)
        if len(network.inputs) != 1 or len(network.outputs) != 1:
            return None
        return cls(graph, network, losses, frozenset(names))
