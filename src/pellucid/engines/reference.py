"""The reference engine: NumPy, one operation at a time. Slow, plain, and the definition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.engines.engine import (
    Backward,
    Engine,
    Learning,
    Program,
    StepResult,
    check_precision,
)
from pellucid.engines.state import check_optimizer_state
from pellucid.graph import INPUT, check_weights
from pellucid.ops.operation import INFERENCE, Mode
from pellucid.optimizers import clip_by_norm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.engines.engine import Precision
    from pellucid.graph import Graph, Network, Node, Weights
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array


class ReferenceEngine(Engine):
    """Computes each operation by its own ``forward`` and ``backward``."""

    name: ClassVar[str] = "reference"

    def load(
        self,
        network: Network,
        *,
        learning: Learning | None = None,
        precision: Precision = "float32",
    ) -> Program:
        check_precision(precision)
        return ReferenceProgram(network.graph, network.weights, learning, precision)


@dataclass(eq=False)
class _Pass:
    """One forward pass: every value, and what each operation saved."""

    values: dict[str, Array]
    saved: dict[str, Any]


class ReferenceProgram(Program):
    """A network in NumPy arrays."""

    def __init__(
        self,
        graph: Graph,
        weights: Mapping[str, Array],
        learning: Learning | None,
        precision: Precision,
    ) -> None:
        self.graph = graph
        self._precision: Precision = precision
        self._learning = learning
        self._weights: dict[str, Weights] = {}
        self.set_weights(weights)
        self._step = 0
        self._memory = {
            str(name): {
                slot: np.zeros(parameter.shape, precision)
                for slot in (learning.optimizer.slots if learning else ())
            }
            for name, parameter in graph.parameters.items()
            if parameter.trainable
        }

    def forward(self, images: Array) -> Array:
        return self._forward(images, INFERENCE).values[self.graph.output]

    def values(self, images: Array) -> dict[str, Array]:
        return self._forward(images, INFERENCE).values

    def gradients(self, images: Array, labels: Array, loss: Loss) -> Backward:
        return self._backward(self._forward(images, INFERENCE), labels, loss)

    def train_step(self, images: Array, labels: Array, learning_rate: float) -> StepResult:
        if self._learning is None:
            raise RuntimeError("load the network with learning=Learning(...) to train it")
        seed, loss, optimizer = self._learning.seed, self._learning.loss, self._learning.optimizer
        forward = self._forward(images, Mode(training=True, seed=seed, step=self._step))
        backward = self._backward(forward, labels, loss)
        self._step += 1

        clip = clip_by_norm(backward.weights.values(), optimizer.clip_norm)
        for name, parameter in self.graph.parameters.items():
            if not parameter.trainable:
                continue
            optimizer.update(
                self._weights[name.node][name.parameter],
                backward.weights[str(name)] * clip,
                self._memory[str(name)],
                learning_rate=learning_rate,
                step=self._step,
                decays=parameter.decays,
            )
        for node in self.graph.nodes:
            own = self._weights[node.name]
            own.update(node.operation.updated_statistics(forward.saved[node.name], own))

        logits = forward.values[self.graph.output]
        wanted = self.targets(labels, len(images), self._precision)
        correct = int((logits.argmax(axis=1) == wanted.argmax(axis=1)).sum())
        return StepResult(backward.loss, correct)

    def weights(self) -> Weights:
        return {
            str(name): self._weights[name.node][name.parameter].copy()
            for name in self.graph.parameters
        }

    def set_weights(self, weights: Mapping[str, Array]) -> None:
        check_weights(self.graph, weights)
        self._weights = {node.name: {} for node in self.graph.nodes}
        for name in self.graph.parameters:
            # np.array copies, so that training never writes into somebody else's array.
            self._weights[name.node][name.parameter] = np.array(
                weights[str(name)], self._precision, order="C"
            )

    def optimizer_state(self) -> dict[str, Array]:
        state = {
            f"{name}.{slot}": array.copy()
            for name, memory in self._memory.items()
            for slot, array in memory.items()
        }
        return {"step": np.array(self._step), **state}

    def set_optimizer_state(self, state: Mapping[str, Array]) -> None:
        check_optimizer_state(self.graph, self._learning, state)
        self._step = int(state["step"])
        for name, memory in self._memory.items():
            for slot in memory:
                memory[slot] = np.array(state[f"{name}.{slot}"], self._precision)

    def _forward(self, images: Array, mode: Mode) -> _Pass:
        self.check_images(images)
        done = _Pass({INPUT: images.astype(self._precision)}, {})
        for position, node in enumerate(self.graph.nodes):
            done.values[node.name], done.saved[node.name] = node.operation.forward(
                [done.values[name] for name in node.inputs],
                self._weights[node.name],
                Mode(mode.training, mode.seed, mode.step, layer=position),
            )
        return done

    def _backward(self, forward: _Pass, labels: Array, loss: Loss) -> Backward:
        logits = forward.values[self.graph.output]
        targets = self.targets(labels, len(logits), self._precision)
        value, at_logits = loss.value_and_gradient(logits, targets)
        gradients: dict[str, Array] = {self.graph.output: at_logits}
        weights: Weights = {}
        for node in reversed(self.graph.nodes):
            if node.name not in gradients:  # no path leads from it to the output
                gradients[node.name] = np.zeros_like(forward.values[node.name])
            at_inputs, at_weights = node.operation.backward(
                gradients[node.name], forward.saved[node.name], self._weights[node.name]
            )
            weights.update({f"{node.name}.{name}": g for name, g in at_weights.items()})
            _accumulate(gradients, node, at_inputs)
        return Backward(value, gradients, weights)


def _accumulate(gradients: dict[str, Array], node: Node, at_inputs: tuple[Array, ...]) -> None:
    """Add a node's input gradients to those that other readers of the same values left there."""
    for name, gradient in zip(node.inputs, at_inputs, strict=True):
        gradients[name] = gradients[name] + gradient if name in gradients else gradient
