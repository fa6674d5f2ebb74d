"""One arena for everything that a program touches: values, gradients, weights, scratch.

Buffers that are never needed at the same time share their memory. Which stages touch a buffer is
known once all code is written, so places are handed out twice: while code is written each buffer
gets a start of its own, and the code finds it through the program's table of addresses; when the
arena is settled those that may share get the same address.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.native.memory.layout import FLOAT
from pellucid.engines.native.memory.live_ranges import LiveRanges
from pellucid.engines.native.memory.packing import Item, pack
from pellucid.memory import check_memory
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from numpy.typing import NDArray

    from pellucid.engines.native.memory.layout import Layout
    from pellucid.engines.native.memory.live_ranges import Access

ALIGNMENT = 64
"""Every buffer begins at a multiple of this many bytes: one cache line."""

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
            nothing lies between, or it is cleared whenever they are needed.
        slot: Bytes from one thread's image to the next, where each thread holds one.
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
    _cleared: set[int] = field(default_factory=set)
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

    def cleared(self, start: int) -> None:
        """Note that a buffer's border is set to zero whenever its first stage begins."""
        number = self._index(start)
        assert number is not None
        self._cleared.add(number)

    def is_cleared(self, place: int) -> bool:
        """Whether the border of a place's buffer is set to zero whenever its first stage begins."""
        return self._index(place) in self._cleared

    def settle(self, sequences: Iterable[Sequence[Access]]) -> None:
        """Give all buffers their addresses.

        Args:
            sequences: What each stage touches, in each of the orders in which stages run.
        """
        self.lasting = self.size
        pairs = [(self._index(new), self._index(old)) for new, old in self._over.items()]
        takes = {new: old for new, old in pairs if new is not None and old is not None}
        ranges = LiveRanges([*sequences], self._index, takes)
        items = [
            Item(number, _aligned(buffer.size), *self._lies(number), takes.get(number))
            for number, buffer in enumerate(self._shared)
            if ranges.accessed(number)
        ]
        for number, start in pack(items, ranges).items():
            self._addresses[number] = self.lasting + start
            end = self.lasting + start + _aligned(self._shared[number].size)
            self.size = max(self.size, end)

    def _lies(self, number: int) -> tuple[Hashable | None, bool]:
        """How images lie in a buffer, and whether nothing in it must stay zero."""
        buffer = self._shared[number]
        if buffer.layout is None:
            return None, True
        kind = (buffer.layout, buffer.size, buffer.slot)
        return kind, buffer.layout.full or number in self._cleared

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

    def shared(self, place: int) -> Buffer | None:
        """The buffer that a place belongs to; none if nothing else may take its address."""
        number = self._index(place)
        return None if number is None else self._shared[number]

    def _index(self, place: int) -> int | None:
        """The number of the buffer that a place belongs to; none where it lasts."""
        if place < SHARED:
            return None
        return bisect_right(self._shared, place, key=lambda buffer: buffer.start) - 1


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def floats(memory: NDArray[np.uint8], offset: int, count: int) -> NDArray[np.float32]:
    """Floats at an offset of the arena, where they lie."""
    return memory[offset : offset + FLOAT * count].view(np.float32)
