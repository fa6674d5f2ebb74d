"""Graphs as machine code over one store of weights: the protocol's calls."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.engines.engine import TRAIN, Gradients, Program, check_known
from pellucid.engines.feeds import as_targets, check_feeds, check_images, check_origins
from pellucid.engines.native.lower.learning import Learning
from pellucid.engines.native.lower.objective import Objective, label_rows, without_losses
from pellucid.engines.native.runtime.host.compiled import Compiled
from pellucid.engines.native.runtime.host.guard import Guard, serialised
from pellucid.engines.native.runtime.host.inspector import Inspector
from pellucid.engines.state import check_state
from pellucid.graph import check_weights

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pellucid.engines.native.target import Target
    from pellucid.engines.step import Step
    from pellucid.graph import Graph, Network, Node, Weights
    from pellucid.ops.operation import Array


class NativeProgram(Program):
    """A network compiled for this processor.

    Several threads of Python may call it; it answers one after the other. Every graph and every
    step has code of its own, with a copy of the weights packed as its kernels read them. A copy is
    renewed before it is used where the weights have changed since.

    Raises:
        Declined: If a step has no kernels here.
    """

    engine: ClassVar[str] = "native"

    def __init__(self, network: Network, steps: Mapping[str, Step], target: Target) -> None:
        self.graph = network.graph
        self.steps = steps
        self._parameters = network.parameters
        self._target = target
        self._guard = Guard()
        self._weights = _copies(network.weights)
        # Versions of the weights: the newest, that of the store, and those of each code's copy.
        self._version = self._stored = 0
        self._newest: Compiled | None = None
        self._learning = {name: Learning.of(step) for name, step in steps.items()}
        self._steps = {
            name: Compiled(each.graph, self._weights, each, target)
            for name, each in self._learning.items()
        }
        # What learns also answers, so that a network that is trained is compiled once.
        self._graphs = {each.graph: self._steps[name] for name, each in self._learning.items()}
        self._copied = dict.fromkeys(self._steps.values(), 0)
        self._inspectors: dict[Graph, Inspector] = {}
        self._objectives: dict[Graph, Objective] = {}
        self._own = without_losses(self.graph)
        self._main = self._code_of(self._own) if self._own is not None else None

    # -------------------------------------------------------------------------------- computing

    @property
    def forward_bytes(self) -> int:
        return self._main.forward_bytes if self._main else self.values_bytes

    @property
    def values_bytes(self) -> int:
        return 8 * sum(map(math.prod, self.graph.shapes.values()))  # where they lie, and a copy

    @property
    def unpredicted(self) -> frozenset[str]:
        unfolded = self._main.folded.unfolded.values() if self._main else ()
        return frozenset(unfolded) - frozenset(self.graph.outputs.values())

    @serialised
    def folded(self, name: str) -> tuple[Node, Weights] | None:
        if self._main is None:
            return None
        return self._main.folded.layer(self.graph, name, self._store())

    @serialised
    def forward(self, images: Array) -> Array:
        graph = self.graph
        name, answer = graph.input, graph.output  # one of each, or an error that says so
        if self._main is None or not self._main.answers(answer):
            return super().forward(images)  # an input, or a loss
        check_images(graph, name, images)
        return self._current(self._main).answer(images)

    @serialised
    def run(self, graph: Graph, feeds: Mapping[str, Array]) -> dict[str, Array]:
        objective = self._objective(graph)
        arrays = check_feeds(graph, feeds)
        return objective.outputs(self._values(objective, arrays), arrays)

    @serialised
    def differentiate(
        self,
        graph: Graph,
        feeds: Mapping[str, Array],
        at: Mapping[str, Array],
        *,
        values: Iterable[str] = (),
        weights: Iterable[str] = (),
    ) -> Gradients:
        objective = self._objective(graph)
        wanted, learned = [graph.value(name) for name in values], list(weights)
        arrays = check_feeds(graph, feeds)
        count = len(next(iter(arrays.values())))
        origins = check_origins(graph, at, count)
        found = self._values(objective, arrays)
        slopes = objective.slopes(origins, found, arrays)
        network = objective.network
        at_values: dict[str, Array] = {}
        at_weights: Weights = {}
        seeds = {name: slope for name, slope in slopes.items() if objective.makes(name)}
        if network is not None and seeds:
            at_values, at_weights = self._inspector(network).backward(
                self._store,
                objective.rows(arrays),
                seeds,
                network.types.keys() & {*wanted},
                weights=bool(learned),
            )
        for name in wanted:
            kind = graph.types[name]
            shape = kind.shape if kind.per == "batch" else (count, *kind.shape)
            there = at_values.get(name, np.zeros(shape, np.float32))
            given = name in slopes and name not in seeds  # at an input or a loss
            at_values[name] = there + slopes[name] if given else there
        return Gradients(
            objective.outputs(found, arrays),
            {name: np.asarray(at_values[name], np.float32) for name in wanted},
            {
                name: at_weights.get(name, np.zeros(self._parameters[name].shape, np.float32))
                for name in learned
            },
        )

    @serialised
    def step(self, feeds: Mapping[str, Array], rate: float, name: str = TRAIN) -> dict[str, Array]:
        step = self.find_step(name)
        learning, code = self._learning[name], self._current(self._steps[name])
        arrays = check_feeds(step.graph, feeds)
        rows = label_rows(arrays, learning.graph)
        # Noted before the call, so that an interruption within it leaves nothing unnoticed: until
        # the step is taken, what the code holds is what the store has.
        self._newest, self._copied[code] = code, self._version + 1
        self._changed(stored=False)
        found = code.train_step(rows, rate)
        return {
            output: np.asarray(found[value])
            if value in found
            else as_targets(arrays[value], step.graph.shapes[value], np.float32)
            for output, value in step.graph.outputs.items()
        }

    @serialised
    def keep_to_callers(self) -> None:
        """Let the calling thread compute answers alone, whose bits are the same.

        A small network is through before others are awake; where processors are busy, a thread
        that waits for them takes as much of a processor as one that computes.
        """
        if self._main is not None:
            self._main.keep_to_callers()

    # -------------------------------------------------------------------------------- any graph

    def _objective(self, graph: Graph) -> Objective:
        """A graph taken apart into what is compiled and its losses."""
        if graph not in self._objectives:
            check_known(graph, self._parameters)
            self._objectives[graph] = Objective.of(graph, self._own)
        return self._objectives[graph]

    def _values(self, objective: Objective, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """The values of nodes that are outputs, or that losses read, by their own names."""
        network, names = objective.network, objective.names
        if network is None or not names:
            return {}
        rows = objective.rows(arrays)
        if names == {*network.outputs.values()} - network.inputs.keys():
            code = self._code_of(network)
            if rows.keys() >= {*code.inputs}:
                return {**self._current(code).forward(rows)}
        return self._inspector(network).values(self._store, rows, names)

    def _code_of(self, graph: Graph) -> Compiled:
        """The code of a graph, compiled at its first use."""
        if graph not in self._graphs:
            weights = self._store()
            self._graphs[graph] = Compiled(graph, weights, None, self._target)
            self._copied[self._graphs[graph]] = self._version
        return self._graphs[graph]

    def _inspector(self, graph: Graph) -> Inspector:
        """What gives a graph's values and gradients by name."""
        if graph not in self._inspectors:
            folds = all(each.graph != graph for each in self._learning.values())
            self._inspectors[graph] = Inspector(graph, self._target, folds=folds)
        return self._inspectors[graph]

    # ---------------------------------------------------------------------------------- weights

    def _current(self, code: Compiled) -> Compiled:
        """A code with the newest weights."""
        if self._copied[code] != self._version:
            code.set_weights(self._store())
            self._copied[code] = self._version
        return code

    def _store(self) -> Weights:
        """The newest weights, unpacked."""
        if self._stored != self._version:
            assert self._newest is not None
            self._weights |= self._newest.weights()
            self._stored = self._version
        return self._weights

    def _changed(self, *, stored: bool) -> None:
        for inspector in self._inspectors.values():
            inspector.weights_changed()
        self._version += 1
        if stored:
            self._stored = self._version

    @serialised
    def weights(self) -> Weights:
        return _copies(self._store())

    @serialised
    def set_weights(self, weights: Mapping[str, Array]) -> None:
        check_weights(self._parameters, weights)
        self._weights = _copies({name: weights[name] for name in self._parameters})
        self._changed(stored=True)

    @serialised
    def state(self, name: str = TRAIN) -> dict[str, Array]:
        return self._steps[name].state() if name in self._steps else {"step": np.array(0)}

    @serialised
    def set_state(self, state: Mapping[str, Array], name: str = TRAIN) -> None:
        check_state(self.steps.get(name), state)
        if name in self._steps:
            self._steps[name].set_state(state)


def _copies(weights: Mapping[str, Array]) -> Weights:
    return {name: np.array(array, np.float32, order="C") for name, array in weights.items()}
