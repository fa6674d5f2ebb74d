"""One arena for everything that a program touches: values, gradients, weights, scratch.

Buffers that are never needed at the same time share their memory. Which stages touch a buffer is
known once all code is written, so places are handed out twice: while code is written each buffer
gets a start of its own, and the code finds it through the program's table of addresses; when the
arena is settled those that may share get the same address.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.native.memory.layout import FLOAT
from pellucid.engines.native.memory.live_ranges import LiveRanges
from pellucid.memory import check_memory
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from pellucid.engines.native.memory.layout import Layout
    from pellucid.engines.native.memory.live_ranges import Access

ALIGNMENT = 64
"""Every buffer begins at a multiple of this many bytes: one cache line."""

MOST_SLOTS = 256
"""Pieces of memory, the latest, that are tried for a buffer: all of them would take time with the
square of a network's depth."""

SHARED = 1 << 40
"""Where the starts of buffers begin that get their addresses later; all others have theirs."""


@dataclass(frozen=True)
class Buffer:
    """A piece of the arena.

    Attributes:
        name: For people.
        start: Where it begins while code is written.
        size: In bytes.
        layout: How images lie in it, if it is for these. What lies between their values is zero
            for good, and so they share their memory only with others that lie alike, unless
            nothing lies between.
    """

    name: str
    start: int
    size: int
    layout: Layout | None = None
    slot: int = 0


@short_repr
@dataclass
class Arena:
    """Hands out places, in bytes; nothing is allocated once a program runs.

    Attributes:
        size: Bytes in all, once it is settled.
        lasting: How many of these, the first, nothing else will overwrite.
    """

    size: int = 0
    lasting: int = 0
    _lasting: list[Buffer] = field(default_factory=list)
    _shared: list[Buffer] = field(default_factory=list)
    _over: dict[int, int] = field(default_factory=dict)
    _addresses: dict[int, int] = field(default_factory=dict)

    def place(self, name: str, size: int) -> int:
        """The address of a new buffer that nothing else will overwrite."""
        assert not self._addresses, "the arena is settled"
        start = self.size
        self._lasting.append(Buffer(name, start, size))
        self.size += _aligned(size)
        return start

    def place_scratch(self, name: str, size: int) -> int:
        """The start of a new buffer of which nothing is read that was not written before."""
        return self._place_shared(name, size)

    def place_images(self, name: str, layout: Layout, size: int, slot: int = 0) -> int:
        """The start of a new buffer of images; what lies between their values is zero."""
        return self._place_shared(name, size, layout, slot)

    def over(self, new: int, old: int) -> None:
        """Let a buffer of images take the place of another with the last stage that reads that.

        Of both, that stage must touch the same position of the same image at a time, and read it
        before it writes it.
        """
        self._over[new] = old

    def settle(self, sequences: Iterable[Sequence[Access]]) -> None:
        """Give all buffers their addresses.

        Args:
            sequences: What each stage touches, in each of the orders in which stages run.
        """
        self.lasting = self.size
        ranges = LiveRanges([*sequences], self._index)
        scratch = [
            [number]
            for number, buffer in enumerate(self._shared)
            if buffer.layout is None and ranges.accessed(number)
        ]
        for slot in self._slots(ranges):
            layout = self._shared[slot[0]].layout
            if layout is not None and layout.full:
                scratch.append(slot)
            else:
                self._stack(slot)
        self._fit(scratch, ranges)

    def address(self, start: int) -> int:
        """Where a place lies for good, given the start of its buffer or a place within it."""
        number = self._index(start)
        if number is None:
            return start
        return self._addresses[number] + start - self._shared[number].start

    @property
    def names(self) -> dict[str, tuple[int, int]]:
        """Each buffer's address and size, by name; those that no stage touches have none."""
        lasting = {buffer.name: (buffer.start, buffer.size) for buffer in self._lasting}
        shared = {
            buffer.name: (self._addresses[number], buffer.size)
            for number, buffer in enumerate(self._shared)
            if number in self._addresses
        }
        return lasting | shared

    def make(self) -> NDArray[np.uint8]:
        """The memory itself, zeroed: borders stay so, since nothing is ever written there."""
        check_memory(
            self.size,
            "the network's values, gradients and weights",
            "take smaller batches (--batch-size), smaller pictures (--image-size) or fewer filters",
        )
        raw = np.zeros(self.size + ALIGNMENT, np.uint8)
        shift = -raw.ctypes.data % ALIGNMENT
        return raw[shift : shift + self.size]

    def slot(self, place: int) -> int:
        """Bytes from one thread's image to the next in the buffer of a place; else 0."""
        number = self._index(place)
        return 0 if number is None else self._shared[number].slot

    def _place_shared(
        self, name: str, size: int, layout: Layout | None = None, slot: int = 0
    ) -> int:
        last = self._shared[-1] if self._shared else Buffer("", SHARED, 0)
        # A gap, so that the place behind a buffer's end is still known to be its.
        start = last.start + _aligned(last.size) + ALIGNMENT
        self._shared.append(Buffer(name, start, size, layout, slot))
        return start

    def _index(self, place: int) -> int | None:
        """The number of the buffer that a place belongs to; none where it lasts."""
        if place < SHARED:
            return None
        return bisect_right(self._shared, place, key=lambda buffer: buffer.start) - 1

    def _slots(self, ranges: LiveRanges) -> list[list[int]]:
        """Buffers of images that share: in the order of first access, first fit."""
        slots: dict[tuple[Layout | None, int], list[list[int]]] = {}
        ends: dict[int, list[list[int]]] = {}  # by slots: last stages, one by one
        slot_of: dict[int | None, list[int]] = {}
        images = [n for n, buffer in enumerate(self._shared) if buffer.layout is not None]
        for number in sorted(filter(ranges.accessed, images), key=ranges.first_access):
            buffer = self._shared[number]
            same = slots.setdefault((buffer.layout, buffer.size), [])
            old = self._over.get(buffer.start)
            below = None if old is None else self._index(old)
            preferred = slot_of.get(below)  # over the old one if it can be
            if preferred in same:
                same.remove(preferred)
                same.insert(0, preferred)
            for slot in same[:1] + same[1:][-MOST_SLOTS:]:
                known = ends[slot[0]]
                over = slot[-1] == below
                before = known[-2] if over and len(slot) > 1 else None if over else known[-1]
                rest = before is None or ranges.after(number, before)
                if over and rest:
                    rest = ranges.disjoint(number, slot[-1], alike=True, over=True)
                if rest or all(
                    ranges.disjoint(number, other, alike=True, over=other == below)
                    for other in slot
                ):
                    slot.append(number)
                    slot_of[number] = slot
                    known.append([*map(max, known[-1], ranges.last_accesses(number))])
                    break
            else:
                slot_of[number] = [number]
                same.append(slot_of[number])
                ends[number] = [ranges.last_accesses(number)]
        return [slot for same in slots.values() for slot in same]

    def _stack(self, slot: list[int]) -> None:
        """Give a slot memory of its own."""
        self._addresses |= dict.fromkeys(slot, self.size)
        self.size += self._size(slot)

    def _fit(self, slots: list[list[int]], ranges: LiveRanges) -> None:
        """The largest first: each at the lowest address that is free while it is needed."""
        bottom = self.size
        placed: list[list[int]] = []
        for slot in sorted(slots, key=self._size, reverse=True):
            address, size = bottom, self._size(slot)
            for other in sorted(placed, key=lambda other: self._addresses[other[0]]):
                start = self._addresses[other[0]]
                clear = address + size <= start or start + self._size(other) <= address
                if not clear and not all(ranges.disjoint(*pair) for pair in product(slot, other)):
                    address = start + self._size(other)
            self._addresses |= dict.fromkeys(slot, address)
            placed.append(slot)
            self.size = max(self.size, address + size)

    def _size(self, slot: list[int]) -> int:
        return _aligned(self._shared[slot[0]].size)


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def floats(memory: NDArray[np.uint8], offset: int, count: int) -> NDArray[np.float32]:
    """Floats at an offset of the arena, where they lie."""
    return memory[offset : offset + FLOAT * count].view(np.float32)
