"""What compiled code learns: a step, taken apart into what the compiler asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.engines.native.kernels.kernel import Declined
from pellucid.graph import Graph
from pellucid.ops.loss import Loss
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from pellucid.engines.step import Step
    from pellucid.graph import Node
    from pellucid.optimizers import Optimizer


@short_repr
@dataclass(frozen=True)
class Learning:
    """How a compiled network learns.

    Attributes:
        graph: The network, up to what the loss compares.
        loss: The loss on its answer.
        optimizer: The update rule.
        seed: Of the random numbers drawn in training.
        targets: The input that the loss compares the answer with.
        trains: The nodes whose weights change; by default all.
        running: Norms that use their running statistics.
        follows: Norms whose running statistics follow the batch's; by default all.
    """

    graph: Graph
    loss: Loss
    optimizer: Optimizer
    seed: int
    targets: str
    trains: frozenset[str]
    running: frozenset[str]
    follows: frozenset[str]

    @classmethod
    def of(cls, step: Step) -> Learning:
        """Take a step apart.

        Raises:
            Declined: If it is none that compiled code can take.
        """
        node = step.graph[step.loss_value]
        if not isinstance(node.operation, Loss):
            raise Declined(f"{node.name} is no loss")
        value, targets = node.inputs
        graph = _without(step.graph, node)
        if len(graph.inputs) != 1 or targets not in step.graph.inputs or targets in graph.inputs:
            raise Declined("a step takes pictures and targets, each by one input")
        if {*graph.outputs.values()} != {value}:
            raise Declined("a step gives the loss and the answer that it compares")
        stores = [node.store for node in graph.nodes if graph.parameters_of(node)]
        if len(stores) != len(set(stores)):
            raise Declined("layers share weights")
        return cls(
            graph,
            node.operation,
            step.optimizer,
            step.seed,
            targets,
            frozenset(each.name for each in graph.nodes if _trains(step, graph, each)),
            frozenset(each.name for each in graph.nodes if not step.normalises_by_batch(each)),
            frozenset(each.name for each in graph.nodes if step.updates_statistics(each)),
        )


def _trains(step: Step, graph: Graph, node: Node) -> bool:
    """Whether a node's weights change.

    Raises:
        Declined: If some of them do and others do not.
    """
    own = node.operation.parameters(*graph.inputs_of(node))
    trainable = {f"{node.store}.{name}" for name, each in own.items() if each.trainable}
    changing = trainable & step.trained.keys()
    if changing and changing != trainable:
        raise Declined(f"some weights of {node.name} are trained, others are not")
    return bool(changing)


def _without(graph: Graph, loss: Node) -> Graph:
    """A graph without its loss, and the inputs that the loss alone reads.

    Raises:
        Declined: If something is computed from the loss.
    """
    nodes = [node for node in graph.nodes if node is not loss]
    if any(loss.name in node.inputs for node in nodes):
        raise Declined(f"something is computed from {loss.name}")
    read = {name for node in nodes for name in node.inputs}
    inputs = {name: value for name, value in graph.inputs.items() if name in read}
    outputs = {name: value for name, value in graph.outputs.items() if value != loss.name}
    return Graph(inputs, nodes, outputs or {loss.inputs[0]: loss.inputs[0]})
