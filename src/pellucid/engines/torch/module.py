"""A graph as a PyTorch module, so that whatever PyTorch does with modules can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
        self._step, self._weights, self._mappings = step, dict(weights), mappings
        for number, name in enumerate(reached(step)):
            self.register_parameter(f"weight{number}", self._weights[name])  # type: ignore[arg-type]

    def forward(self, inputs: dict[str, Tensor], taken: int, first: int) -> dict[str, Tensor]:
        """The outputs of the graph, and what is minimised, by the names of values.

        Args:
            inputs: By name, axes ordered as PyTorch wants them.
            taken: How many steps were taken before.
            first: The place of the first example in the step's whole batch.
        """
        step, graph = self._step, self._step.graph

        def mode(node: Node) -> Mode:
            stream = stream_of(node.name)
            return Mode(step.normalises_by_batch(node), step.seed, taken, stream, first)

        values = compute(graph, inputs, self._own, mode, self._mappings)
        return {name: values[name] for name in (*graph.outputs.values(), *step.minimised)}

    def _own(self, node: Node) -> dict[str, Tensor]:
        """A node's weights by their own names; those that the step does not train are fixed."""
        step = self._step
        stored = step.graph.parameters_of(node)
        own = {each: self._weights[name] for each, name in stored.items()}
        updates = step.updates_statistics(node)
        for each, name in stored.items():
            if self._weights[name].requires_grad:
                own[each] = own[each] if name in step.trained else own[each].detach()
            elif not updates:  # mappings write statistics where they are
                own[each] = own[each].clone()
        return own


def reached(step: Step) -> list[str]:
    """The weights that a step changes and that take part in what it minimises, by full name."""
    graph = step.graph
    needed, found = set(step.minimised), set[str]()
    for node in reversed(graph.nodes):
        if node.name in needed:
            needed.update(node.inputs[:1] if isinstance(node.operation, Loss) else node.inputs)
            found.update(graph.parameters_of(node).values())
    return [name for name in step.trained if name in found]
