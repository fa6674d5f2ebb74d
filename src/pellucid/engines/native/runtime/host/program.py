"""A network as machine code: memory, threads, and the protocol's calls."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.engine import Backward, Learning, Program, StepResult
from pellucid.engines.native.compile import write
from pellucid.engines.native.emit.random import write_counter
from pellucid.engines.native.emit.schedule_builder import STEP
from pellucid.engines.native.emit.update import write_scalars
from pellucid.engines.native.lower.fold import Folded, fold
from pellucid.engines.native.runtime.host.guard import Guard, serialised
from pellucid.engines.native.runtime.host.inspector import Inspector
from pellucid.engines.native.runtime.host.loaded import (
    Loaded,
    by_node,
    contiguous,
    of_node,
    of_pixels,
)
from pellucid.engines.state import check_optimizer_state
from pellucid.errors import ShapeError
from pellucid.graph import INPUT, check_weights

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from numpy.typing import NDArray

    from pellucid.engines.native.compile import Code
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
    off, from the keyboard e.g., leaves everything as it was before, or as it is after the step.
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
        self._guard = Guard()
        self._steps = np.zeros(1, np.int64)  # counted by the call that takes the step
        self._counter = self._steps.ctypes.data
        # Learning needs the batch norms as they are; inference does not.
        self._folded = fold(graph) if learning is None else Folded.nothing(graph)
        self._inspector = Inspector(graph, threads, processor, folds=learning is None)
        self._whole: Weights = {}
        self._build(_first_capacity(graph))
        self.set_weights(weights)

    def _build(self, capacity: int) -> None:
        """Compile for batches of at most so many images."""
        code = write(
            self._folded.graph,
            self._processor,
            capacity=capacity,
            threads=self._threads,
            learning=self._learning,
        )
        self._loaded = Loaded(code, self._processor, self._place_in_training)
        if code.loss is not None:
            code.loss.prepare(self._memory)

    @property
    def _code(self) -> Code:
        return self._loaded.code

    @property
    def _memory(self) -> NDArray[np.float32]:
        return self._loaded.memory

    # -------------------------------------------------------------------------------- computing

    @property
    def forward_bytes(self) -> int:
        lasting = self._code.plan.arena.lasting  # weights and what the optimizer remembers
        memory = self._memory
        return (memory.size - lasting) * memory.itemsize // self._loaded.capacity

    @property
    def values_bytes(self) -> int:
        return 8 * sum(map(math.prod, self.graph.shapes.values()))  # where they lie, and a copy

    @property
    def unpredicted(self) -> frozenset[str]:
        return frozenset(self._folded.unfolded.values())

    @serialised
    def forward(self, images: Array) -> Array:
        self.check_images(images)
        pixels, size = contiguous(images), self._loaded.capacity
        answers = [
            self._forward(pixels[first : first + size]).copy()
            for first in range(0, len(pixels), size)
        ]
        return answers[0] if len(answers) == 1 else np.concatenate(answers)

    @serialised
    def values(self, images: Array) -> dict[str, Array]:
        self.check_images(images)
        return self._inspector.values(self.weights, images, self.graph.shapes)

    @serialised
    def gradients(self, images: Array, labels: Array, loss: Loss) -> Backward:
        logits = self.forward(images)
        targets = self.targets(labels, len(images), "float32")
        value, at_logits = loss.value_and_gradient(logits, targets)
        return Backward(value, *self.backward_from(images, {self.graph.output: at_logits}))

    @serialised
    def backward_from(
        self,
        images: Array,
        seeds: Mapping[str, Array],
        names: Collection[str] | None = None,
        *,
        weights: bool = True,
    ) -> tuple[dict[str, Array], Weights]:
        """Gradients at inference that follow from given ones, of the network before folding.

        Args:
            images: (N, H, W, C), uint8 or float in pixel units.
            seeds: By node, the gradient that comes in at its value, (N, …); several add up.
            names: At which nodes' values gradients are wanted, ``input`` among them; by default at
                all.
            weights: Whether those of the weights are wanted, summed over the images.

        Returns:
            Gradients at values, (N, …) each, and at weights by full name.

        Raises:
            ArgumentError: If there is no such node.
            ShapeError: If images or seeds do not fit.
        """
        self.check_images(images)
        for name, seed in seeds.items():
            expected = (len(images), *self.graph.shapes[self.graph[name].name])
            if seed.shape != expected:
                raise ShapeError(
                    f"the gradient at {name!r} must be {expected}, as its values are, got "
                    f"{seed.shape}"
                )
        wanted = self.graph.shapes if names is None else names
        for name in wanted:
            if name != INPUT:
                _ = self.graph[name]
        return self._inspector.backward(self.weights, images, seeds, wanted, weights=weights)

    @serialised
    def train_step(self, images: Array, labels: Array, learning_rate: float) -> StepResult:
        if self._learning is None:
            raise RuntimeError("load the network with learning=Learning(...) to train it")
        self.check_images(images)
        wanted = self.check_labels(labels, len(images), "float32")
        if self._code.loss is None:  # the rule's own error says why it does not fit
            nothing = np.zeros((0, *self.graph.output_shape))
            self._learning.loss.per_image(nothing, nothing)
        pixels = contiguous(images)
        if len(pixels) > self._loaded.capacity:
            self._grow(len(pixels))
        loss = self._code.loss
        assert loss is not None
        loss.write_labels(self._memory, wanted)
        scalars, step = self._memory[self._code.plan.scalars :], self._step
        write_counter(scalars, self._learning.seed, step)
        write_scalars(scalars, self._learning.optimizer, learning_rate, step + 1)
        self._inspector.weights_changed()
        # One call, so that an interruption from the keyboard comes before the step or after it.
        with self._undone_if_python_fails():
            self._loaded.run(of_pixels(STEP, pixels), pixels, counter=self._counter)
        return StepResult(*loss.read_results(self._memory))

    def _forward(self, pixels: Array) -> NDArray[np.float32]:
        self._loaded.infer(pixels)
        plan = self._code.plan
        answers = self._loaded.view(plan.values[plan.stages[-1].target], len(pixels))
        return answers.reshape(len(pixels), *self.graph.output_shape)

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

    def _grow(self, capacity: int) -> None:
        """Make room for larger batches; everything learned so far moves over."""
        weights, state, before = self.weights(), self.optimizer_state(), self._loaded
        try:
            self._build(capacity)
            self.set_weights(weights)
            self.set_optimizer_state(state)
        except BaseException:  # an interruption from the keyboard too
            self._loaded = before
            raise

    # ---------------------------------------------------------------------------------- weights

    @serialised
    def weights(self) -> Weights:
        if self._learning is None:  # as they were before batch norms were folded
            return {name: array.copy() for name, array in self._whole.items()}
        found = self._loaded.read_weights()
        return {str(name): found[str(name)] for name in self.graph.parameters}

    @serialised
    def set_weights(self, weights: Mapping[str, Array]) -> None:
        check_weights(self.graph, weights)
        single = {name: np.array(weight, np.float32) for name, weight in weights.items()}
        if self._learning is None:
            self._whole = single
        self._inspector.weights_changed()
        self._loaded.write_weights(self._folded.weights(single))

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
        remembered = by_node(state)
        for name, stage in self._code.weighted.items():
            for slot, offset in zip(self._slots(), stage.parameter.memory, strict=True):
                stage.write(self._memory, offset, of_node(remembered, name, f".{slot}"))

    def _slots(self) -> tuple[str, ...]:
        return self._learning.optimizer.slots if self._learning else ()


def _first_capacity(graph: Graph) -> int:
    """Images that the first program has room for: fewer where each takes much memory."""
    widest = max(
        math.prod(graph.shapes[node.name]) + sum(map(math.prod, graph.inputs_of(node)))
        for node in graph.nodes
    )
    return max(1, min(INFERENCE_BATCH, MOST_VALUES // (2 * widest)))
