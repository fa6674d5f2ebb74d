"""Cover stretches of time and of frequency in pictures of sound.

SpecAugment (Park et al. 2019, *SpecAugment: A simple data augmentation method for automatic speech
recognition*, section 2), without its warping of time: two stretches of each kind, whose length is
drawn uniformly from 0 to the most, and then the place among those that it fits into. The paper
covers with 0 where pictures have the mean 0; here it is the picture's mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.augment.draws import below
from pellucid.data.augment.means import mean_colours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.counter_random import Words


def mask(images: NDArray[np.uint8], words: tuple[Words, ...], most: int, axis: int) -> None:
    """Cover two stretches of each picture, in place.

    Args:
        images: Shape (N, H, W, C).
        words: Four of each picture, (N,): a length and a place, and another.
        most: Rows or columns of a stretch, at most.
        axis: 1 for rows, which are frequencies; 2 for columns, which are times.
    """
    size = images.shape[axis]
    colours = (mean_colours(images) + 0.5).astype(np.uint8)
    for first, second in (words[:2], words[2:]):
        lengths = below(first, min(most, size) + 1)
        starts = (second * (size - lengths + 1).astype(np.uint64)) >> np.uint64(32)
        for image, colour, start, length in zip(
            images, colours, starts.tolist(), lengths.tolist(), strict=True
        ):
            if axis == 1:
                image[start : start + length] = colour
            else:
                image[:, start : start + length] = colour
