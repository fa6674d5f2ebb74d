"""Addresses for buffers: one after the other, each at the lowest address that is free for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.engines.native.memory.live_ranges import LiveRanges, Relations


@dataclass(frozen=True)
class Item:
    """A buffer that needs an address.

    Attributes:
        number: By which live ranges know it.
        size: Bytes, up to where the next may begin.
        kind: How images lie in it; none where it holds no images.
        loose: Whether others may leave anything where it lies. Else its border is zero for good,
            and it shares with its own kind alone, at the same address.
        over: The buffer whose address it had best have.
    """

    number: int
    size: int
    kind: Hashable | None = None
    loose: bool = True
    over: int | None = None


def pack(items: Sequence[Item], ranges: LiveRanges) -> dict[int, int]:
    """The address of each buffer, from 0 on, by its number: what takes less room of two orders.

    The largest first, of equals the one that is needed first; or the largest first by powers of
    two, of these the one that is needed for longest.
    """
    relations = {item.number: ranges.relations(item.number) for item in items}
    by_size = sorted(items, key=lambda i: (-i.size, ranges.first_access(i.number), i.number))
    by_life = sorted(items, key=lambda i: (-i.size.bit_length(), -ranges.stages(i.number)))
    found = [_pack(order, relations) for order in (by_size, by_life)]
    return min(found, key=lambda starts: max((starts[i.number] + i.size for i in items), default=0))


def _pack(order: Sequence[Item], relations: Mapping[int, Relations]) -> dict[int, int]:
    """The address of each buffer, each in its turn at the lowest that is free."""
    known = dict.fromkeys(item.kind for item in order if item.kind is not None)
    kinds = {kind: number for number, kind in enumerate(known)}
    numbers, starts, ends = (np.zeros(len(order), np.int64) for _ in range(3))
    kind_of, loose = np.full(len(order), -1), np.zeros(len(order), bool)
    found: dict[int, int] = {}
    for count, item in enumerate(order):
        kind = -1 if item.kind is None else kinds[item.kind]
        apart, alike = relations[item.number]
        others = numbers[:count]
        free = apart[others] & loose[:count] & item.loose
        same = alike[others] & (kind_of[:count] == kind) & (kind >= 0)
        blocked = ~free
        address = _lowest(
            item.size,
            starts[:count][blocked],
            ends[:count][blocked],
            same[blocked],
            found.get(item.over) if item.over is not None else None,
        )
        found[item.number] = address
        numbers[count], starts[count], ends[count] = item.number, address, address + item.size
        kind_of[count], loose[count] = kind, item.loose
    return found


def _lowest(
    size: int,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    same: NDArray[np.bool_],
    preferred: int | None,
) -> int:
    """The lowest address at which a buffer meets no other, or only some that begin there, too.

    Args:
        size: Of the buffer.
        starts: Where others begin that it must not meet.
        ends: Where they end.
        same: Those of them that may have the same address.
        preferred: An address to be taken before all others.
    """
    order = np.argsort(starts, kind="stable")
    reached = np.maximum.accumulate(np.concatenate(([0], ends[order])))
    gaps = np.concatenate((starts[order], [np.iinfo(np.int64).max])) - reached
    gap = int(reached[np.argmax(gaps >= size)])
    shared = np.unique(starts[same]).tolist()
    candidates = [*([] if preferred is None else [preferred]), *(s for s in shared if s < gap)]
    for start in candidates:
        meets = (starts < start + size) & (ends > start)
        if (same & (starts == start))[meets].all():
            return int(start)
    return gap
