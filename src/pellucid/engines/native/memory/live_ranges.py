"""Which buffers are needed at the same time: each from its first stage to its last reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Access:
    """What a stage touches.

    Attributes:
        places: Places in its buffers.
        meeting: How often all threads have met before it.
        by_image: Whether until the next meeting each thread touches nothing but its own images.
        again: Places in buffers that it fills once more, so that nobody needed them since they
            were last read.
    """

    places: tuple[int, ...]
    meeting: int
    by_image: bool
    again: tuple[int, ...] = ()


class Relations(NamedTuple):
    """Which buffers may have the address of a given one, by their numbers.

    Attributes:
        apart: Those that are never needed while it is, all threads having met in between.
        alike: Those that need no meeting in between, as long as images lie alike in both: each
            thread then touches its own images alone.
    """

    apart: NDArray[np.bool_]
    alike: NDArray[np.bool_]


@dataclass
class _LiveRange:
    """From the first stage that touches a buffer to the last, by their numbers."""

    first: int
    last: int


class _Sequence:
    """The live ranges of one order of stages: one after the other, and each buffer's.

    What is known of each stage, how often threads have met before it and whether it goes by image,
    is kept for the ranges' ends.
    """

    def __init__(self, accesses: Sequence[Access], buffer_of: Callable[[int], int | None]) -> None:
        self.of: dict[int, list[_LiveRange]] = {}
        for number, touch in enumerate(accesses):
            again = {buffer_of(place) for place in touch.again}
            for buffer in {buffer_of(place) for place in touch.places}:
                if buffer is None:
                    continue
                if buffer not in self.of or buffer in again:
                    self.of.setdefault(buffer, []).append(_LiveRange(number, number))
                self.of[buffer][-1].last = number
        rows = [(owner, r.first, r.last) for owner, ranges in self.of.items() for r in ranges]
        table = np.array(rows, np.int64).reshape(-1, 3)
        self.owner, self.first, self.last = table[:, 0], table[:, 1], table[:, 2]
        self._meeting = np.array([touch.meeting for touch in accesses], np.int64)
        self._by_image = np.array([touch.by_image for touch in accesses], bool)
        self.first_meeting = self._meeting[self.first]
        self.last_meeting = self._meeting[self.last]
        self.starts_by_image = self._by_image[self.first]

    def relate(self, one: int, takes: Mapping[int, int], found: Relations) -> None:
        """Rule out the buffers whose address a given one may not have."""
        for mine in self.of.get(one, ()):
            before, after = self.last < mine.first, self.first > mine.last
            begins = self._meeting[mine.first], self._by_image[mine.first]
            met_before = before & (self.last_meeting < begins[0])
            met_after = after & (self.first_meeting > self._meeting[mine.last])
            alike = met_before | met_after | (before & begins[1]) | (after & self.starts_by_image)
            if one in takes:
                under = (self.owner == takes[one]) & (self.first < mine.first)
                alike |= under & (self.last == mine.first) & begins[1]
            over = [new for new, old in takes.items() if old == one]
            if over:
                above = np.isin(self.owner, over) & (self.first > mine.first)
                alike |= above & (self.first == mine.last) & self.starts_by_image
            found.apart[self.owner[~(met_before | met_after)]] = False
            found.alike[self.owner[~alike]] = False


class LiveRanges:
    """When each buffer is needed.

    Args:
        sequences: What each stage touches, in each of the orders in which stages run.
        buffer_of: The number of the buffer that a place belongs to; none if that is not shared.
        takes: Buffers of images that may take the place of another within the last stage that
            reads that, by their numbers.
    """

    def __init__(
        self,
        sequences: Sequence[Sequence[Access]],
        buffer_of: Callable[[int], int | None],
        takes: Mapping[int, int] | None = None,
    ) -> None:
        self._sequences = [_Sequence(accesses, buffer_of) for accesses in sequences]
        self._takes = takes or {}
        self._count = 1 + max(
            (int(s.owner.max()) for s in self._sequences if len(s.owner)), default=-1
        )

    def accessed(self, buffer: int) -> bool:
        """Whether any stage touches it."""
        return any(buffer in sequence.of for sequence in self._sequences)

    def first_access(self, buffer: int) -> tuple[int, int]:
        """The first sequence that touches it, and the first stage there."""
        return next(
            (number, sequence.of[buffer][0].first)
            for number, sequence in enumerate(self._sequences)
            if buffer in sequence.of
        )

    def stages(self, buffer: int) -> int:
        """During how many stages it is needed, of all sequences."""
        ranges = (r for sequence in self._sequences for r in sequence.of.get(buffer, ()))
        return sum(r.last - r.first + 1 for r in ranges)

    def relations(self, one: int) -> Relations:
        """Which buffers may have the address of a given one.

        Threads that have not met may be at different stages, so buffers must also be a meeting
        apart; unless each thread touches its own images only and these lie alike in both.
        """
        found = Relations(*(np.ones(self._count, bool) for _ in Relations._fields))
        for sequence in self._sequences:
            sequence.relate(one, self._takes, found)
        return found
