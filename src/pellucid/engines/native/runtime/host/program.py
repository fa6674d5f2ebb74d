"""A network as machine code: memory, threads, and the protocol's calls."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.engine import Backward, Learning, Program, StepResult
from pellucid.engines.native.compile import write
from pellucid.engines.native.emit.random import write_counter
from pellucid.engines.native.emit.schedule_builder import INFER, SINGLE, STEP
from pellucid.engines.native.emit.update import write_scalars
from pellucid.engines.native.lower.fold import Folded, fold
from pellucid.engines.native.runtime.host.guard import Guard, serialised
from pellucid.engines.native.runtime.host.machine import load
from pellucid.engines.native.runtime.host.team import shared_team
from pellucid.engines.reference import ReferenceEngine
from pellucid.engines.state import check_optimizer_state
from pellucid.graph import Network, check_weights

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from pellucid.engines.native.compile import Code
    from pellucid.engines.native.lower.plan import Place
    from pellucid.engines.native.processor import Processor
    from pellucid.graph import Graph, Weights
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array

INFERENCE_BATCH = 64
"""Images that a program for inference computes in one go; more are cut into parts."""

MOST_VALUES = 1 << 28
"""Values of those images in memory at once, roughly: 1 GiB; larger images come in smaller parts."""


class NativeProgram(Program):
    """A network compiled for this processor.

    Several threads of Python may call it; it answers one after the other. A step that is broken
    off, from the keyboard say, leaves everything as it was before, or as it is after the step.
    """

    def __init__(
        self,
        graph: Graph,
        weights: Mapping[str, Array],
        learning: Learning | None,
        threads: int,
        processor: Processor,
    ) -> None:
        self.graph = graph
        self._learning = learning
        self._threads = threads
        self._processor = processor
        self._team = shared_team(threads)
        self._guard = Guard()
        self._steps = np.zeros(1, np.int64)  # counted by the call that takes the step
        self._counter = self._steps.ctypes.data
        self._capacity = 0
        # Learning needs the batch norms as they are; inference does not.
        self._folded = fold(graph) if learning is None else Folded(graph, {})
        self._whole: Weights = {}
        self._build(_first_capacity(graph))
        self.set_weights(weights)

    def _build(self, capacity: int) -> None:
        """Compile for batches of at most so many images."""
        self._code: Code = write(
            self._folded.graph,
            self._processor,
            capacity=capacity,
            threads=self._threads,
            learning=self._learning,
        )
        machine = load(self._code.text, self._processor)
        self._machine = machine  # keeps the code alive
        self._schedules = {
            name: machine.address(name) for name in self._code.plan.builder.schedules
        }
        self._memory = self._code.plan.arena.make()
        self._table = self._code.addresses() * self._memory.itemsize + self._memory.ctypes.data
        self._table_address = self._table.ctypes.data
        self._capacity = capacity
        self._by_reference = self._code.by_reference
        for stage in self._by_reference:
            stage.bind(self._memory, self._place_in_training)
        self._answers = self._at(self._code.plan.values)
        if self._code.loss is not None:
            self._code.loss.prepare(self._memory)

    # -------------------------------------------------------------------------------- computing

    @property
    def forward_bytes(self) -> int:
        lasting = self._code.plan.arena.lasting  # weights and what the optimizer remembers
        return (self._memory.size - lasting) * self._memory.itemsize // self._capacity

    @serialised
    def forward(self, images: Array) -> Array:
        self.check_images(images)
        pixels = _contiguous(images)
        parts = [
            self._forward(pixels[first : first + self._capacity]).copy()
            for first in range(0, len(pixels), self._capacity)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def values(self, images: Array) -> dict[str, Array]:
        return self._reference().values(images)

    def gradients(self, images: Array, labels: Array, loss: Loss) -> Backward:
        return self._reference().gradients(images, labels, loss)

    @serialised
    def train_step(self, images: Array, labels: Array, learning_rate: float) -> StepResult:
        if self._learning is None:
            raise RuntimeError("load the network with learning=Learning(...) to train it")
        self.check_images(images)
        wanted = self.check_labels(labels, len(images), "float32")
        if self._code.loss is None:  # the rule's own error says why it does not fit
            nothing = np.zeros((0, *self.graph.output_shape))
            self._learning.loss.per_image(nothing, nothing)
        pixels = _contiguous(images)
        if len(pixels) > self._capacity:
            self._grow(len(pixels))
        loss = self._code.loss
        assert loss is not None
        loss.write_labels(self._memory, wanted)
        scalars, step = self._memory[self._code.plan.scalars :], self._step
        write_counter(scalars, self._learning.seed, step)
        write_scalars(scalars, self._learning.optimizer, learning_rate, step + 1)
        # One call, so that an interruption from the keyboard comes before the step or after it.
        schedule = STEP[0] if pixels.dtype == np.uint8 else STEP[1]
        with self._undone_if_python_fails():
            self._run(schedule, pixels, counter=self._counter)
        return StepResult(*loss.read_results(self._memory))

    def _forward(self, pixels: Array) -> NDArray[np.float32]:
        alone = len(pixels) == 1
        schedules = SINGLE if alone and self._code.shares_single else INFER
        schedule = schedules[0] if pixels.dtype == np.uint8 else schedules[1]
        self._run(schedule, pixels, alone=alone and schedules is INFER)
        return self._answers[: len(pixels)].reshape(len(pixels), *self.graph.output_shape)

    def _at(self, places: Mapping[str, Place]) -> NDArray[np.float32]:
        """All answers there is room for, (N, H, W, C), in the arena."""
        place = places[self._code.plan.stages[-1].target]
        return place.layout.view(self._memory[place.offset :], self._capacity)

    def _run(self, schedule: str, pixels: Array, *, counter: int = 0, alone: bool = False) -> None:
        self._team.call(
            self._schedules[schedule],
            self._table_address,
            pixels.ctypes.data,
            len(pixels),
            counter=counter,
            alone=alone,
        )
        if raised := [error for stage in self._by_reference for error in stage.take_raised()]:
            raise raised[0]

    @contextmanager
    def _undone_if_python_fails(self) -> Iterator[None]:
        """A step in which native code calls Python: where that fails, it was never taken."""
        if not self._by_reference:
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

    def _grow(self, capacity: int) -> None:
        """Make room for larger batches; everything learned so far moves over."""
        weights, state = self.weights(), self.optimizer_state()
        before = dict(vars(self))
        try:
            self._build(capacity)
            self.set_weights(weights)
            self.set_optimizer_state(state)
        except BaseException:  # an interruption from the keyboard too
            vars(self).update(before)
            raise

    def _reference(self) -> Program:
        """The same network on the reference engine, for what need not be fast."""
        return ReferenceEngine().load(Network(self.graph, self.weights()))

    # ---------------------------------------------------------------------------------- weights

    @serialised
    def weights(self) -> Weights:
        if self._learning is None:  # as they were before batch norms were folded
            return {name: array.copy() for name, array in self._whole.items()}
        found: Weights = {}
        for name, stage in self._code.weighted.items():
            arrays = stage.read(self._memory, stage.parameter.weights)
            arrays |= stage.read_statistics(self._memory)
            found |= {f"{name}.{part}": array for part, array in arrays.items()}
        return {str(name): found[str(name)] for name in self.graph.parameters}

    @serialised
    def set_weights(self, weights: Mapping[str, Array]) -> None:
        check_weights(self.graph, weights)
        if self._learning is None:
            self._whole = {name: np.array(w, np.float32) for name, w in weights.items()}
        folded = _by_node(self._folded.weights(weights))
        for name, stage in self._code.weighted.items():
            arrays = _of(folded, name)
            stage.write(self._memory, stage.parameter.weights, arrays)
            stage.write_statistics(self._memory, arrays)
        if "flip" in self._schedules:  # the copies for the backward pass
            self._run("flip", np.zeros(1, np.uint8))

    @property
    def _step(self) -> int:
        """Steps taken."""
        return int(self._steps[0])

    @serialised
    def optimizer_state(self) -> dict[str, Array]:
        state: dict[str, Array] = {"step": np.array(self._step)}
        for name, stage in self._code.weighted.items():
            for slot, offset in zip(self._slots(), stage.parameter.memory, strict=True):
                for part, array in stage.read(self._memory, offset).items():
                    state[f"{name}.{part}.{slot}"] = array
        return state

    @serialised
    def set_optimizer_state(self, state: Mapping[str, Array]) -> None:
        check_optimizer_state(self.graph, self._learning, state)
        self._steps[0] = int(state["step"])
        remembered = _by_node(state)
        for name, stage in self._code.weighted.items():
            for slot, offset in zip(self._slots(), stage.parameter.memory, strict=True):
                stage.write(self._memory, offset, _of(remembered, name, f".{slot}"))

    def _slots(self) -> tuple[str, ...]:
        return self._learning.optimizer.slots if self._learning else ()


def _first_capacity(graph: Graph) -> int:
    """Images that the first program has room for: fewer where each takes much memory."""
    widest = max(
        math.prod(graph.shapes[node.name]) + sum(map(math.prod, graph.inputs_of(node)))
        for node in graph.nodes
    )
    return max(1, min(INFERENCE_BATCH, MOST_VALUES // (2 * widest)))


def _by_node(arrays: Mapping[str, Array]) -> dict[str, dict[str, Array]]:
    """Arrays by their node's name, which has no dot, and then by the rest."""
    found: dict[str, dict[str, Array]] = {}
    for name, array in arrays.items():
        node, _, own = name.partition(".")
        found.setdefault(node, {})[own] = array
    return found


def _of(
    arrays: Mapping[str, Mapping[str, Array]], node: str, ending: str = ""
) -> dict[str, NDArray[np.float32]]:
    """One node's arrays by their own name."""
    return {
        name[: len(name) - len(ending)]: np.asarray(array, np.float32)
        for name, array in arrays.get(node, {}).items()
        if name.endswith(ending)
    }


def _contiguous(images: Array) -> Array:
    """Pixels as contiguous bytes if they are bytes, else as float32."""
    kind = np.uint8 if images.dtype == np.uint8 else np.float32
    return np.ascontiguousarray(images, kind)
