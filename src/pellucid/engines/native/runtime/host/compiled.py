"""One graph as machine code: its memory, and the calls that compute and learn."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pellucid.engines.native.by_name import by_node, of_node
from pellucid.engines.native.compile import write
from pellucid.engines.native.emit.random import write_counter
from pellucid.engines.native.emit.schedule_builder import STEP
from pellucid.engines.native.emit.update import write_scalars
from pellucid.engines.native.kernels.plan import SCALARS
from pellucid.engines.native.lower.depth_first import one_by_one
from pellucid.engines.native.memory.arena import floats
from pellucid.engines.native.runtime.host.loaded import Loaded, contiguous, of_pixels
from pellucid.graph import Graph
from pellucid.graph.fold import Folded, fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from pellucid.engines.native.compile import Code
    from pellucid.engines.native.lower.learning import Learning
    from pellucid.engines.native.memory.layout import Place
    from pellucid.engines.native.target import Target
    from pellucid.graph import Weights
    from pellucid.ops.operation import Array

INFERENCE_BATCH = 64
"""Images that a program for inference computes in one go; more are cut into parts."""

MOST_VALUES = 1 << 28
"""Values of those images in memory at once, roughly: 1 GiB; larger images come in smaller parts."""

LEARNING_VALUES = 1 << 24
"""Values of all layers, 64 MiB, of the images that a program which learns answers for in one go at
least, however small its batches are: in parts of few images each takes longer."""

GROUP_VALUES = 5 << 20
"""Values of the largest layer of all images of a part, at inference: 20 MiB, so that what a layer
has written lies in the processor's caches when the next one reads it."""


class Compiled:
    """A graph compiled for this processor, with its weights.

    Attributes:
        graph: The graph, without losses.
        folded: What is computed in its place at inference.

    What comes in has been checked. A step that is broken off, e.g. from the keyboard, leaves
    everything as it was before, or as it is after the step.

    What learns is compiled at its first use, with room for its first batch: where there is room for
    many more, images of several buffers do not come to lie in the same memory.
    """

    def __init__(
        self,
        graph: Graph,
        weights: Mapping[str, Array],
        learning: Learning | None,
        target: Target,
    ) -> None:
        self.graph = graph
        self._learning = learning
        self._target = target
        self._steps = np.zeros(1, np.int64)  # counted by the call that takes the step
        self._counter = self._steps.ctypes.data
        # Learning needs the batch norms as they are; inference does not.
        shown = graph.outputs.values()
        self.folded = fold(graph, shown) if learning is None else Folded.nothing(graph)
        self._whole: Weights = {}
        self._built: _Built | None = None
        self._first_state: Mapping[str, Array] = {}
        if learning is None:
            self._build(group(self.folded.graph, target.threads))
        self.set_weights(weights)

    def _build(self, capacity: int) -> None:
        """Compile for batches up to a number of images, without weights."""
        code = write(
            self.folded.graph if self._learning else self._needed(),
            self._target,
            capacity=capacity,
            learning=self._learning,
        )
        loaded = Loaded(code, self._target, self._place_in_training)
        made = self.folded.makers
        answers = {
            name: code.place_of(made[name])
            for name in self.graph.outputs.values()
            if name in made  # others are inputs
        }
        self._built = _Built(loaded, [code.plan.pixels, *code.plan.feeds], answers)

    @property
    def _now(self) -> _Built:
        """What was compiled; it is compiled now if it was not yet."""
        if self._built is None:
            self._make_room(_first_capacity(self.graph))
            assert self._built is not None
        return self._built

    @property
    def _loaded(self) -> Loaded:
        return self._now.loaded

    @property
    def _answers(self) -> dict[str, Place]:
        return self._now.answers

    @property
    def inputs(self) -> list[str]:
        """Those of the graph's inputs that are read as values, the largest first."""
        return self._now.inputs

    def _needed(self) -> Graph:
        """What the outputs are computed from."""
        graph = self.folded.graph
        nodes = graph.nodes_before(graph.outputs.values())
        return Graph(graph.inputs, nodes or graph.nodes, graph.outputs)

    @property
    def _code(self) -> Code:
        return self._loaded.code

    @property
    def _memory(self) -> NDArray[np.uint8]:
        return self._loaded.memory

    def keep_to_callers(self) -> None:
        """Let no other thread help with what is computed."""
        self._loaded.alone = True

    # -------------------------------------------------------------------------------- computing

    @property
    def forward_bytes(self) -> int:
        """About how many bytes each image of a batch needs."""
        lasting = self._code.plan.arena.lasting  # weights and what the optimizer remembers
        return (self._memory.size - lasting) // self._loaded.capacity

    def forward(self, arrays: Mapping[str, Array]) -> dict[str, NDArray[np.float32]]:
        """The values of the outputs for any number of examples, (N, …) each, by their own names.

        Args:
            arrays: For each input that is read, (N, …).
        """
        given, size = self._given(arrays), self._loaded.capacity
        count = len(given[self._code.plan.pixels])
        if count <= size:
            return self._forward(given, count)
        parts = [
            self._forward({n: a[first : first + size] for n, a in given.items()}, count - first)
            for first in range(0, count, size)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in self._answers}

    def answers(self, value: str) -> bool:
        """Whether a value is an output, and the only one that is computed."""
        return value in self._answers and len(self._answers) == 1

    def answer(self, images: Array) -> NDArray[np.float32]:
        """The same for a graph of one input and one computed output, the shortest way."""
        (name,) = self.inputs
        ((output, place),) = self._answers.items()
        count = len(images)
        if count > self._loaded.capacity:
            return self.forward({name: images})[output]
        self._loaded.infer_taken(contiguous(images))
        answers = place.layout.numbers(self._loaded.view(place, count).copy())
        return answers.reshape(count, *self.graph.shapes[output])

    def train_step(
        self, arrays: Mapping[str, Array], learning_rate: float
    ) -> dict[str, NDArray[np.float32] | float]:
        """Learn from a batch.

        Args:
            arrays: For each input that is read, (N, …), and what losses compare with.
            learning_rate: The learning rate.

        Returns:
            The losses and the values of the outputs, all before the update, by their own names.
        """
        assert self._learning is not None
        count = len(arrays[next(iter(self.graph.inputs))])
        if self._built is None:
            self._make_room(max(count, self._least_room()))
        elif count > self._loaded.capacity:
            self._make_room(count)
        given = self._given(arrays)
        pixels = self._loaded.take(given)
        for name, targets in self._code.targets.items():
            targets.write(self._memory, arrays[name])
        scalars, step = floats(self._memory, self._code.plan.scalars, SCALARS), self._step
        write_counter(scalars, self._learning.seed, step)
        write_scalars(scalars, self._learning.optimizer, learning_rate, step + 1)
        # One call, so that an interruption from the keyboard comes before the step or after it.
        with self._undone_if_python_fails():
            self._loaded.run(of_pixels(STEP, pixels), pixels, counter=self._counter)
        losses = {name: loss.read_result(self._memory) for name, loss in self._code.losses.items()}
        return {**losses, **self._values(count)}

    def _forward(self, given: Mapping[str, Array], count: int) -> dict[str, NDArray[np.float32]]:
        self._loaded.infer(given)
        return self._values(min(count, self._loaded.capacity))

    def _given(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        return {name: contiguous(arrays[name]) for name in self.inputs}

    def _values(self, count: int) -> dict[str, NDArray[np.float32]]:
        """Copies of the values of the outputs for the last batch."""
        return {
            name: place.layout.numbers(self._loaded.view(place, count).copy()).reshape(
                count, *self.graph.shapes[name]
            )
            for name, place in self._answers.items()
        }

    @contextmanager
    def _undone_if_python_fails(self) -> Iterator[None]:
        """A step in which native code calls Python: where that fails, it was never taken."""
        if not self._code.by_reference:
            yield
            return
        lasting = self._memory[: self._code.plan.arena.lasting]
        before, step = lasting.copy(), self._step
        try:
            yield
        except BaseException:  # an interruption from the keyboard too
            lasting[:], self._steps[0] = before, step
            raise

    def _place_in_training(self) -> tuple[int, int]:
        """The run's seed, and the number of the step."""
        return self._learning.seed if self._learning else 0, self._step

    def _make_room(self, capacity: int) -> None:
        """Compile for batches of a size; all weights and everything learned so far move over."""
        before = self._built
        weights = self.weights() if before is not None else self._whole
        state = self.state() if before is not None else self._first_state
        try:
            self._build(capacity)
            self.set_weights(weights)
            if state:
                self.set_state(state)
        except BaseException:  # an interruption from the keyboard too
            self._built = before
            raise
        if self._learning is not None:
            self._whole, self._first_state = {}, {}

    def _least_room(self) -> int:
        """Images that a program has room for, even if it learns from fewer at a time."""
        each = sum(math.prod(self.graph.shapes[node.name]) for node in self.graph.nodes)
        most = min(LEARNING_VALUES // max(1, each), _first_capacity(self.graph))
        return max(self._target.threads, most)

    # ---------------------------------------------------------------------------------- weights

    def weights(self) -> Weights:
        """Copies of the weights, by full name."""
        if self._learning is None or self._built is None:  # before batch norms were folded
            return {name: array.copy() for name, array in self._whole.items()}
        found = self._loaded.read_weights()
        return {str(name): found[str(name)] for name in self.graph.parameters}

    def set_weights(self, weights: Mapping[str, Array]) -> None:
        """Replace the weights; others than the graph's may be among them."""
        single = {name: np.asarray(weight, np.float32) for name, weight in weights.items()}
        if self._learning is None or self._built is None:
            self._whole = single  # nobody writes into them
        if self._built is not None:
            self._built.loaded.write_weights(self.folded.weights(single))

    @property
    def _step(self) -> int:
        """Steps taken."""
        return int(self._steps[0])

    def state(self) -> dict[str, Array]:
        """Copies of what the optimizer remembers, see :mod:`pellucid.engines.state`."""
        state: dict[str, Array] = {"step": np.array(self._step)}
        if self._built is None:  # nor is it for this: how large batches will be is not known yet
            return state | self._state_before_the_first_step()
        for kernel in self._code.weighted.values():
            for slot, offset in kernel.parameter.memory.items():
                for part, array in kernel.read(self._memory, offset).items():
                    if part in kernel.parameter.trained:
                        state[f"{kernel.region.full_name(part)}.{slot}"] = array
        return state

    def _state_before_the_first_step(self) -> dict[str, Array]:
        """What was set, or zeros: memory is zero at first."""
        if self._learning is None:
            return {}
        shapes = {str(name): each.shape for name, each in self.graph.parameters.items()}
        remembered = {
            f"{name}.{slot}": np.zeros(shapes[name], np.float32)
            for name in self._learning.trained
            for slot in self._learning.optimizer.slots
        }
        for name, array in remembered.items():
            array[...] = self._first_state.get(name, 0)
        return remembered

    def set_state(self, state: Mapping[str, Array]) -> None:
        """Replace what the optimizer remembers."""
        self._steps[0] = int(state["step"])
        if self._built is None:
            self._first_state = {name: np.array(array) for name, array in state.items()}
            return
        remembered = by_node(state)
        for kernel in self._code.weighted.values():
            for slot, offset in kernel.parameter.memory.items():
                own = of_node(remembered, kernel.region.anchor.store, f".{slot}")
                mine = {name: own[name] for name in kernel.parameter.trained}
                kernel.write(self._memory, offset, kernel.read(self._memory, offset) | mine)


class _Built(NamedTuple):
    """What was compiled: the code in memory, the inputs that it reads, and where answers lie."""

    loaded: Loaded
    inputs: list[str]
    answers: dict[str, Place]


def group(graph: Graph, threads: int) -> int:
    """How many images inference computes in one go; more are cut into parts, to the same bits.

    As many as :data:`GROUP_VALUES` allow, the same number for each thread, at least one; threads
    share a batch image by image. Layers through which images go one by one do not count. On two
    threads: 54 of EfficientNet-Lite0.
    """
    alone = one_by_one(graph)
    shapes = [
        shape
        for node in graph.nodes
        if node.name not in alone
        for shape in (graph.shapes[node.name], *graph.inputs_of(node))
    ]
    largest, most = max(map(math.prod, shapes), default=1), _first_capacity(graph)
    each = max(1, min(GROUP_VALUES // (threads * largest), most // threads))
    return min(threads * each, most)


def _first_capacity(graph: Graph) -> int:
    """Images that the first program has room for: fewer where each takes much memory."""
    widest = max(
        math.prod(graph.shapes[node.name]) + sum(map(math.prod, graph.inputs_of(node)))
        for node in graph.nodes
    )
    return max(1, min(INFERENCE_BATCH, MOST_VALUES // (2 * widest)))
