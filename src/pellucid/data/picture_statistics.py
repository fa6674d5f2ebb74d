"""What pictures are like in a few numbers: how bright, how bright at the border, contrast, colour.

A network answers any picture, also one that is nothing like those that it learned from: black
digits on white where it learned white ones on black. So training keeps the range of these numbers,
and every picture that is looked at later is compared with it.

A range is that of 99.8 % of the learned pictures, widened at both ends by 0.1 + 3/√n of its width
(n pictures), and by :data:`LEAST_MARGIN` at least. Of other pictures of the same kind fewer than
one in a hundred lie outside any of them.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

LEVEL, BORDER, CONTRAST, COLOUR = "level", "border", "contrast", "colour"

FEATURES = {
    LEVEL: "mean level",
    BORDER: "mean level at the border",
    CONTRAST: "contrast (standard deviation)",
    COLOUR: "colourfulness (mean of the largest minus the smallest channel)",
}
"""What the numbers are called; each is 0..255."""

LEAST_MARGIN = 8.0
"""Grey levels by which a range is widened at least."""

MOST_PICTURES = 10_000
"""How many of the learned pictures, evenly spread, give the ranges."""

_OUTSIDE = 0.001
_AT_ONCE = 1 << 22  # values


def features(
    images: NDArray[np.uint8], names: Collection[str] = tuple(FEATURES)
) -> dict[str, NDArray[np.float64]]:
    """Return the numbers of each picture, (N,) each; colourfulness of colour pictures only.

    Args:
        images: Pixels, shape (N, H, W, C), uint8 0..255.
        names: Which of :data:`FEATURES`.
    """
    step = max(1, _AT_ONCE // images[0].size)
    some = [_features(images[first : first + step], names) for first in range(0, len(images), step)]
    if len(some) == 1:
        return some[0]
    return {name: np.concatenate([each[name] for each in some]) for name in some[0]}


def of_inverted(found: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """What :func:`features` gives for the same pictures with black and white exchanged."""
    levels = (LEVEL, BORDER)
    return {name: 255 - values if name in levels else values for name, values in found.items()}


def learned_ranges(images: NDArray[np.uint8]) -> dict[str, list[float]]:
    """Return the range [low, high] of each number of the pictures that are learned.

    Args:
        images: Pixels, shape (N, H, W, C), uint8 0..255; at least one.
    """
    return ranges_of(features(images[:: step_of(len(images))]))


def step_of(count: int) -> int:
    """Every which of some pictures gives the ranges."""
    return max(1, -(-count // MOST_PICTURES))


def ranges_of(found: dict[str, NDArray[np.float64]]) -> dict[str, list[float]]:
    """The range of each number, from those of the pictures, (N,) each."""
    ranges: dict[str, list[float]] = {}
    for name, values in found.items():
        low, high = np.quantile(values, [_OUTSIDE, 1 - _OUTSIDE]).tolist()
        margin = max(LEAST_MARGIN, (0.1 + 3 / sqrt(len(values))) * (high - low))
        ranges[name] = [round(low - margin, 2), round(high + margin, 2)]
    return ranges


def _features(images: NDArray[np.uint8], names: Collection[str]) -> dict[str, NDArray[np.float64]]:
    """The numbers, from sums of whole numbers, which are exact in float64 in any order."""
    count, height, width, channels = images.shape
    pixels = height * width
    found: dict[str, NDArray[np.float64]] = {}
    if LEVEL in names:
        total = images.reshape(count, -1).sum(axis=1, dtype=np.int64)
        found[LEVEL] = total / (pixels * channels)
    if BORDER in names or CONTRAST in names:
        grey = _sum_of_channels(images)
        if BORDER in names:
            lines = grey[:, 0], grey[:, -1], grey[:, 1:-1, 0], grey[:, 1:-1, -1]
            total = sum(line.sum(axis=1) for line in lines)
            found[BORDER] = total / (channels * 2 * (width + max(0, height - 2)))
        if CONTRAST in names:
            flat = grey.reshape(count, -1)
            variance = pixels * np.einsum("np,np->n", flat, flat) - flat.sum(axis=1) ** 2
            found[CONTRAST] = np.sqrt(np.maximum(variance, 0)) / (pixels * channels)
    if COLOUR in names and channels > 1:
        found[COLOUR] = _spread(images).sum(axis=(1, 2), dtype=np.int64) / pixels
    return found


def _sum_of_channels(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(N, H, W, C) → (N, H, W); channel by channel, since NumPy is slow along short axes."""
    total = images[..., 0].astype(np.float64)
    for channel in range(1, images.shape[3]):
        total += images[..., channel]
    return total


def _spread(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The largest minus the smallest channel, (N, H, W, C) → (N, H, W)."""
    largest = smallest = images[..., 0]
    for channel in range(1, images.shape[3]):
        largest = np.maximum(largest, images[..., channel])
        smallest = np.minimum(smallest, images[..., channel])
    return largest - smallest
