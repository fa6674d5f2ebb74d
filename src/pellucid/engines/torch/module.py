"""A graph as a PyTorch module, so that whatever PyTorch does with modules can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from pellucid.counter_random import stream_of
from pellucid.engines.torch.call import Call
from pellucid.engines.torch.layout import channels_last
from pellucid.engines.torch.losses import loss_at
from pellucid.engines.torch.operations import MAPPINGS
from pellucid.ops.loss import Loss
from pellucid.ops.operation import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from pellucid.engines.step import Step
    from pellucid.graph import Graph, Node

    Weighted = Callable[[Node], dict[str, Tensor]]
    Mapped = Mapping[str, Callable[[Call[Any]], Tensor]]


def compute(
    graph: Graph,
    inputs: Mapping[str, Tensor],
    weights: Weighted,
    mode: Callable[[Node], Mode],
    mappings: Mapped = MAPPINGS,
) -> dict[str, Tensor]:
    """Every value of a graph, by name.

    Args:
        graph: The graph.
        inputs: Its inputs, axes ordered as PyTorch wants them.
        weights: What gives the weights of a node, by their own names.
        mode: What gives the mode of a node.
        mappings: What each operation is.
    """
    values = dict(inputs)
    for node in graph.nodes:
        read = [values[name] for name in node.inputs]
        if isinstance(node.operation, Loss):
            # Losses are written channels last; targets are given, and have no gradient.
            outputs, targets = map(channels_last, read)
            values[node.name] = loss_at(node.operation, outputs, targets.detach())
            continue
        y = mappings[node.operation.kind](Call(node.operation, read, weights(node), mode(node)))
        if any(y is value for value in read):
            # What lets its input through needs a value of its own, to have a gradient of
            # its own: others may read the input too.
            y = y.view_as(y)
        values[node.name] = y
    return values


class GraphModule(nn.Module):
    """A step's graph from its inputs to its losses.

    Its parameters are the weights that the step changes, as far as they take part in what is
    minimised; all others it only reads, and running statistics are written where they are.

    Args:
        step: The step.
        weights: All weights of the network by full name; they are not copied.
        mappings: What each operation is.
    """

    def __init__(
        self, step: Step, weights: Mapping[str, Tensor], mappings: Mapped = MAPPINGS
    ) -> None:
        super().__init__()
        self._step, self._mappings = step, mappings
        # All that follows from the step is looked up here: torch.compile traces what is called.
        self._modes = {
            node.name: (step.normalises_by_batch(node), stream_of(node.name))
            for node in step.graph.nodes
        }
        self._own = {
            node.name: {
                each: (weights[name], _use(step, node, name, weights[name]))
                for each, name in step.graph.parameters_of(node).items()
            }
            for node in step.graph.nodes
        }
        for number, name in enumerate(reached(step)):
            self.register_parameter(f"weight{number}", weights[name])  # type: ignore[arg-type]

    def forward(self, inputs: dict[str, Tensor], taken: int, first: int) -> dict[str, Tensor]:
        """The outputs of the graph, and what is minimised, by the names of values.

        Args:
            inputs: By name, axes ordered as PyTorch wants them.
            taken: How many steps were taken before.
            first: The place of the first example in the step's whole batch.
        """
        step, graph = self._step, self._step.graph

        def mode(node: Node) -> Mode:
            training, stream = self._modes[node.name]
            return Mode(training, step.seed, taken, stream, first)

        def own(node: Node) -> dict[str, Tensor]:
            return {each: use(tensor) for each, (tensor, use) in self._own[node.name].items()}

        values = compute(graph, inputs, own, mode, self._mappings)
        return {name: values[name] for name in (*graph.outputs.values(), *step.minimised)}


def _use(step: Step, node: Node, name: str, tensor: Tensor) -> Callable[[Tensor], Tensor]:
    """What a node gets of a weight: itself, or where the step does not change it, a fixed one."""
    if tensor.requires_grad:
        return _itself if name in step.trained else torch.Tensor.detach
    # mappings write statistics where they are
    return _itself if step.updates_statistics(node) else torch.Tensor.clone


def _itself(tensor: Tensor) -> Tensor:
    return tensor


def reached(step: Step) -> list[str]:
    """The weights that a step changes and that take part in what it minimises, by full name."""
    graph = step.graph
    needed, found = set(step.minimised), set[str]()
    for node in reversed(graph.nodes):
        if node.name in needed:
            needed.update(node.inputs[:1] if isinstance(node.operation, Loss) else node.inputs)
            found.update(graph.parameters_of(node).values())
    return [name for name in step.trained if name in found]
