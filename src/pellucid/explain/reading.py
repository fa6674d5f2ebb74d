"""A network's graph with the step that makes of its outputs what users read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.graph import INPUT, Graph, Node

if TYPE_CHECKING:
    from pellucid.tasks import Task


def with_reading(graph: Graph, task: Task) -> Graph:
    """The graph and, as its last node, the step behind its output.

    Logits become probabilities, by softmax or by a sigmoid each; standardised numbers get their
    units again.
    """
    name = task.read_as
    while name == INPUT or any(node.name == name for node in graph.nodes):
        name += "_"  # a layer may be called so
    return graph.extend([Node(name, task.reading, (graph.output,))], {name: name})
