"""A network as machine code: memory, threads, and the protocol's calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.engine import Backward, Learning, Program, StepResult
from pellucid.engines.native.build import Machine, write
from pellucid.engines.native.emit.update import write_scalars
from pellucid.engines.native.team import Team
from pellucid.engines.reference import ReferenceEngine
from pellucid.engines.state import check_optimizer_state
from pellucid.graph import Network, check_weights
from pellucid.optimizers import clip_by_norm

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from pellucid.engines.native.build import Code
    from pellucid.engines.native.processor import Processor
    from pellucid.graph import Graph, Weights
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array

INFERENCE_BATCH = 64
"""Images that a program for inference computes in one go; more are cut into parts."""


class NativeProgram(Program):
    """A network compiled for this processor."""

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
        self._team = Team(threads)
        self._barrier = np.zeros(32, np.int64)
        self._step = 0
        self._capacity = 0
        self._build(INFERENCE_BATCH)
        self.set_weights(weights)

    def _build(self, capacity: int) -> None:
        """Compile for batches of at most so many images."""
        optimizer = self._learning.optimizer if self._learning else None
        self._code: Code = write(
            self.graph,
            self._processor,
            capacity=capacity,
            threads=self._threads,
            optimizer=optimizer,
        )
        machine = Machine(self._code.text, self._processor)
        self._machine = machine  # keeps the code alive
        self._schedules = {name: machine.schedule(name) for name in self._code.plan.writer.calls}
        self._memory = self._code.plan.arena.make()
        self._capacity = capacity

    # -------------------------------------------------------------------------------- computing

    def forward(self, images: Array) -> Array:
        self.check_images(images)
        pixels = _contiguous(images)
        parts = [
            self._forward("forward", pixels[first : first + self._capacity]).copy()
            for first in range(0, len(pixels), self._capacity)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def values(self, images: Array) -> dict[str, Array]:
        return self._reference().values(images)

    def gradients(self, images: Array, labels: Array, loss: Loss) -> Backward:
        return self._reference().gradients(images, labels, loss)

    def train_step(self, images: Array, labels: Array, learning_rate: float) -> StepResult:
        if self._learning is None:
            raise RuntimeError("load the network with learning=Learning(...) to train it")
        self.check_images(images)
        targets = self.targets(labels, len(images), "float32")
        pixels = _contiguous(images)
        if len(pixels) > self._capacity:
            self._grow(len(pixels))
        optimizer = self._learning.optimizer
        logits = self._forward("learn", pixels)
        loss, gradient = self._learning.loss.value_and_gradient(
            logits.astype(np.float64), targets.astype(np.float64)
        )
        self._at(self._code.plan.gradients, len(pixels))[:] = gradient
        self._run("backward", pixels)
        self._step += 1
        clip = 1.0
        if optimizer.clip_norm is not None:
            clip = clip_by_norm(self._gradients(), optimizer.clip_norm)
        plan = self._code.plan
        write_scalars(self._memory[plan.scalars :], optimizer, learning_rate, clip, self._step)
        self._run("update", pixels)
        correct = int((logits.argmax(axis=1) == targets.argmax(axis=1)).sum())
        return StepResult(loss, correct)

    def _forward(self, schedule: str, pixels: Array) -> NDArray[np.float32]:
        floats = pixels.dtype != np.uint8
        self._run(f"{schedule}_floats" if floats else schedule, pixels)
        return self._at(self._code.plan.values, len(pixels))

    def _at(self, places: dict[str, Any], count: int) -> NDArray[np.float32]:
        """The logits of a batch, or their gradient, as they lie in the arena: (N, K)."""
        place = places[self._code.plan.stages[-1].target]
        floats = self._capacity * place.layout.image
        buffer = self._memory[place.offset : place.offset + floats]
        view: NDArray[np.float32] = place.layout.view(buffer)
        return view[:count, 0, 0]

    def _run(self, schedule: str, pixels: Array) -> None:
        function = self._schedules[schedule]
        memory, source = self._memory.ctypes.data, pixels.ctypes.data
        barrier = self._barrier.ctypes.data
        images, threads = len(pixels), self._threads

        def work(thread: int) -> None:
            function(memory, source, images, thread, threads, barrier)

        self._team.run(work)

    def _grow(self, capacity: int) -> None:
        """Compile again for larger batches; everything learned so far moves over."""
        weights, state = self.weights(), self.optimizer_state()
        self._build(capacity)
        self.set_weights(weights)
        self.set_optimizer_state(state)

    def _gradients(self) -> list[NDArray[np.float32]]:
        """Every weight's gradient, its partial sums joined."""
        found: list[NDArray[np.float32]] = []
        for stage in self._code.weighted.values():
            p = stage.parameter
            partial = self._memory[p.gradients : p.gradients + p.chunks * p.size]
            total = partial.reshape(p.chunks, p.size).sum(axis=0)
            found += stage.read(total, 0).values()
        return found

    def _reference(self) -> Program:
        """The same network on the reference engine, for what need not be fast."""
        return ReferenceEngine().load(Network(self.graph, self.weights()))

    # ---------------------------------------------------------------------------------- weights

    def weights(self) -> Weights:
        found: Weights = {}
        for name, stage in self._code.weighted.items():
            arrays = stage.read(self._memory, stage.parameter.weights)
            arrays |= stage.read_statistics(self._memory)
            found |= {f"{name}.{part}": array for part, array in arrays.items()}
        return {str(name): found[str(name)] for name in self.graph.parameters}

    def set_weights(self, weights: Mapping[str, Array]) -> None:
        check_weights(self.graph, weights)
        for name, stage in self._code.weighted.items():
            arrays = _of(weights, name)
            stage.write(self._memory, stage.parameter.weights, arrays)
            stage.write_statistics(self._memory, arrays)
        if "turn" in self._schedules:  # the copies for the way back
            self._run("turn", np.zeros(1, np.uint8))

    def optimizer_state(self) -> dict[str, Array]:
        state: dict[str, Array] = {"step": np.array(self._step)}
        for name, stage in self._code.weighted.items():
            for slot, offset in zip(self._slots(), stage.parameter.memory, strict=True):
                for part, array in stage.read(self._memory, offset).items():
                    state[f"{name}.{part}.{slot}"] = array
        return state

    def set_optimizer_state(self, state: Mapping[str, Array]) -> None:
        check_optimizer_state(self.graph, self._learning, state)
        self._step = int(state["step"])
        for name, stage in self._code.weighted.items():
            for slot, offset in zip(self._slots(), stage.parameter.memory, strict=True):
                stage.write(self._memory, offset, _of(state, name, f".{slot}"))

    def _slots(self) -> tuple[str, ...]:
        return self._learning.optimizer.slots if self._learning else ()


def _of(arrays: Mapping[str, Array], node: str, ending: str = "") -> dict[str, NDArray[np.float32]]:
    """One node's arrays by their own name."""
    start = f"{node}."
    return {
        name[len(start) : len(name) - len(ending)]: np.asarray(array, np.float32)
        for name, array in arrays.items()
        if name.startswith(start) and name.endswith(ending)
    }


def _contiguous(images: Array) -> Array:
    """Pixels as contiguous bytes if they are bytes, else as float32."""
    kind = np.uint8 if images.dtype == np.uint8 else np.float32
    return np.ascontiguousarray(images, kind)
