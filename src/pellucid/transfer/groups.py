"""Pictures that belong together, which must not be in two folds: copies, near copies, groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.check.near_duplicates import near_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SIDE = 16
"""Height and width of the small grey copies by which pictures are compared."""


def copies(parts: Sequence[NDArray[np.uint8]], digests: Sequence[bytes]) -> NDArray[np.int64]:
    """The group of each picture, (N,): pictures with the same number are copies or near copies.

    Args:
        parts: The pictures, uint8 (n, H, W, C) each, N in all.
        digests: What stands for each one's pixels; equal pictures have equal ones.
    """
    first: dict[bytes, int] = {}
    group_of = np.array([first.setdefault(each, row) for row, each in enumerate(digests)])
    different = np.unique(group_of)
    if min(parts[0].shape[1:3]) < SIDE or len(different) < 2:
        return group_of
    wanted = set(different.tolist())
    images = (image for part in parts for image in part)
    alike, _ = near_groups([_thumbnail(each) for k, each in enumerate(images) if k in wanted])
    for group in alike:
        members = different[list(group.positions)]
        group_of[np.isin(group_of, members)] = members[0]
    return group_of


def connected(first: NDArray[np.integer], second: NDArray[np.integer]) -> NDArray[np.int64]:
    """The group of each picture where it stays with those of its group in either of two ways.

    Args:
        first: The group of each picture, (N,).
        second: Its other group, (N,).

    Returns:
        (N,): equal numbers for pictures that are connected by groups, also through others.
    """
    _, group_of = np.unique(first, return_inverse=True)
    _, other_of = np.unique(second, return_inverse=True)
    group_of = np.asarray(group_of, np.int64)
    lowest = group_of
    while True:  # the lowest number spreads through both kinds of groups
        before = lowest
        for of in (other_of, group_of):
            least = np.full(int(of.max(initial=0)) + 1, len(lowest), np.int64)
            np.minimum.at(least, of, lowest)
            lowest = least[of]
        if np.array_equal(before, lowest):
            return lowest


def _thumbnail(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A grey copy (16, 16), each value the mean of its part of the picture."""
    grey = image.mean(axis=2, dtype=np.float32)
    for axis in (0, 1):
        length = grey.shape[axis]
        edges = np.arange(SIDE) * length // SIDE
        sizes = np.diff(np.append(edges, length))
        shape = (-1, 1) if axis == 0 else (1, -1)
        grey = np.add.reduceat(grey, edges, axis=axis) / sizes.reshape(shape)
    return np.asarray(grey, np.float32)
