"""What all pixels are read for before the first step, in one reading: shards are read slowly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.picture_statistics import features, ranges_of, step_of
from pellucid.data.statistics import ChannelSums

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.data.shards.images import ShardImages

_AT_ONCE = 1 << 24
"""Values that are read at once: many pictures, which are decoded side by side."""


@dataclass(frozen=True)
class Survey:
    """What is found of all pixels.

    Attributes:
        fingerprint: Of the data set, see :meth:`pellucid.data.dataset.Dataset.fingerprint`.
        statistics: Mean and standard deviation of each channel, see
            :func:`pellucid.data.statistics.channel_statistics`.
        ranges: See :func:`pellucid.data.picture_statistics.learned_ranges`.
    """

    fingerprint: str
    statistics: tuple[list[float], list[float]]
    ranges: dict[str, list[float]]


def survey(
    images: ShardImages, update: Callable[[memoryview], object], fingerprint: Callable[[], str]
) -> Survey:
    """Read all pictures once.

    Args:
        images: The pictures, at least one.
        update: Takes in all pixels, in order, for the fingerprint.
        fingerprint: Gives it at the end.
    """
    at_once = max(1, _AT_ONCE // (images.size // len(images)))
    step, sums = step_of(len(images)), ChannelSums(images.shape[3])
    found: list[dict[str, NDArray[np.float64]]] = []
    for first in range(0, len(images), at_once):
        block = images[first : first + at_once]
        update(np.ascontiguousarray(block).data)
        sums.add(block)
        chosen = block[-first % step :: step]
        if len(chosen):
            found.append(features(chosen))
    numbers = {name: np.concatenate([each[name] for each in found]) for name in found[0]}
    return Survey(fingerprint(), sums.result(), ranges_of(numbers))
