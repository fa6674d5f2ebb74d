"""The reference engine: NumPy, one operation at a time. Slow, plain, and the definition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.counter_random import stream_of
from pellucid.engines.engine import (
    TRAIN,
    Engine,
    Gradients,
    Program,
    check_known,
)
from pellucid.engines.feeds import as_targets, check_feeds, check_origins
from pellucid.engines.state import check_state
from pellucid.graph import check_weights
from pellucid.graph.reverse import sweep, values_with_gradient, zeros_where_none
from pellucid.ops.operation import INFERENCE, Mode
from pellucid.optimizers import clip_by_norm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pellucid.engines.engine import Precision
    from pellucid.engines.step import Step
    from pellucid.graph import Graph, Network, Node, Weights
    from pellucid.ops.operation import Array


class ReferenceEngine(Engine):
    """Computes each operation by its own ``forward`` and ``backward``."""

    name: ClassVar[str] = "reference"

    def _load(self, network: Network, steps: Mapping[str, Step], precision: Precision) -> Program:
        return ReferenceProgram(network, steps, precision)


@dataclass(eq=False)
class _Pass:
    """One forward pass: every value, and what each operation saved."""

    graph: Graph
    values: dict[str, Array]
    saved: dict[str, Any]

    @property
    def outputs(self) -> dict[str, Array]:
        return {name: self.values[value] for name, value in self.graph.outputs.items()}


@dataclass(eq=False)
class _Memory:
    """What a step remembers: how often it was taken, and the optimizer's arrays by weight."""

    steps: int
    arrays: dict[str, dict[str, Array]]


class ReferenceProgram(Program):
    """A network in NumPy arrays."""

    engine: ClassVar[str] = ReferenceEngine.name

    def __init__(self, network: Network, steps: Mapping[str, Step], precision: Precision) -> None:
        self.graph = network.graph
        self.steps = steps
        self._parameters = network.parameters
        self.precision = precision
        self._weights: Weights = {}
        self.set_weights(network.weights)
        self._memory = {name: _Memory(0, _zeros(step, precision)) for name, step in steps.items()}

    def run(self, graph: Graph, feeds: Mapping[str, Array]) -> dict[str, Array]:
        return self._forward(graph, feeds, lambda _: INFERENCE).outputs

    def differentiate(
        self,
        graph: Graph,
        feeds: Mapping[str, Array],
        at: Mapping[str, Array],
        *,
        values: Iterable[str] = (),
        weights: Iterable[str] = (),
    ) -> Gradients:
        wanted = [graph.value(name) for name in values]
        forward = self._forward(graph, feeds, lambda _: INFERENCE)
        at_values, at_weights = self._backward(forward, at, wanted, list(weights))
        return Gradients(forward.outputs, at_values, at_weights)

    def step(self, feeds: Mapping[str, Array], rate: float, name: str = TRAIN) -> dict[str, Array]:
        step = self.find_step(name)
        memory = self._memory[name]

        def mode(node: Node) -> Mode:
            stream = stream_of(node.name)
            return Mode(step.normalises_by_batch(node), step.seed, memory.steps, stream)

        forward = self._forward(step.graph, feeds, mode)
        origins = {value: np.asarray(weight) for value, weight in step.minimised.items()}
        _, gradients = self._backward(forward, origins, [], list(step.trained))
        memory.steps += 1
        clip = clip_by_norm(gradients.values(), step.optimizer.clip_norm)
        for weight, parameter in step.trained.items():
            step.optimizer.update(
                self._weights[weight],
                gradients[weight] * clip,
                memory.arrays[weight],
                learning_rate=rate,
                step=memory.steps,
                decays=parameter.decays,
            )
        for node in step.graph.nodes:
            if step.updates_statistics(node):
                own = self._own(step.graph, node)
                changed = node.operation.updated_statistics(forward.saved[node.name], own)
                for each, array in changed.items():
                    self._weights[f"{node.store}.{each}"] = array
        return forward.outputs

    # ---------------------------------------------------------------------------------- weights

    def weights(self) -> Weights:
        return {name: array.copy() for name, array in self._weights.items()}

    def set_weights(self, weights: Mapping[str, Array]) -> None:
        check_weights(self._parameters, weights)
        # np.array copies, so that training never writes into somebody else's array.
        self._weights = {
            name: np.array(weights[name], self.precision, order="C") for name in self._parameters
        }

    def state(self, name: str = TRAIN) -> dict[str, Array]:
        memory = self._memory.get(name, _Memory(0, {}))
        arrays = {
            f"{weight}.{slot}": array.copy()
            for weight, slots in memory.arrays.items()
            for slot, array in slots.items()
        }
        return {"step": np.array(memory.steps), **arrays}

    def set_state(self, state: Mapping[str, Array], name: str = TRAIN) -> None:
        check_state(self.steps.get(name), state)
        if name not in self._memory:
            return
        self._memory[name] = _Memory(
            int(state["step"]),
            {
                weight: {
                    slot: np.array(state[f"{weight}.{slot}"], self.precision) for slot in slots
                }
                for weight, slots in self._memory[name].arrays.items()
            },
        )

    # ------------------------------------------------------------------------------------ passes

    def _own(self, graph: Graph, node: Node) -> Weights:
        return {own: self._weights[name] for own, name in graph.parameters_of(node).items()}

    def _forward(
        self, graph: Graph, feeds: Mapping[str, Array], mode: Callable[[Node], Mode]
    ) -> _Pass:
        check_known(graph, self._parameters)
        values = {
            name: as_targets(array, graph.inputs[name].shape, self.precision)
            for name, array in check_feeds(graph, feeds).items()
        }
        done = _Pass(graph, values, {})
        for node in graph.nodes:
            done.values[node.name], done.saved[node.name] = node.operation.forward(
                [done.values[name] for name in node.inputs],
                self._own(graph, node),
                mode(node),
            )
        return done

    def _backward(
        self, forward: _Pass, at: Mapping[str, Array], values: list[str], weights: list[str]
    ) -> tuple[dict[str, Array], Weights]:
        """Gradients at some values and weights; those at shared weights add up."""
        graph, found = forward.graph, dict.fromkeys(weights)
        needed = values_with_gradient(graph, values, found)
        at_weights: Weights = {}

        def backward(node: Node, gradient: Array) -> Sequence[Array]:
            own, saved = self._own(graph, node), forward.saved[node.name]
            stored = graph.parameters_of(node)
            if not any(name in found for name in stored.values()):
                return node.operation.input_gradients(gradient, saved, own)
            at_inputs, at_own = node.operation.backward(gradient, saved, own)
            for each, array in at_own.items():
                if (name := stored[each]) in found:
                    before = at_weights.get(name)
                    at_weights[name] = array if before is None else before + array
            return at_inputs

        count = len(next(iter(forward.values.values())))
        origins = {
            name: np.asarray(array, self.precision)
            for name, array in check_origins(graph, at, count).items()
        }
        reached = sweep(graph, origins, needed, backward)
        return (
            zeros_where_none(reached, {name: forward.values[name] for name in values}),
            zeros_where_none(at_weights, {name: self._weights[name] for name in weights}),
        )


def _zeros(step: Step, precision: Precision) -> dict[str, dict[str, Array]]:
    return {
        name: {slot: np.zeros(parameter.shape, precision) for slot in step.optimizer.slots}
        for name, parameter in step.trained.items()
    }
