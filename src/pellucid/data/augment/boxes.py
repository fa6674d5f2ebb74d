"""Boxes that go where an augmentation moves the pixels of their pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.box_geometry import areas, clipped
from pellucid.data.augment.draws import PLACE, SHAPE, draw
from pellucid.data.augment.places import blocks_of, placement_of
from pellucid.errors import ArgumentError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.augment.settings import Augmentation

LEAST_SHARE = 0.25
"""The share of a box that must be left in the picture; of less nothing can be recognised."""


def moved_boxes(
    array: NDArray[np.float32],
    indices: NDArray[np.integer[Any]],
    augmentation: Augmentation,
    *,
    shape: tuple[int, int],
    seed: int,
    epoch: int,
    least_share: float = LEAST_SHARE,
) -> NDArray[np.float32]:
    """Return the boxes of pictures that :func:`pellucid.data.augment.augmented` changed.

    Each becomes the smallest upright box around its four corners, cut off at the picture's edges.
    What comes in from outside has no boxes: with the border ``"reflect"`` things that are mirrored
    at the edge have none. Colours and cut-out move nothing.

    Args:
        array: x0, y0, x1, y1 in pixels, class's place (−1 for none) and whether ignored, of the
            pictures of a batch, float32 (N, M, 6); it is not changed.
        indices: The pictures' positions in the data set, shape (N,), 0..2³² − 1.
        augmentation: What is done.
        shape: Height and width of the pictures.
        seed: The run's seed, 0..2³² − 1.
        epoch: From 0.
        least_share: The share of a moved box that must be left in the picture, 0..1; others are
            left out.

    Returns:
        A new array of the same shape; where a box was left out zeros and −1.

    Raises:
        ShapeError: The boxes are no such array, or not of as many pictures as the indices.
        ArgumentError: An index, the seed or the epoch is outside its range; or the augmentation
            mixes pictures, whose boxes cannot be mixed.
    """
    if array.ndim != 3 or array.shape[2] != 6 or len(array) != len(indices):
        raise ShapeError(
            f"boxes of shape {array.shape} for {len(indices)} indices; expected (N, M, 6)"
        )
    if augmentation.mixup:
        raise ArgumentError(
            f"mixup is {augmentation.mixup:g}: pictures with boxes cannot be mixed; leave mixup out"
        )
    if not augmentation.moves or not len(array):
        return array.copy()
    blocks = [block for block in blocks_of(augmentation) if block in (PLACE, SHAPE)]
    words = draw(blocks, indices, seed, epoch)
    height, width = shape
    place = placement_of(augmentation, words, len(array), height, width)
    x = array[..., [0, 2, 2, 0]].astype(np.float64) - width / 2
    y = array[..., [1, 1, 3, 3]].astype(np.float64) - height / 2
    x[place.flip] *= -1
    cosine, sine = np.cos(place.angle) * place.scale, np.sin(place.angle) * place.scale
    of_picture = np.stack([cosine, sine, place.down, place.right])[..., np.newaxis, np.newaxis]
    cosine, sine, down, right = of_picture
    new_x = cosine * x + sine * y + right + width / 2
    new_y = cosine * y - sine * x + down + height / 2
    hull = np.stack([new_x.min(-1), new_y.min(-1), new_x.max(-1), new_y.max(-1)], axis=-1)
    inside = clipped(hull, width, height)
    there = (array[..., 4] >= 0) & (areas(inside) > 0)
    there &= areas(inside) >= least_share * areas(hull)
    moved = np.concatenate([inside, array[..., 4:]], axis=-1).astype(np.float32)
    return np.where(there[..., np.newaxis], moved, np.array([0, 0, 0, 0, -1, 0], np.float32))
