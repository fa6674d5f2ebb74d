"""Where an augmentation puts each picture, from the words that are drawn for it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.augment.affine import Placement
from pellucid.data.augment.draws import COLOUR, FREQUENCY, PLACE, SHAPE, TIME, below, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.counter_random import Words
    from pellucid.data.augment.settings import Augmentation


def blocks_of(augmentation: Augmentation) -> list[int]:
    """The blocks of words that an augmentation needs, see :mod:`pellucid.data.augment.draws`."""
    wanted = {
        PLACE: augmentation.horizontal_flip or augmentation.shift or augmentation.time_shift,
        SHAPE: augmentation.resamples or augmentation.cutout,
        COLOUR: augmentation.recolours,
        TIME: augmentation.time_mask,
        FREQUENCY: augmentation.frequency_mask,
    }
    return [block for block, needed in wanted.items() if needed]


def placement_of(
    augmentation: Augmentation,
    words: dict[int, tuple[Words, ...]],
    count: int,
    height: int,
    width: int,
) -> Placement:
    """Where each picture goes.

    Args:
        augmentation: What is done.
        words: What was drawn for :func:`blocks_of` it.
        count: N.
        height: Rows of the pictures.
        width: Columns.
    """
    flip = np.zeros(count, np.bool_)
    down = right = np.zeros(count, np.int64)
    if PLACE in words:
        coin, vertical, horizontal, _ = words[PLACE]
        if augmentation.horizontal_flip:
            flip = mirrored_by(coin)
        along = max(augmentation.shift, augmentation.time_shift)
        furthest = [rounded(augmentation.shift * height), rounded(along * width)]
        down, right = (
            below(word, 2 * most + 1) - most
            for word, most in zip((vertical, horizontal), furthest, strict=True)
        )
    angle, scale = np.zeros(count), np.ones(count)
    if augmentation.resamples:
        turn, growth, *_ = words[SHAPE]
        angle = spread(turn, math.radians(augmentation.rotation))
        scale = np.exp(spread(growth, math.log1p(augmentation.scale)))
    return Placement(flip=flip, angle=angle, scale=scale, down=down, right=right)


def mirrored_by(coin: Words) -> NDArray[np.bool_]:
    """Which pictures are mirrored where half of them are, (N,)."""
    return np.asarray(coin >= 2**31)


def rounded(number: float) -> int:
    """The nearest whole number; of two the larger."""
    return int(number + 0.5)
