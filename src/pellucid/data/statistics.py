"""Mean and standard deviation of pixels, exactly and in little memory."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK = 1 << 16
"""Pixels at a time: they lie in a cache, as doubles too."""


class ChannelSums:
    """Sums of pixels and of their squares, from which mean and standard deviation follow.

    They are whole numbers, so that the same pixels in any order give the same.

    Args:
        channels: How many channels pictures have.
    """

    def __init__(self, channels: int) -> None:
        self._channels, self._count = channels, 0
        self._sums, self._squares = np.zeros(channels, np.int64), np.zeros(channels, np.int64)

    def add(self, images: NDArray[np.uint8]) -> None:
        """Take in some pictures, uint8 (N, H, W, C)."""
        a_time = max(1, _BLOCK * self._channels // images[0].size)
        self._count += images.size // self._channels
        for first in range(0, len(images), a_time):
            some = images[first : first + a_time]
            block = some.reshape(-1, self._channels).astype(np.float64)
            # Whole numbers below 2^53: doubles add them up without rounding.
            self._sums += block.sum(axis=0).astype(np.int64)
            self._squares += np.einsum("ic,ic->c", block, block).astype(np.int64)

    def result(self) -> tuple[list[float], list[float]]:
        """Mean and standard deviation of each channel, in 0..255."""
        count = self._count
        mean = [int(total) / count for total in self._sums]
        deviation = [
            sqrt((count * int(square) - int(total) ** 2) / count**2)
            for total, square in zip(self._sums, self._squares, strict=True)
        ]
        return mean, deviation


def channel_statistics(images: NDArray[np.uint8]) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of each channel over all pictures and positions.

    Args:
        images: Pixels, shape (N, H, W, C), uint8; at least one.
    """
    sums = ChannelSums(images.shape[3])
    sums.add(images)
    return sums.result()
