"""Divide pictures of several labels so that every part has each label in proportion.

Iterative stratification: Sechidis, Tsoumakas, Vlahavas 2011, *On the stratification of multi-label
data*, algorithm 1. Labels are served by how few pictures are left with them, the rarest first, and
each of their pictures goes to the part that still wants that label most; of equal parts to the one
that wants most pictures, of these to one by chance. Here a part that is full takes no more, so that
all have the sizes that were asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def label_split(
    marks: NDArray[np.int64], sizes: Sequence[int], chance: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """Which part each picture goes to, (N,), from 0.

    All is counted in whole numbers, so that no machine rounds differently.

    Args:
        marks: 1 where a picture has a label, 0 elsewhere, (N, K).
        sizes: How many pictures each part gets; they add up to N.
        chance: A random number for each picture, (N,): the order within a label, and what decides
            between equal parts.
    """
    count = len(marks)
    held = marks.astype(bool)
    room = np.array(sizes, np.int64)
    wanted = np.outer(room, held.sum(axis=0))  # of each label by each part, times N
    part_of = np.full(count, -1, np.int64)
    left = held.sum(axis=0)
    order = np.argsort(chance, kind="stable")

    def place(picture: int, want: NDArray[np.int64]) -> None:
        best = np.flatnonzero(room > 0)
        for by in (want, room):
            best = best[by[best] == by[best].max()]
        part = best[int(chance[picture] % np.uint64(len(best)))]
        part_of[picture] = part
        room[part] -= 1
        wanted[part, held[picture]] -= count

    while left.any():
        rarest = int(np.where(left > 0, left, count + 1).argmin())
        for picture in order[held[order, rarest] & (part_of[order] < 0)].tolist():
            place(picture, wanted[:, rarest])
            left[held[picture]] -= 1
    for picture in order[part_of[order] < 0].tolist():
        place(picture, room)
    return part_of
