"""Code in memory, with the arena that it works on: what programs are made of."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.native.emit.schedule_builder import INFER, SINGLE
from pellucid.engines.native.memory.arena import ALIGNMENT, floats
from pellucid.engines.native.runtime.host.machine import load
from pellucid.engines.native.runtime.host.team import shared_team

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from pellucid.engines.native.compile import Code
    from pellucid.engines.native.memory.layout import Place
    from pellucid.engines.native.target import Target
    from pellucid.graph import Weights
    from pellucid.ops.operation import Array


UNUSED = 2
"""References to an array that nobody but its owner has: its owner's, and that of who counts."""


class Loaded:
    """Compiled code and its memory.

    Args:
        code: The code.
        target: The one that runs this.
        counter: Gives the run's seed and the number of the step, for operations without a kernel.

    Attributes:
        code: The code.
        machine: Keeps the compiled code alive.
        memory: The arena, in bytes.
        schedules: The addresses of what can be called.
        alone: Whether the calling thread computes without the team.
    """

    def __init__(self, code: Code, target: Target, counter: Callable[[], tuple[int, int]]) -> None:
        self.code = code
        self.machine = load(code.release_text(), target)
        names = code.plan.builder.schedules
        self.schedules = {name: self.machine.address(name) for name in names}
        self.memory = code.plan.arena.make()
        code.prepare(self.memory)
        self._table = code.table() + np.uint64(self.memory.ctypes.data)
        self._table_address = self._table.ctypes.data
        self._spare = np.zeros(0, np.uint8)
        self._entries: dict[int, list[int]] = {}  # of the table, by the offset that they are of
        for number, offset in enumerate(code.plan.builder.places):
            self._entries.setdefault(offset, []).append(number)
        self.alone = False
        self._shares_single = code.shares_single
        self._views: dict[Place, NDArray[np.float32]] = {}
        self._team = shared_team(code.plan.threads)
        self._by_reference = code.by_reference
        for stage in self._by_reference:
            stage.bind(self.memory, counter)

    @property
    def capacity(self) -> int:
        """Images that there is room for."""
        return self.code.plan.capacity

    def take(self, arrays: Mapping[str, Array]) -> Array:
        """Take in a batch, at most as many examples as there is room for.

        Args:
            arrays: For each input that is read, (N, …), contiguous.

        Returns:
            The array that goes along with the call; the others are copied.
        """
        plan = self.code.plan
        for name, offset in plan.feeds.items():
            array = arrays[name].reshape(-1)
            floats(self.memory, offset, array.size)[:] = array
        return arrays[plan.pixels]

    def run(self, schedule: str, pixels: Array, *, counter: int = 0, alone: bool = False) -> None:
        """Call a schedule on what :meth:`take` gave.

        Args:
            schedule: Its name.
            pixels: The largest input of a batch, contiguous, uint8 or float32.
            counter: Address of a 64-bit number to add 1 to at the end; 0 for none.
            alone: Leave other threads asleep.
        """
        self._team.call(
            self.schedules[schedule],
            self._table_address,
            pixels.ctypes.data,
            len(pixels),
            counter=counter,
            alone=alone or self.alone,
        )
        if raised := [error for stage in self._by_reference for error in stage.take_raised()]:
            raise raised[0]

    def infer(self, arrays: Mapping[str, Array]) -> None:
        """Run the forward pass at inference; a single image is split for all threads.

        Args:
            arrays: As :meth:`take` takes them.
        """
        self.infer_taken(self.take(arrays))

    def infer_taken(self, pixels: Array) -> None:
        """Run the forward pass at inference on what :meth:`take` gave."""
        alone = len(pixels) == 1
        shared = alone and self._shares_single and not self.alone
        schedules = SINGLE if shared else INFER
        self.run(of_pixels(schedules, pixels), pixels, alone=alone and schedules is INFER)

    def infer_into_new(
        self, arrays: Mapping[str, Array], places: Iterable[Place]
    ) -> dict[Place, NDArray[np.float32]]:
        """Run the forward pass with some values in new memory; that, for each of them.

        It spares a copy of what is kept. Where Python computes, it looks for values in the arena.
        """
        count = len(arrays[self.code.plan.pixels])
        if self._by_reference:
            self.infer(arrays)
            return {place: self.view(place, count).copy() for place in places}
        starts, size = {}, 0
        for place in places:
            starts[place] = size
            size += -(-self.code.plan.room(place.layout) // ALIGNMENT) * ALIGNMENT
        memory = self._memory_for(size + ALIGNMENT)
        shift = -memory.ctypes.data % ALIGNMENT
        own = self._table.copy()
        try:
            for place, start in starts.items():
                self._table[self._entries[place.offset]] = memory.ctypes.data + shift + start
            self.infer(arrays)
        finally:
            self._table[:] = own
        return {
            place: place.layout.view(memory, shift + start, count)
            for place, start in starts.items()
        }

    def _memory_for(self, size: int) -> NDArray[np.uint8]:
        """Zeroed memory: the last, if nobody holds a value in it, since fresh pages take time."""
        spare = len(self._spare) == size and sys.getrefcount(self._spare) == UNUSED
        if not spare:
            self._spare = np.zeros(size, np.uint8)
        return self._spare

    def view(self, place: Place, count: int) -> NDArray[np.float32]:
        """Images of a buffer where they lie, (N, height, width, channels)."""
        whole = self._views.get(place)
        if whole is None:
            start = self.code.plan.arena.address(place.offset)
            whole = self._views[place] = place.layout.view(self.memory, start, self.capacity)
        return whole[:count]

    def write_weights(self, weights: Mapping[str, Array]) -> None:
        """Set all weights and statistics, of the graph that is computed."""
        self.code.write_weights(self.memory, weights)
        if "flip" in self.schedules:  # the copies for the backward pass
            self.run("flip", np.zeros(1, np.uint8))

    def read_weights(self) -> Weights:
        """Copies of all weights and statistics, by full name."""
        found: Weights = {}
        for stage in self.code.weighted.values():
            arrays = stage.read(self.memory, stage.parameter.weights)
            arrays |= stage.read_statistics(self.memory)
            store = stage.region.anchor.store
            found |= {f"{store}.{part}": array for part, array in arrays.items()}
        return found

    def read_weight_gradients(self) -> Weights:
        """The gradient of every weight, by full name; its partial sums joined in their order."""
        found: Weights = {}
        for stage in self.code.weighted.values():
            parameter = stage.parameter
            size = parameter.chunks * parameter.size
            parts = floats(self.memory, parameter.gradients, size).reshape(parameter.chunks, -1)
            total = parts[0].copy()
            for part in parts[1:]:
                total += part
            for part, array in stage.read(total.view(np.uint8), 0).items():
                name = f"{stage.region.anchor.store}.{part}"
                found[name] = found[name] + array if name in found else array  # shared ones add up
        return found


def of_pixels(schedules: tuple[str, str], pixels: Array) -> str:
    """The schedule for these pixels: the first takes bytes, the second floats."""
    return schedules[0] if pixels.dtype == np.uint8 else schedules[1]


def contiguous(array: Array) -> Array:
    """An input as contiguous bytes if it is bytes, else as float32."""
    kind = np.uint8 if array.dtype == np.uint8 else np.float32
    return np.ascontiguousarray(array, kind)
