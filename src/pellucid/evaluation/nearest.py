"""The picture among many that is nearest to another: whether a generator copies what it learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

AT_ONCE = 1 << 24
"""Pixels of the pictures that are compared at once."""


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
    own = pictures.reshape(count, pixels).astype(np.float64)
    squares = (own**2).sum(axis=1)
    places, least = np.zeros(count, np.int64), np.full(count, np.inf)
    size = max(1, AT_ONCE // pixels)
    for first in range(0, len(among), size):
        others = among[first : first + size].reshape(-1, pixels).astype(np.float64)
        # of whole numbers, whose sums are exact in float64
        found = squares[:, np.newaxis] - 2.0 * (own @ others.T) + (others**2).sum(axis=1)
        nearest = found.argmin(axis=1)
        distances = found[np.arange(count), nearest]
        closer = distances < least
        places[closer], least[closer] = first + nearest[closer], distances[closer]
    return places, np.sqrt(np.maximum(least, 0.0) / pixels)
