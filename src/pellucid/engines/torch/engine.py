"""The torch engine: graphs computed by the page of mappings, differentiated by autograd."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch

from pellucid.counter_random import stream_of
from pellucid.engines.engine import TRAIN, Engine, Gradients, Program, check_known
from pellucid.engines.feeds import as_targets, check_feeds, check_origins
from pellucid.engines.state import check_state
from pellucid.engines.torch.call import Call
from pellucid.engines.torch.device import exact_arithmetic, find_device
from pellucid.engines.torch.layout import Layout, channels_last, value_array, weight_array
from pellucid.engines.torch.losses import loss_at
from pellucid.engines.torch.operations import MAPPINGS
from pellucid.engines.torch.optimizers import Updater
from pellucid.errors import ArgumentError
from pellucid.graph import check_weights
from pellucid.ops.loss import Loss
from pellucid.ops.operation import INFERENCE, Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from torch import Tensor

    from pellucid.engines.engine import Precision
    from pellucid.engines.step import Step
    from pellucid.graph import Graph, Network, Node, Weights
    from pellucid.ops.operation import Array


class TorchEngine(Engine):
    """Computes on PyTorch; on a CPU, one seed and number of threads give one result, bit for bit.

    Args:
        device: ``"cpu"``, ``"cuda"`` (``"cuda:1"`` for the second), or ``"mps"``.

    Raises:
        ArgumentError: If this machine has no such device.
    """

    name: ClassVar[str] = "torch"

    def __init__(self, device: str = "cpu") -> None:
        self.device = find_device(device)

    def _load(self, network: Network, steps: Mapping[str, Step], precision: Precision) -> Program:
        return TorchProgram(network, steps, Layout(self.device, precision))


class TorchProgram(Program):
    """A network in PyTorch tensors."""

    engine: ClassVar[str] = TorchEngine.name

    def __init__(self, network: Network, steps: Mapping[str, Step], layout: Layout) -> None:
        self.graph = network.graph
        self.steps = steps
        for graph in (self.graph, *(step.graph for step in steps.values())):
            _check_mapped(graph)
        self._layout = layout
        self.precision = layout.precision
        self._parameters = network.parameters
        self._weights: dict[str, Tensor] = {}
        for name, parameter in self._parameters.items():
            tensor = layout.weight(np.asarray(network.weights[name]))
            self._weights[name] = tensor.requires_grad_() if parameter.trainable else tensor
        self._updaters = {name: self._updater(step) for name, step in steps.items()}
        self._taken = dict.fromkeys(steps, 0)

    def _updater(self, step: Step) -> Updater:
        trained = {name: self._weights[name] for name in step.trained}
        return Updater(
            step.optimizer, trained, [name for name, each in step.trained.items() if each.decays]
        )

    @torch.inference_mode()
    def run(self, graph: Graph, feeds: Mapping[str, Array]) -> dict[str, Array]:
        values = self._run(graph, self._inputs(graph, feeds), lambda _: INFERENCE)
        return _outputs(graph, values)

    def differentiate(
        self,
        graph: Graph,
        feeds: Mapping[str, Array],
        at: Mapping[str, Array],
        *,
        values: Iterable[str] = (),
        weights: Iterable[str] = (),
    ) -> Gradients:
        at_values, at_weights = list(values), list(weights)
        inputs = self._inputs(graph, feeds)
        for tensor in inputs.values():
            tensor.requires_grad_()
        found = self._run(graph, inputs, lambda _: INFERENCE)
        count = len(next(iter(inputs.values())))
        origins = {
            found[name]: self._like(found[name], gradient)
            for name, gradient in check_origins(graph, at, count).items()
        }
        wanted = [found[graph.value(name)] for name in at_values]
        wanted += [self._weights[name] for name in at_weights]
        gradients = self._differentiate(origins, wanted)
        first = gradients[: len(at_values)]
        return Gradients(
            _outputs(graph, found),
            {graph.value(n): value_array(g) for n, g in zip(at_values, first, strict=True)},
            {
                name: weight_array(gradient)
                for name, gradient in zip(at_weights, gradients[len(at_values) :], strict=True)
            },
        )

    def step(self, feeds: Mapping[str, Array], rate: float, name: str = TRAIN) -> dict[str, Array]:
        step = self.find_step(name)
        taken = self._taken[name]

        def mode(node: Node) -> Mode:
            stream = stream_of(node.name)
            return Mode(step.normalises_by_batch(node), step.seed, taken, stream)

        values = self._run(step.graph, self._inputs(step.graph, feeds), mode, step)
        origins = {
            values[value]: torch.full_like(values[value], weight)
            for value, weight in step.minimised.items()
        }
        weights = [self._weights[weight] for weight in step.trained]
        gradients = self._differentiate(origins, weights)
        self._updaters[name].update(gradients, rate)
        self._taken[name] += 1
        return _outputs(step.graph, values)

    # ---------------------------------------------------------------------------------- weights

    def weights(self) -> Weights:
        return {name: weight_array(tensor) for name, tensor in self._weights.items()}

    @torch.no_grad()
    def set_weights(self, weights: Mapping[str, Array]) -> None:
        check_weights(self._parameters, weights)
        for name, tensor in self._weights.items():
            # Copied into the tensors that there are, since the optimizers know those.
            tensor.copy_(self._layout.weight(np.asarray(weights[name])))

    def state(self, name: str = TRAIN) -> dict[str, Array]:
        memory = self._updaters[name].memory() if name in self._updaters else {}
        return {"step": np.array(self._taken.get(name, 0)), **memory}

    def set_state(self, state: Mapping[str, Array], name: str = TRAIN) -> None:
        check_state(self.steps.get(name), state)
        if name in self._updaters:
            self._taken[name] = int(state["step"])
            self._updaters[name].remember(state, self._taken[name], self._layout)

    # ------------------------------------------------------------------------------------ passes

    def _inputs(self, graph: Graph, feeds: Mapping[str, Array]) -> dict[str, Tensor]:
        return {
            name: self._layout.value(
                as_targets(array, graph.inputs[name].shape, self._layout.precision)
            )
            for name, array in check_feeds(graph, feeds).items()
        }

    def _run(
        self,
        graph: Graph,
        inputs: Mapping[str, Tensor],
        mode: Callable[[Node], Mode],
        step: Step | None = None,
    ) -> dict[str, Tensor]:
        """Every value by name; in a step, weights that it does not train get no gradient."""
        check_known(graph, self._parameters)
        values = dict(inputs)
        with exact_arithmetic(self._layout.device):
            for node in graph.nodes:
                read = [values[name] for name in node.inputs]
                if isinstance(node.operation, Loss):
                    # Losses are written channels last; targets are given, and have no gradient.
                    outputs, targets = map(channels_last, read)
                    values[node.name] = loss_at(node.operation, outputs, targets.detach())
                    continue
                own = self._own(graph, node, step)
                y = MAPPINGS[node.operation.kind](Call(node.operation, read, own, mode(node)))
                if any(y is value for value in read):
                    # What lets its input through needs a value of its own, to have a gradient of
                    # its own: others may read the input too.
                    y = y.view_as(y)
                values[node.name] = y
        return values

    def _own(self, graph: Graph, node: Node, step: Step | None) -> dict[str, Tensor]:
        stored = graph.parameters_of(node)
        own = {each: self._weights[name] for each, name in stored.items()}
        if step is None:
            return own
        updates = step.updates_statistics(node)
        for each, name in stored.items():
            if self._parameters[name].trainable:
                own[each] = own[each] if name in step.trained else own[each].detach()
            elif not updates:  # mappings write statistics where they are
                own[each] = own[each].clone()
        return own

    def _like(self, value: Tensor, gradient: Array) -> Tensor:
        if value.ndim == 0:
            return torch.full_like(value, float(gradient))
        return self._layout.value(gradient)

    def _differentiate(
        self, origins: Mapping[Tensor, Tensor], tensors: Sequence[Tensor]
    ) -> Sequence[Tensor]:
        """∂score/∂tensor for each; zero where the score does not depend on it."""
        origins = {value: at for value, at in origins.items() if value.requires_grad}
        if not origins or not tensors:
            return [torch.zeros_like(tensor) for tensor in tensors]
        with exact_arithmetic(self._layout.device):
            return torch.autograd.grad(
                list(origins),
                tensors,
                list(origins.values()),
                allow_unused=True,
                materialize_grads=True,
            )


def _outputs(graph: Graph, values: Mapping[str, Tensor]) -> dict[str, Array]:
    return {name: value_array(values[value].detach()) for name, value in graph.outputs.items()}


def _check_mapped(graph: Graph) -> None:
    for node in graph.nodes:
        if node.operation.kind not in MAPPINGS and not isinstance(node.operation, Loss):
            raise ArgumentError(
                f"layer {node.name!r}: the torch engine has no mapping for the operation "
                f"{node.operation.kind!r}; use the reference engine, which computes any operation"
            )
