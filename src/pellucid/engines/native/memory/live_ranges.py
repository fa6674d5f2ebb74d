"""Which buffers are needed at the same time: each from its first stage to its last reader."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


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


@dataclass
class _LiveRange:
    """From the first stage that touches a buffer to the last, by their numbers."""

    first: int
    last: int


class LiveRanges:
    """When each buffer is needed.

    Args:
        sequences: What each stage touches, in each of the orders in which stages run.
        buffer_of: The number of the buffer that a place belongs to; none if that is not shared.
    """

    def __init__(
        self, sequences: Sequence[Sequence[Access]], buffer_of: Callable[[int], int | None]
    ) -> None:
        self._sequences = sequences
        self._ranges: list[dict[int, list[_LiveRange]]] = []
        for sequence in sequences:
            ranges: dict[int, list[_LiveRange]] = {}
            for number, touch in enumerate(sequence):
                again = {buffer_of(place) for place in touch.again}
                for buffer in {buffer_of(place) for place in touch.places}:
                    if buffer is None:
                        continue
                    if buffer not in ranges or buffer in again:
                        ranges.setdefault(buffer, []).append(_LiveRange(number, number))
                    ranges[buffer][-1].last = number
            self._ranges.append(ranges)

    def accessed(self, buffer: int) -> bool:
        """Whether any stage touches it."""
        return any(buffer in ranges for ranges in self._ranges)

    def first_access(self, buffer: int) -> tuple[int, int]:
        """The first sequence that touches it, and the first stage there."""
        return next(
            (number, ranges[buffer][0].first)
            for number, ranges in enumerate(self._ranges)
            if buffer in ranges
        )

    def after(self, one: int, others: Sequence[int]) -> bool:
        """Whether a buffer of images is needed only after all others, by one look at each end.

        It is then apart from each of them, where images lie alike in all. Finding that out pair by
        pair would take time with the square of a network's depth.

        Args:
            one: The buffer.
            others: For each sequence the last stage that touches any of the others; −1 for none.
        """
        for sequence, ranges, last in zip(self._sequences, self._ranges, others, strict=True):
            if one not in ranges or last < 0:
                continue
            first = ranges[one][0].first
            start = sequence[first]
            own = start.by_image and len(ranges[one]) == 1
            if last >= first or not (own or sequence[last].meeting < start.meeting):
                return False
        return True

    def last_accesses(self, buffer: int) -> list[int]:
        """For each sequence the last stage that touches a buffer; −1 for none."""
        return [ranges[buffer][-1].last if buffer in ranges else -1 for ranges in self._ranges]

    def disjoint(self, one: int, other: int, *, alike: bool = False, over: bool = False) -> bool:
        """Whether two buffers may have the same address.

        Threads that have not met may be at different stages, so buffers must also be a meeting
        apart; unless each thread touches its own images only and these lie alike in both.

        Args:
            one: A buffer.
            other: Another.
            alike: Whether images lie in both in the same way.
            over: Whether the one may take the other's place within the last stage that reads that.
        """
        for sequence, ranges in zip(self._sequences, self._ranges, strict=True):
            for mine, theirs in product(ranges.get(one, ()), ranges.get(other, ())):
                before, after = sorted((mine, theirs), key=lambda life: life.first)
                if before.last >= after.first and not (over and theirs.last == mine.first):
                    return False
                end, start = sequence[before.last], sequence[after.first]
                if end.meeting == start.meeting and not (alike and start.by_image):
                    return False
        return True
