"""Mean and standard deviation of pixels, exactly and in little memory."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK = 1 << 16
"""Pixels at a time: they lie in a cache, as doubles too."""

_READ = 1 << 24
"""Values that are read at once: of shards that is many pictures, which are decoded side by side."""


def channel_statistics(images: NDArray[np.uint8]) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of each channel over all pictures and positions.

    Args:
        images: Pixels, shape (N, H, W, C), uint8; at least one.

    Returns:
        Means and standard deviations, in 0..255, one of each a channel. Sums are whole numbers, so
        the same pixels in any order give the same.
    """
    channels = images.shape[3]
    sums, squares = np.zeros(channels, np.int64), np.zeros(channels, np.int64)
    count = images.size // channels
    size = images[0].size
    read, a_time = max(1, _READ // size), max(1, _BLOCK * channels // size)
    for start in range(0, len(images), read):
        some = images[start : start + read]
        for first in range(0, len(some), a_time):
            block = some[first : first + a_time].reshape(-1, channels).astype(np.float64)
            # Whole numbers below 2^53: doubles add them up without rounding.
            sums += block.sum(axis=0).astype(np.int64)
            squares += np.einsum("ic,ic->c", block, block).astype(np.int64)
    mean = [int(total) / count for total in sums]
    deviation = [
        sqrt((count * int(square) - int(total) ** 2) / count**2)
        for total, square in zip(sums, squares, strict=True)
    ]
    return mean, deviation
