"""The torch engine: a graph computed by the page of mappings, differentiated by autograd."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch

from pellucid.engines.engine import Backward, Engine, Program, StepResult
from pellucid.engines.state import check_optimizer_state
from pellucid.engines.torch.device import exact_arithmetic, find_device
from pellucid.engines.torch.layout import Layout, value_array, weight_array
from pellucid.engines.torch.losses import check_loss, loss_at
from pellucid.engines.torch.operations import MAPPINGS, Call
from pellucid.engines.torch.optimizers import Updater
from pellucid.errors import ArgumentError
from pellucid.graph import INPUT, check_weights
from pellucid.ops.operation import INFERENCE, Mode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from pellucid.engines.engine import Learning, Precision
    from pellucid.graph import Graph, Network, Weights
    from pellucid.ops.loss import Loss
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

    def load(
        self,
        network: Network,
        *,
        learning: Learning | None = None,
        precision: Precision = "float32",
    ) -> Program:
        """Make a program of a network; the network's own weights are copied, never changed.

        Raises:
            ArgumentError: If an operation of the graph has no mapping, or the device cannot
                compute in this precision.
        """
        layout = Layout(self.device, precision)
        return TorchProgram(network.graph, network.weights, learning, layout)


class TorchProgram(Program):
    """A network in PyTorch tensors."""

    def __init__(
        self,
        graph: Graph,
        weights: Mapping[str, Array],
        learning: Learning | None,
        layout: Layout,
    ) -> None:
        _check_mapped(graph)
        check_weights(graph, weights)
        self.graph = graph
        self._layout = layout
        self._learning = learning
        self._step = 0
        self._weights: dict[str, dict[str, Tensor]] = {node.name: {} for node in graph.nodes}
        self._trainable: dict[str, Tensor] = {}
        for name, parameter in graph.parameters.items():
            tensor = layout.weight(np.asarray(weights[str(name)]))
            self._weights[name.node][name.parameter] = tensor
            if parameter.trainable:
                self._trainable[str(name)] = tensor.requires_grad_()
        decaying = [str(name) for name, parameter in graph.parameters.items() if parameter.decays]
        self._updater = Updater(learning.optimizer, self._trainable, decaying) if learning else None

    @torch.inference_mode()
    def forward(self, images: Array) -> Array:
        return value_array(self._run(self._images(images), INFERENCE)[self.graph.output])

    @torch.inference_mode()
    def values(self, images: Array) -> dict[str, Array]:
        values = self._run(self._images(images), INFERENCE)
        return {name: value_array(value) for name, value in values.items()}

    def gradients(self, images: Array, labels: Array, loss: Loss) -> Backward:
        x = self._images(images).requires_grad_()
        targets = self._targets(labels, len(x), loss)
        values = self._run(x, INFERENCE)
        at = loss_at(loss, values[self.graph.output], targets)
        found = self._differentiate(at, [*values.values(), *self._trainable.values()])
        at_values, at_weights = found[: len(values)], found[len(values) :]
        return Backward(
            at.item(),
            {name: value_array(g) for name, g in zip(values, at_values, strict=True)},
            {name: weight_array(g) for name, g in zip(self._trainable, at_weights, strict=True)},
        )

    def train_step(self, images: Array, labels: Array, learning_rate: float) -> StepResult:
        if self._learning is None or self._updater is None:
            raise RuntimeError("load the network with learning=Learning(...) to train it")
        x = self._images(images)
        targets = self._targets(labels, len(x), self._learning.loss)
        mode = Mode(training=True, seed=self._learning.seed, step=self._step)
        logits = self._run(x, mode)[self.graph.output]
        loss = loss_at(self._learning.loss, logits, targets)
        gradients = self._differentiate(loss, list(self._trainable.values()))
        self._updater.update(gradients, learning_rate)
        self._step += 1
        correct = (logits.argmax(dim=1) == targets.argmax(dim=1)).sum()
        return StepResult(loss.item(), int(correct.item()))

    def weights(self) -> Weights:
        return {
            str(name): weight_array(self._weights[name.node][name.parameter])
            for name in self.graph.parameters
        }

    @torch.no_grad()
    def set_weights(self, weights: Mapping[str, Array]) -> None:
        check_weights(self.graph, weights)
        for name in self.graph.parameters:
            # Copied into the tensors that there are, since the optimizer knows those.
            tensor = self._weights[name.node][name.parameter]
            tensor.copy_(self._layout.weight(np.asarray(weights[str(name)])))

    def optimizer_state(self) -> dict[str, Array]:
        memory = self._updater.memory() if self._updater else {}
        return {"step": np.array(self._step), **memory}

    def set_optimizer_state(self, state: Mapping[str, Array]) -> None:
        check_optimizer_state(self.graph, self._learning, state)
        self._step = int(state["step"])
        if self._updater:
            self._updater.remember(state, self._step, self._layout)

    def _images(self, images: Array) -> Tensor:
        self.check_images(images)
        return self._layout.value(images)

    def _targets(self, labels: Array, count: int, loss: Loss) -> Tensor:
        targets = self.targets(labels, count, self._layout.precision)
        check_loss(loss, targets.shape[1])
        return self._layout.value(targets)

    def _run(self, x: Tensor, mode: Mode) -> dict[str, Tensor]:
        """Every node's value by name, and the input's."""
        values = {INPUT: x}
        with exact_arithmetic(self._layout.device):
            for position, node in enumerate(self.graph.nodes):
                inputs = [values[name] for name in node.inputs]
                own = self._weights[node.name]
                at = Mode(mode.training, mode.seed, mode.step, layer=position)
                y = MAPPINGS[node.operation.kind](Call(node.operation, inputs, own, at))
                if any(y is value for value in inputs):
                    # What lets its input through needs a value of its own, to have a gradient of
                    # its own: others may read the input too.
                    y = y.view_as(y)
                values[node.name] = y
        return values

    def _differentiate(self, loss: Tensor, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """∂loss/∂tensor for each; zero where the loss does not depend on it."""
        if not loss.requires_grad:  # it depends on no weight at all
            return [torch.zeros_like(tensor) for tensor in tensors]
        with exact_arithmetic(self._layout.device):
            return torch.autograd.grad(loss, tensors, allow_unused=True, materialize_grads=True)


def _check_mapped(graph: Graph) -> None:
    for node in graph.nodes:
        if node.operation.kind not in MAPPINGS:
            raise ArgumentError(
                f"layer {node.name!r}: the torch engine has no mapping for the operation "
                f"{node.operation.kind!r}; use the reference engine, which computes any operation"
            )
