"""Which buffers may share memory, by the definition, or as a test wants it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.native.memory.live_ranges import LiveRanges, Relations

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.engines.native.memory.live_ranges import Access


def related(answer: bool) -> Callable[[LiveRanges, int], Relations]:
    """Live ranges that give one answer for all buffers."""

    def relations(ranges: LiveRanges, _: int) -> Relations:
        same = np.full(ranges._count, answer)
        return Relations(same, same)

    return relations


def disjoint(
    sequences: Sequence[Sequence[Access]],
    buffer_of: Callable[[int], int | None],
    pair: tuple[int, int],
    *,
    alike: bool = False,
    takes: bool = False,
) -> bool:
    """Whether two buffers may have one address, stage by stage.

    Args:
        sequences: What each stage touches.
        buffer_of: The number of the buffer that a place belongs to.
        pair: Their numbers.
        alike: Whether images lie in both in the same way.
        takes: Whether the first may take the second's place within the last stage that reads it.
    """
    for stages in sequences:
        ranges: dict[int, list[tuple[int, int]]] = {number: [] for number in pair}
        for number, stage in enumerate(stages):
            again = {buffer_of(place) for place in stage.again}
            touched = {buffer_of(place) for place in stage.places}
            for buffer in touched.intersection(pair):
                assert buffer is not None
                own = ranges[buffer]
                if not own or buffer in again:
                    own.append((number, number))
                own[-1] = own[-1][0], number
        for mine, theirs in product(ranges[pair[0]], ranges[pair[1]]):
            before, after = sorted((mine, theirs), key=lambda each: each[0])
            takes_over = takes and theirs[0] < mine[0] and theirs[1] == mine[0]
            if before[1] >= after[0] and not takes_over:
                return False
            end, start = stages[before[1]], stages[after[0]]
            if end.meeting == start.meeting and not (alike and start.by_image):
                return False
    return True
