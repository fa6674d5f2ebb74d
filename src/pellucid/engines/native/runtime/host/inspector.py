"""Values and gradients by name, from programs that are compiled when they are first asked for.

The values are those that prediction makes, to the last bit: the same kernels compute the same sums
in the same order, of the same folded weights; only the fusion ends where a value is wanted. What
prediction never makes, a convolution's output before the norm that is folded into it, is computed
beside. Gradients are of the graph as it is, with running statistics and without dropout.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines.batches import images_at_once, parts
from pellucid.engines.native.emit.schedule_builder import GRADIENTS
from pellucid.engines.native.inspected import write_inspected
from pellucid.engines.native.runtime.host.loaded import Loaded, contiguous, of_pixels
from pellucid.engines.native.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from numpy.typing import NDArray

    from pellucid.engines.native.memory.layout import Place
    from pellucid.engines.native.target import Target
    from pellucid.graph import Graph, Weights
    from pellucid.graph.fold import Folded
    from pellucid.ops.operation import Array

ONE_PIECE = 128 << 20
"""Bytes of values that are handed out in one piece of memory, at most."""

MOST_PROGRAMS = 4
"""Programs that are kept, the latest; each holds memory for the batches that it has seen."""


@dataclass
class _Program:
    """A program, the graph it is of, and the version of the weights that it holds."""

    loaded: Loaded
    folded: Folded
    version: int = -1

    def given(
        self, arrays: Mapping[str, Array], part: slice = slice(None)
    ) -> dict[str, NDArray[Any]]:
        """Some examples of the inputs that it reads, contiguous."""
        plan = self.loaded.code.plan
        return {name: contiguous(arrays[name][part]) for name in (plan.pixels, *plan.feeds)}


class Inspector:
    """Gives the values and gradients of a network.

    Args:
        graph: The whole graph.
        folds: Whether the network predicts with its batch norms folded.
        target: The one that runs this.
    """

    def __init__(
        self,
        graph: Graph,
        target: Target,
        *,
        folds: bool,
    ) -> None:
        self._graph, self._target = graph, target
        self._folds = folds
        self._version = 0
        self._programs: OrderedDict[Wanted, _Program] = OrderedDict()

    def weights_changed(self) -> None:
        """Let programs fetch the weights again before they next run."""
        self._version += 1

    def values(
        self, latest: Callable[[], Weights], arrays: Mapping[str, Array], names: Collection[str]
    ) -> dict[str, Array]:
        """The values of some nodes, (N, …) each, in the graph's order.

        Args:
            latest: Gives the weights of the whole graph.
            arrays: (N, …) for each input that these nodes are computed from.
            names: Nodes; at least one.
        """
        order = [node.name for node in self._graph.nodes if node.name in names]
        wanted, count = Wanted(values=frozenset(order)), _count(arrays)
        shapes = {name: self._graph.shapes[name] for name in order}
        size = images_at_once(8 * sum(map(prod, shapes.values())))
        if count <= min(size, ONE_PIECE // (4 * sum(map(prod, shapes.values())))):
            return self._in_one_piece(self._program(latest, wanted, count), arrays, order)
        found = {name: np.empty((count, *shape), np.float32) for name, shape in shapes.items()}
        for part in parts(count, size):
            program = self._program(latest, wanted, min(size, count))
            program.loaded.infer(program.given(arrays, part))
            for name, array in found.items():
                place = program.loaded.code.place_of(program.folded.makers[name])
                _copy(program.loaded, place, array[part])
        return found

    def _in_one_piece(
        self, program: _Program, arrays: Mapping[str, Array], names: list[str]
    ) -> dict[str, Array]:
        """Values where native code wrote them, in memory that the caller keeps."""
        code, made = program.loaded.code, program.folded.makers
        places = {name: code.place_of(made[name]) for name in names}
        views = program.loaded.infer_into_new(program.given(arrays), set(places.values()))
        return {
            name: place.layout.numbers(views[place]).reshape(
                len(views[place]), *self._graph.shapes[name]
            )
            for name, place in places.items()
        }

    def backward(
        self,
        latest: Callable[[], Weights],
        arrays: Mapping[str, Array],
        seeds: Mapping[str, Array],
        names: Collection[str],
        *,
        weights: bool,
    ) -> tuple[dict[str, Array], Weights]:
        """Gradients that follow from those at some nodes' values.

        Args:
            latest: Gives the weights of the whole graph.
            arrays: (N, …) for each input that the seeds' nodes are computed from.
            seeds: The gradient at each node where one comes in, (N, …), at least one; they add up.
            names: Nodes and inputs at whose values gradients are wanted.
            weights: Whether those of all weights are wanted, summed over the images.
        """
        order = [name for name in self._graph.shapes if name in names]
        wanted = Wanted(seeds=frozenset(seeds), gradients=frozenset(order), weights=weights)
        count, shapes = _count(arrays), self._graph.shapes
        found = {name: np.zeros((count, *shapes[name]), np.float32) for name in order}
        sums = {
            str(name): np.zeros(parameter.shape, np.float32)
            for name, parameter in self._graph.parameters.items()
            if weights and parameter.trainable
        }
        size = images_at_once(16 * sum(map(prod, shapes.values())))
        for part in parts(count, size):
            made = self._program(latest, wanted, min(size, count))
            program, plan = made.loaded, made.loaded.code.plan
            for place in {plan.gradients[plan.makers[name]] for name in seeds}:
                program.view(place, program.capacity)[:] = 0.0
            for name, seed in seeds.items():
                view = program.view(plan.gradients[plan.makers[name]], len(seed[part]))
                view += seed[part].reshape(view.shape)
            pixels = program.take(made.given(arrays, part))
            program.run(of_pixels(GRADIENTS, pixels), pixels)
            for name, array in found.items():
                if name in plan.makers:  # else nothing leads from it to a seed
                    _copy(program, plan.gradients[plan.makers[name]], array[part])
            if weights:
                for name, total in program.read_weight_gradients().items():
                    sums[name] += total
        return found, sums

    def _program(self, latest: Callable[[], Weights], wanted: Wanted, capacity: int) -> _Program:
        """The program that gives this, with room for a number of images and the latest weights."""
        program = self._programs.pop(wanted, None)
        if program is None or program.loaded.capacity < capacity:
            del program  # its memory first
            program = self._compile(wanted, capacity)
        if program.version != self._version:
            program.loaded.write_weights(program.folded.weights(latest()))
            program.version = self._version
        self._programs[wanted] = program
        while len(self._programs) > MOST_PROGRAMS:
            self._programs.popitem(last=False)
        return program

    def _compile(self, wanted: Wanted, capacity: int) -> _Program:
        code, folded = write_inspected(
            self._graph, wanted, self._target, capacity=capacity, folds=self._folds
        )
        return _Program(Loaded(code, self._target, lambda: (0, 0)), folded)


def _count(arrays: Mapping[str, Array]) -> int:
    return len(next(iter(arrays.values())))


def _copy(program: Loaded, place: Place, to: Array) -> None:
    view = program.view(place, len(to))
    to.reshape(view.shape)[:] = place.layout.numbers(view)
