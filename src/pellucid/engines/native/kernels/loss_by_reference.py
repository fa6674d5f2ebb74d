"""A loss that has no kernel: its own NumPy code, called from between compiled stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.native.emit.doubles import DOUBLE
from pellucid.engines.native.kernels.python_calls import PythonCalls
from pellucid.engines.native.memory.arena import floats

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.targets import Targets
    from pellucid.engines.native.lower.objective import LossNode


class LossByReference:
    """A loss of one of a plan's values, that NumPy computes.

    Args:
        plan: The plan.
        name: Of the loss.
        node: The loss and what it compares.
        targets: What is wanted.

    Attributes:
        origin: The target of the region that makes the value.
        operation: The loss.
        result: Where it lies once it is found.
    """

    def __init__(self, plan: Plan, name: str, node: LossNode, targets: Targets) -> None:
        assert plan.learning is not None
        self.plan, self.name, self.operation, self.targets = plan, name, node.operation, targets
        self.origin = plan.makers[node.value]
        self._value = plan.values[self.origin]
        self._weight = plan.learning.weights.get(name)
        learns = self._weight is not None and plan.wants_gradient(self.origin)
        self._gradient = plan.gradients[self.origin] if learns else None
        self._adds = learns and plan.adds(self.origin)
        self.result = plan.place(f"loss {name}", DOUBLE)
        self._calls = PythonCalls(plan, name, 1)
        self._memory = np.zeros(0, np.uint8)

    def write(self) -> None:
        """Append the call, for which all threads wait."""
        places = [self._value.offset, self.result, *self.targets.places]
        places += [self._gradient.offset] if self._gradient is not None else []

        def body(f: Function) -> None:
            self._calls.write(f, 0, places)

        note = f"there is no kernel for {self.operation.kind}: one thread computes it in NumPy"
        writes = [self._gradient] if self._gradient is not None else []
        about = self.plan.about("reference", [self._value], writes, notes=[note])
        self.plan.stage("loss", self.name, 1, body, about, group=f"by reference {self.name}")

    def write_sum(self) -> None:
        """Nothing: the call has found the batch's loss."""

    def prepare(self, memory: NDArray[np.uint8]) -> None:
        """Nothing stays the same from step to step."""

    def read_result(self, memory: NDArray[np.uint8]) -> float:
        """The last step's loss."""
        return float(floats(memory, self.result, DOUBLE).view(np.float64)[0])

    def bind(self, memory: NDArray[np.uint8], counter: Callable[[], tuple[int, int]]) -> None:
        """Let native code call this stage; a loss draws no random numbers."""
        self._memory = memory
        self._calls.bind(memory, [self._compute])

    def take_raised(self) -> list[BaseException]:
        """What the call has raised, which native code could not pass on."""
        return self._calls.take_raised()

    def _compute(self, images: int) -> None:
        view = self.plan.view(self._value, self._memory, images)
        logits = np.array(view).reshape(images, *self.plan.shapes[self.origin])
        wanted = self.targets.read(self.plan, self._memory, images)
        wanted = wanted.reshape(images, *self.operation.target_shape(logits.shape[1:]))
        loss, slope = self.operation.value_and_gradient(logits, wanted)
        floats(self._memory, self.result, DOUBLE).view(np.float64)[0] = loss
        if self._gradient is not None:
            to = self.plan.view(self._gradient, self._memory, images)
            gradient = np.asarray(slope * self._weight, np.float32).reshape(to.shape)
            to[:] = to + gradient if self._adds else gradient
