"""An operation that has no kernel yet: its own NumPy code, called from between compiled stages."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid import ops
from pellucid.counter_random import stream_of
from pellucid.engines.native.emit.schedule_builder import INFER, LEARN
from pellucid.engines.native.kernels.kernel import Weighted
from pellucid.engines.native.kernels.parameters import Part, place_parameter
from pellucid.engines.native.kernels.python_calls import PythonCalls
from pellucid.engines.native.memory.arena import floats
from pellucid.engines.native.memory.layout import FLOAT, whole_vectors
from pellucid.ops.operation import Mode, Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function
    from pellucid.engines.native.emit.work import Description
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.memory.layout import Place
    from pellucid.ops.operation import Array, Shape

FORWARD, LEARNING, BACKWARD = range(3)
"""The calls, in the order in which their addresses lie in the arena."""


class ByReference(Weighted):
    """An operation that NumPy computes, with its weights in the arena as all others'."""

    family: ClassVar[str] = "reference"
    by_image: ClassVar[bool] = False
    operations: ClassVar[tuple[type[Operation], ...]] = (Operation,)

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        self.operation, self.shapes = region.operation, region.inputs
        self.stream = stream_of(region.name)
        self.sources = [plan.values[name] for name in region.sources]
        self.target = plan.values[region.target]
        self.shape = self.operation.output_shape(*self.shapes)
        parts = region.parameters
        self.trained = {name: part.shape for name, part in parts.items() if part.trainable}
        self.followed = {name: part.shape for name, part in parts.items() if not part.trainable}
        kinds, self.floats = [], 0
        for name, shape in self.trained.items():
            room = whole_vectors(prod(shape), plan.lanes)
            kinds.append(Part(name, self.floats, room, decays=parts[name].decays))
            self.floats += room
        size = max(self.floats, plan.lanes)
        self.parameter = place_parameter(plan, region, 1, size, 1, tuple(kinds))
        followed = sum(prod(shape) for shape in self.followed.values())
        self.statistics = plan.place_statistics(region, followed)
        self.calls = PythonCalls(plan, self.name, BACKWARD + 1)
        self.wanted: list[tuple[Place, bool] | None] = []

    # ---------------------------------------------------------------------------------- weights

    def read(self, memory: NDArray[np.uint8], offset: int) -> dict[str, NDArray[np.float32]]:
        """The trained weights, or what belongs to them, at an offset."""
        found = {}
        for (name, shape), part in zip(self.trained.items(), self.parameter.parts, strict=True):
            start = offset + FLOAT * part.start
            found[name] = floats(memory, start, prod(shape)).reshape(shape).copy()
        return found

    def write(
        self, memory: NDArray[np.uint8], offset: int, arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """The reverse of :meth:`read`."""
        for name, part in zip(self.trained, self.parameter.parts, strict=True):
            flat = arrays[name].reshape(-1)
            floats(memory, offset + FLOAT * part.start, flat.size)[:] = flat

    def read_statistics(self, memory: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """What is followed and not trained."""
        found, start = {}, self.statistics
        for name, shape in self.followed.items():
            found[name] = floats(memory, start, prod(shape)).reshape(shape).copy()
            start += found[name].nbytes
        return found

    def write_statistics(
        self, memory: NDArray[np.uint8], arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """The reverse of :meth:`read_statistics`."""
        start = self.statistics
        for name in self.followed:
            flat = arrays[name].reshape(-1)
            floats(memory, start, flat.size)[:] = flat
            start += FLOAT * flat.size

    # ------------------------------------------------------------------------------------- code

    def forward(self) -> None:
        """Append the calls of the forward pass."""
        places = [place.offset for place in (*self.sources, self.target)]
        about = self.plan.about(
            self.family, self.sources, [self.target], flops=self._flops, notes=[self._note]
        )
        self._write(INFER, self.name, FORWARD, places, about)
        if self.plan.training:
            self._write(LEARN, self.name, LEARNING, places, about)

    @property
    def _flops(self) -> int:
        """Of one pass over an image, of operations that multiply their weights."""
        multiplies = isinstance(self.operation, ops.Conv2D | ops.ConvTranspose2D | ops.Dense)
        return 2 * self.operation.multiply_adds(*self.shapes) if multiplies else 0

    @property
    def _note(self) -> str:
        return f"there is no kernel for {self.operation.kind}: one thread computes it in NumPy"

    def backward(self) -> None:
        """Append the call of the backward pass."""
        plan = self.plan
        for name in self.region.sources:
            wants = plan.wants_gradient(name)
            self.wanted.append((plan.gradients[name], plan.adds(name)) if wants else None)
        to = [want[0].offset for want in self.wanted if want is not None]
        gradient = plan.gradients[self.region.target]
        places = [gradient.offset, *to, self.parameter.gradients]
        writes = [want[0] for want in self.wanted if want is not None]
        about = plan.about(
            self.family, [gradient, *self.sources], writes, flops=self._flops, notes=[self._note]
        )
        self._write("backward", f"back through {self.name}", BACKWARD, places, about)

    def _write(
        self,
        schedules: str | tuple[str, ...],
        name: str,
        call: int,
        places: Sequence[int],
        about: Description,
    ) -> None:
        def body(f: Function) -> None:
            self.calls.write(f, call, places)

        self.plan.stage(schedules, name, 1, body, about, group=f"by reference {self.name}")

    # --------------------------------------------------------------------------------- computing

    def bind(self, memory: NDArray[np.uint8], counter: Callable[[], tuple[int, int]]) -> None:
        """Let native code call this stage.

        Args:
            memory: The arena, settled.
            counter: Gives the run's seed and the number of the step.
        """
        self._memory, self._counter = memory, counter
        self._saved: Any = None

        self.calls.bind(
            memory,
            [
                lambda images: self._forward(images, training=False),
                lambda images: self._forward(images, training=True),
                self._backward,
            ],
        )

    def take_raised(self) -> list[BaseException]:
        """What calls have raised, which native code could not pass on."""
        return self.calls.take_raised()

    def _forward(self, images: int, *, training: bool) -> None:
        seed, step = self._counter()
        inputs = [
            self._array(place, shape, images)
            for place, shape in zip(self.sources, self.shapes, strict=True)
        ]
        weights = self._weights()
        by_batch = training and not self.plan.uses_running(self.region)
        mode = Mode(by_batch, seed, step, self.stream)
        value, self._saved = self.operation.forward(inputs, weights, mode)
        self._put(self.target, value, images, adds=False)
        learning = self.plan.learning
        if training and learning is not None and self.name in learning.follows:
            followed = self.operation.updated_statistics(self._saved, weights)
            self.write_statistics(self._memory, {**weights, **followed})

    def _backward(self, images: int) -> None:
        gradient = self._array(self.plan.gradients[self.region.target], self.shape, images)
        at_inputs, at_weights = self.operation.backward(gradient, self._saved, self._weights())
        self._saved = None
        for want, value in zip(self.wanted, at_inputs, strict=True):
            if want is not None:
                self._put(want[0], value, images, adds=want[1])
        start = self.plan.arena.address(self.parameter.gradients)
        floats(self._memory, start, self.parameter.size)[:] = 0.0
        self.write(self._memory, start, at_weights)

    def _weights(self) -> dict[str, Array]:
        trained = self.read(self._memory, self.parameter.weights)
        return {**trained, **self.read_statistics(self._memory)}

    def _array(self, place: Place, shape: Shape, images: int) -> Array:
        view = self.plan.view(place, self._memory, images)
        return np.array(view).reshape(images, *shape)

    def _put(self, place: Place, value: Array, images: int, *, adds: bool) -> None:
        view = self.plan.view(place, self._memory, images)
        shaped = value.reshape(view.shape)
        view[:] = view + shaped if adds else shaped
