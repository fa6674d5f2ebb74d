"""All that one picture's training minimises: the loss of the answer, and those beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.engine import Backward
from pellucid.engines.step import with_loss

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.engines import Program
    from pellucid.graph import Graph
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array
    from pellucid.tasks import Task

    Losses = Mapping[str, tuple[Loss, float]]
    """By the name of the value that each is of, with its weight."""


@dataclass(frozen=True, eq=False)
class Minimised:
    """A graph with its losses.

    Attributes:
        graph: It ends in them.
        targets: The input of what is wanted, which all of them compare.
        weights: Of each loss, by its node's name.
    """

    graph: Graph
    targets: str
    weights: dict[str, float]

    def total(self, values: Mapping[str, Array]) -> float:
        """The weighted sum of the losses."""
        return sum(weight * float(values[name]) for name, weight in self.weights.items())

    @property
    def origin(self) -> dict[str, Array]:
        """∂total/∂loss, where differentiating begins."""
        return {name: np.full((), weight) for name, weight in self.weights.items()}


def losses_of(graph: Graph, task: Task, loss: Loss) -> Losses:
    """That of the network's output, then those beside it."""
    return {graph.output: (loss, 1.0), **task.side_losses(graph)}


def minimised(graph: Graph, losses: Losses) -> Minimised:
    """A graph with losses of some of its values."""
    targets, weights = None, {}
    for value, (loss, weight) in losses.items():
        graph = with_loss(graph, loss, of=value, against=targets)
        targets = graph.nodes[-1].inputs[1]
        weights[graph.nodes[-1].name] = weight
    assert targets is not None
    return Minimised(graph, targets, weights)


def gradients_of(
    program: Program, images: Array, targets: Array, losses: Losses
) -> tuple[Backward, dict[str, float]]:
    """The loss at inference and every gradient of it; and each loss by the name of its value."""
    graph = program.graph
    whole = minimised(graph, losses)
    trainable = [str(name) for name, each in graph.parameters.items() if each.trainable]
    feeds = {graph.input: images, whole.targets: targets}
    found = program.differentiate(
        whole.graph, feeds, whole.origin, values=graph.types, weights=trainable
    )
    each = {
        value: float(found.outputs[name]) for value, name in zip(losses, whole.weights, strict=True)
    }
    return Backward(whole.total(found.outputs), found.values, found.weights), each
