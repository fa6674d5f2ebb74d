"""The picture among many that is nearest to another: whether a generator copies what it learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

AT_ONCE = 1 << 24
"""Pixels of the pictures that are compared with at once."""

ROWS = 1024
"""Pictures that are looked up at once."""

EXACT = 2**24 // 255**2
"""How many products of two bytes float32 sums without rounding."""


def nearest_pictures(
    pictures: NDArray[Any], among: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The nearest of many pictures to each of some, by the Euclidean distance of their pixels.

    Args:
        pictures: (N, H, W, C), uint8.
        among: (M, H, W, C), uint8, at least one.

    Returns:
        Of each picture the index of the nearest, of equals the first, (N,); and the root mean
        square of their differences, in grey levels 0 to 255, (N,).

    Raises:
        ShapeError: If the pictures are of different shapes, or there is none to compare with.
    """
    if pictures.shape[1:] != among.shape[1:] or not len(among):
        raise ShapeError(
            f"pictures of the shape {pictures.shape[1:]} cannot be compared with {len(among)} of "
            f"the shape {among.shape[1:]}"
        )
    count, pixels = len(pictures), int(np.prod(pictures.shape[1:]))
    places, least = np.zeros(count, np.int64), np.full(count, np.inf)
    size = max(1, AT_ONCE // pixels)
    flat = np.asarray(pictures).reshape(-1, pixels)
    for first in range(0, len(among), size):
        others = among[first : first + size].reshape(-1, pixels)  # of shards, read once
        for rows in (slice(start, start + ROWS) for start in range(0, count, ROWS)):
            own = flat[rows]
            found = _squares(own, others)
            nearest = found.argmin(axis=1)
            distances = found[np.arange(len(own)), nearest]
            closer = distances < least[rows]
            places[rows][closer] = first + nearest[closer]
            least[rows][closer] = distances[closer]
    return places, np.sqrt(least / pixels)


def _squares(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """Squared distances of each row to each other, exactly: of whole numbers, (N, M).

    Products are summed over so few pixels in float32, twice as fast as float64, that sums are
    whole numbers that it has; the sums of these in float64.
    """
    found = np.zeros((len(first), len(second)))
    for start in range(0, first.shape[1], EXACT):
        one = first[:, start : start + EXACT].astype(np.float32)
        other = second[:, start : start + EXACT].astype(np.float32)
        found += one @ other.T
    found *= -2.0
    for rows, axis in ((first, 1), (second, 0)):
        found += np.expand_dims((rows.astype(np.float64) ** 2).sum(axis=1), axis)
    return found
