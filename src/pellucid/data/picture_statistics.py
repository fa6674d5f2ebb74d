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


def features(images: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
    """Return the numbers of each picture, (N,) each; colourfulness of colour pictures only.

    Args:
        images: Pixels, shape (N, H, W, C), uint8 0..255.
    """
    step = max(1, _AT_ONCE // images[0].size)
    some = [_features(images[first : first + step]) for first in range(0, len(images), step)]
    return {name: np.concatenate([each[name] for each in some]) for name in some[0]}


def learned_ranges(images: NDArray[np.uint8]) -> dict[str, list[float]]:
    """Return the range [low, high] of each number of the pictures that are learned.

    Args:
        images: Pixels, shape (N, H, W, C), uint8 0..255; at least one.
    """
    chosen = images[:: max(1, -(-len(images) // MOST_PICTURES))]
    ranges: dict[str, list[float]] = {}
    for name, values in features(chosen).items():
        low, high = np.quantile(values, [_OUTSIDE, 1 - _OUTSIDE]).tolist()
        margin = max(LEAST_MARGIN, (0.1 + 3 / sqrt(len(values))) * (high - low))
        ranges[name] = [round(low - margin, 2), round(high + margin, 2)]
    return ranges


def _features(images: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
    grey = images.mean(axis=3, dtype=np.float64)
    border = np.concatenate([grey[:, 0], grey[:, -1], grey[:, 1:-1, 0], grey[:, 1:-1, -1]], axis=1)
    found: dict[str, NDArray[np.float64]] = {
        LEVEL: grey.mean(axis=(1, 2)),
        BORDER: border.mean(axis=1),
        CONTRAST: grey.std(axis=(1, 2)),
    }
    if images.shape[3] > 1:
        spread = images.max(axis=3) - images.min(axis=3)
        found[COLOUR] = spread.mean(axis=(1, 2), dtype=np.float64)
    return found
