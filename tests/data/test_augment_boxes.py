from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.data.augment import PRESETS, Augmentation, augmented, moved_boxes
from pellucid.errors import ArgumentError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHAPE = 40, 60
EVERY = [
    Augmentation(horizontal_flip=True, border=0),
    Augmentation(shift=0.3, border=0),
    Augmentation(horizontal_flip=True, shift=0.2, brightness=0.1, border=0),
    Augmentation(rotation=180.0, border=0),
    Augmentation(scale=0.8, border=0),
    Augmentation(horizontal_flip=True, shift=0.2, rotation=25.0, scale=0.5, contrast=0.2, border=0),
]


def rectangles(count: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Pictures with a bright rectangle each, and its box; the second place is empty."""
    draws = np.random.default_rng(4)
    height, width = SHAPE
    images = np.zeros((count, height, width, 1), np.uint8)
    boxes = np.zeros((count, 2, 6), np.float32)
    boxes[:, 1, 4] = -1
    for i in range(count):
        x0, y0 = int(draws.integers(0, width - 9)), int(draws.integers(0, height - 9))
        x1, y1 = int(draws.integers(x0 + 8, width + 1)), int(draws.integers(y0 + 8, height + 1))
        images[i, y0:y1, x0:x1] = 255
        boxes[i, 0] = x0, y0, x1, y1, i % 3, i % 2
    return images, boxes


@pytest.mark.parametrize("augmentation", EVERY, ids=range(len(EVERY)))
def test_boxes_move_with_their_pixels(augmentation: Augmentation) -> None:
    images, boxes = rectangles(60)
    indices = np.arange(1000, 1060)
    how = {"seed": 5, "epoch": 2}
    changed = augmented(images, indices, augmentation, **how)
    moved = moved_boxes(boxes, indices, augmentation, shape=SHAPE, **how, least_share=0.0)
    assert (moved[:, 1] == [0, 0, 0, 0, -1, 0]).all()
    met = 0
    for image, box, before in zip(changed[..., 0], moved[:, 0], boxes[:, 0], strict=True):
        bright = image > 100
        if box[4] < 0 or not bright.any():
            assert bright.sum() < 8
            continue
        assert (box[4:] == before[4:]).all()
        rows, columns = np.flatnonzero(bright.any(axis=1)), np.flatnonzero(bright.any(axis=0))
        hull = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
        if augmentation.rotation:  # corners that are cut off outside make the hull smaller
            inside = (box[:4] > 0.5) & (box[:4] < [SHAPE[1] - 0.5, SHAPE[0] - 0.5] * 2)
            if not inside.all():
                continue
        met += 1
        np.testing.assert_allclose(box[:4], hull, atol=1.3 if augmentation.resamples else 0)
    assert met > 15


def test_moves_are_of_the_picture_and_not_of_the_batch() -> None:
    _, boxes = rectangles(20)
    indices = np.arange(20)
    how = {"shape": SHAPE, "seed": 1, "epoch": 3}
    whole = moved_boxes(boxes, indices, EVERY[5], **how)  # type: ignore[arg-type]
    some = np.array([7, 2, 19])
    part = moved_boxes(boxes[some], some, EVERY[5], **how)  # type: ignore[arg-type]
    np.testing.assert_array_equal(part, whole[some])
    other = moved_boxes(boxes, indices, EVERY[5], shape=SHAPE, seed=1, epoch=4)
    assert (other != whole).any()
    still = replace(PRESETS["photos"], horizontal_flip=False, shift=0.0, cutout=0.5)
    np.testing.assert_array_equal(moved_boxes(boxes, indices, still, **how), boxes)  # type: ignore[arg-type]


def test_boxes_of_which_little_is_left_are_left_out() -> None:
    _, boxes = rectangles(200)
    boxes[:, 0, :4] = [0, 10, 20, 20]
    indices = np.arange(200)
    shift = Augmentation(shift=0.5, border=0)
    how = {"shape": SHAPE, "seed": 0, "epoch": 0}
    every = moved_boxes(boxes, indices, shift, **how, least_share=0.0)[:, 0]  # type: ignore[arg-type]
    most = moved_boxes(boxes, indices, shift, **how, least_share=0.25)[:, 0]  # type: ignore[arg-type]
    area = (every[:, 2] - every[:, 0]) * (every[:, 3] - every[:, 1])
    assert ((most[:, 4] >= 0) == (area >= 50)).all()
    assert (area[every[:, 4] >= 0] > 0).all()
    assert 0 < (most[:, 4] >= 0).sum() < (every[:, 4] >= 0).sum() < 200


def test_what_cannot_be_moved_is_refused() -> None:
    _, boxes = rectangles(3)
    how = {"shape": SHAPE, "seed": 0, "epoch": 0}
    with pytest.raises(ArgumentError, match="mixup"):
        moved_boxes(boxes, np.arange(3), Augmentation(mixup=0.2), **how)  # type: ignore[arg-type]
    with pytest.raises(ShapeError):
        moved_boxes(boxes, np.arange(2), EVERY[0], **how)  # type: ignore[arg-type]
    with pytest.raises(ShapeError):
        moved_boxes(boxes[..., :5], np.arange(3), EVERY[0], **how)  # type: ignore[arg-type]
