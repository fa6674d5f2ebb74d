"""Boxes of a batch are around the things in its pictures, as augmentation leaves them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import pellucid as pl
from pellucid.data import Dataset
from pellucid.data.augment import PRESETS, Augmentation
from pellucid.data.boxes import Boxes
from pellucid.errors import ArgumentError
from pellucid.training.batch_loader import BatchLoader
from pellucid.training.recipe import make_recipe
from tests.messages import check_line

SHAPE = 64, 96
COUNT = 24


def rectangles() -> Dataset:
    """A bright rectangle in each picture but the first, which has nothing and no box."""
    random = np.random.default_rng(5)
    images = np.zeros((COUNT, *SHAPE, 3), np.uint8)
    rows = []
    for n in range(COUNT):
        x0, y0 = random.integers(8, 40), random.integers(8, 24)
        x1, y1 = x0 + random.integers(16, 40), y0 + random.integers(12, 30)
        if n:
            images[n, y0:y1, x0:x1] = 255
            rows.append([("light", float(x0), float(y0), float(x1), float(y1), False)])
        else:
            rows.append([])
    return Dataset(images, targets=Boxes.like(("light",)).of_rows(rows))


@pytest.mark.parametrize("changes", [PRESETS["boxes"], Augmentation(horizontal_flip=True)])
def test_a_batch_has_the_boxes_of_its_pictures(changes: Augmentation) -> None:
    data = rectangles()
    recipe = make_recipe(
        batch_size=COUNT, epochs=1, seed=3, augmentation=replace(changes, contrast=0, brightness=0)
    )
    loader = BatchLoader(data, recipe)
    moved = 0
    for epoch in range(3):
        images, wanted = loader.batch(epoch, 0)
        for image, rows in zip(images, wanted, strict=True):
            bright = image[..., 0] > 127
            if not bright.any():
                assert (rows[:, 4] == -1).all()
                continue
            ys, xs = bright.any(axis=1).nonzero()[0], bright.any(axis=0).nonzero()[0]
            seen = np.array([xs[0], ys[0], xs[-1] + 1, ys[-1] + 1])
            if rows[0, 4] == 0:  # too little of it may be left to be learned
                assert np.abs(rows[0, :4] - seen).max() <= 1
            moved += bool(np.abs(data.targets.array[:, 0, :4] - seen).max(axis=1).min() > 2)
    assert moved > COUNT  # else nothing was seen of a change


def test_mixed_pictures_have_no_boxes() -> None:
    mixed = Augmentation(mixup=0.2)
    detector = pl.ObjectDetector(epochs=1, augmentation=mixed, verbose=0)
    with pytest.raises(ArgumentError, match="mixup") as caught:
        detector.fit(rectangles())
    check_line(caught.value, 200)
