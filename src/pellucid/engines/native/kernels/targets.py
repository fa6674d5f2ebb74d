"""What losses compare values with: given with a batch, or computed by the network itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.native.emit.images import start_of
from pellucid.engines.native.emit.lanes import keep
from pellucid.engines.native.emit.schedule_builder import BY_IMAGE, buffer
from pellucid.engines.native.memory.arena import floats
from pellucid.engines.native.memory.layout import whole_vectors
from pellucid.ops.loss import one_hot

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.memory.layout import Place
    from pellucid.ops.operation import Array

    Share = Callable[[Index, Value | None], Value]
    """What is wanted of a vector of classes; 0 where the mask has none."""


class Targets(ABC):
    """What is wanted of each image, one number a class.

    Attributes:
        group: The group of stages that read those of other images too.
    """

    group: str = BY_IMAGE

    @property
    @abstractmethod
    def places(self) -> list[int]:
        """The places that hold them."""

    @abstractmethod
    def read(self, plan: Plan, memory: NDArray[np.uint8], count: int) -> NDArray[np.float32]:
        """The last batch's, (N, K)."""

    @abstractmethod
    def share(self, f: Function, n: Index) -> Share:
        """What is wanted of image n."""

    @abstractmethod
    def number(self, f: Function, n: Index, k: Index) -> Value:
        """The k-th number of image n as it is written, a float."""


class Given(Targets):
    """Targets that come with a batch: class numbers, or a number for each class.

    Several losses may compare with them.

    Args:
        plan: The plan.
        name: Of the input.
        classes: How many there are.

    Attributes:
        labels: Offset of the class numbers, negative where there are rows of numbers.
    """

    def __init__(self, plan: Plan, name: str, classes: int) -> None:
        self.classes, self.pitch = classes, whole_vectors(classes, plan.lanes)
        self.labels = plan.place(f"labels {name}", plan.capacity)
        self._rows = plan.place(f"wanted {name}", plan.capacity * self.pitch)

    def write(self, memory: NDArray[np.uint8], labels: Array) -> None:
        """Set what is wanted in the next step: class numbers (N,) or numbers (N, K)."""
        count = len(labels)
        numbers = floats(memory, self.labels, count)
        if labels.ndim == 1:
            numbers[:] = labels
        else:
            numbers[:] = -1.0
            rows = floats(memory, self._rows, count * self.pitch).reshape(count, self.pitch)
            rows[:, : self.classes] = labels.reshape(count, -1)

    @property
    def places(self) -> list[int]:
        return [self.labels, self._rows]

    def read(self, plan: Plan, memory: NDArray[np.uint8], count: int) -> NDArray[np.float32]:
        labels = floats(memory, self.labels, count)
        rows = floats(memory, self._rows, count * self.pitch).reshape(count, self.pitch)
        found = rows[:, : self.classes].copy()
        numbered = labels >= 0.0
        found[numbered] = one_hot(labels[numbered].astype(np.int64), self.classes, np.float32)
        return found

    def share(self, f: Function, n: Index) -> Share:
        """By its label, or where that is negative, as written."""
        label = f.broadcast(f.load(buffer(f, self.labels), n))
        numbered = f.compare("oge", label, f.zero)
        row = f.at(buffer(f, self._rows), f.multiply(n, self.pitch))

        def share(c: Index, real: Value | None) -> Value:
            mine = f.compare("oeq", positions(f, c), label)
            one = f.choose(mine, f.constant(1.0), f.zero)
            return keep(f, real, f.choose(numbered, one, f.load_vector(row, c)))

        return share

    def number(self, f: Function, n: Index, k: Index) -> Value:
        return f.load(buffer(f, self._rows), f.add(f.multiply(n, self.pitch), k))


class Computed(Targets):
    """Targets that the network itself has computed, or an input that it reads too.

    Args:
        name: Of the value.
        place: Where it lies.
    """

    def __init__(self, name: str, place: Place) -> None:
        self._place = place
        self.group = f"targets {name}"  # other threads' images must be there

    @property
    def places(self) -> list[int]:
        return [self._place.offset]

    def read(self, plan: Plan, memory: NDArray[np.uint8], count: int) -> NDArray[np.float32]:
        return plan.view(self._place, memory, count).reshape(count, -1).copy()

    def share(self, f: Function, n: Index) -> Share:
        """What lies there."""
        row = start_of(f, self._place, n)
        return lambda c, real: keep(f, real, f.load_vector(row, c))

    def number(self, f: Function, n: Index, k: Index) -> Value:
        return f.load(start_of(f, self._place, n), k)


def positions(f: Function, c: Index) -> Value:
    """The numbers of a vector's classes, as floats: exact up to 2²⁴."""
    steps = f"<{', '.join(f'float {float(lane)}' for lane in range(f.vectors.lanes))}>"
    if isinstance(c, int):
        return f.vector("fadd", steps, f.constant(float(c)))
    return f.vector("fadd", steps, f.broadcast(f.value(f"sitofp i64 {c} to float")))
