"""What selective search proposes in pictures of a data set, as detectors by regions take it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.box_geometry import intersection_over_union
from pellucid.data.augment import moved_boxes
from pellucid.data.proposals import kept_proposals, selective_search
from pellucid.ops.box_loss import COLUMNS
from pellucid.ops.propose import NO_BOX
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.data.augment import Augmentation
    from pellucid.data.boxes import Boxes
    from pellucid.data.dataset import Dataset

    Regions = NDArray[np.float32]
    """(N, R, 6), as :class:`pellucid.ops.Propose` gives them."""

TIMED = 8
"""Pictures that are searched once more to measure how long that takes."""

THINNEST = 1.0
"""Pixels of a region's shorter side; thinner ones are left out."""


def proposed(
    data: Dataset, most: int, progress: Callable[[int, int], None] | None = None
) -> Regions:
    """The regions of every picture, of which some were found before.

    Args:
        data: The pictures as the network gets them.
        most: R, how many of each at most; rows without a region follow.
        progress: Called with how many pictures are done, and of how many.

    Raises:
        MissingDependencyError: If scikit-image is not installed and a picture is new.
    """
    found = empty(len(data), most)
    for i, picture in enumerate(data.images):
        found[i] = as_rows(kept_proposals(picture, most), most)
        if progress is not None:
            progress(i + 1, len(data))
    return found


def empty(pictures: int, most: int) -> Regions:
    """Rows without a region, (pictures, most, 6)."""
    found = np.zeros((pictures, most, COLUMNS), np.float32)
    found[..., 5] = NO_BOX
    return found


def as_rows(boxes: NDArray[np.float32], most: int) -> Regions:
    """Boxes (n, 4) as rows of regions, (most, 6)."""
    rows: Regions = empty(1, most)[0]
    rows[: len(boxes), :4], rows[: len(boxes), 4:] = boxes, (1.0, 0.0)
    return rows


def moved(
    regions: Regions,
    indices: NDArray[np.int64],
    augmentation: Augmentation,
    *,
    shape: tuple[int, int],
    seed: int,
    epoch: int,
) -> Regions:
    """Regions of a batch of pictures where augmentation moves them.

    Args:
        regions: (N, R, 6).
        indices: As of :func:`pellucid.data.augment.moved_boxes`, like all that follow.
        augmentation: What is done.
        shape: Height and width.
        seed: The run's.
        epoch: From 0.
    """
    boxes = np.zeros_like(regions)
    boxes[..., :4], boxes[..., 4] = regions[..., :4], regions[..., 5]
    boxes = moved_boxes(boxes, indices, augmentation, shape=shape, seed=seed, epoch=epoch)
    sides = boxes[..., 2:4] - boxes[..., :2]
    there = (boxes[..., 4] >= 0) & (sides.min(axis=-1) >= THINNEST)
    found = empty(*boxes.shape[:2])
    found[there, :4], found[there, 4:] = boxes[there, :4], (1.0, 0.0)
    return found


def search_seconds(data: Dataset) -> float:
    """How long a picture is searched, on average over the first ones."""
    pictures = data.images[:TIMED]
    began = time.perf_counter()
    for picture in pictures:
        selective_search(picture)
    return (time.perf_counter() - began) / len(pictures)


@short_repr
@dataclass(frozen=True)
class Covered:
    """How many boxes there are to be found, and how many of them a region lies on.

    Attributes:
        boxes: Those that are not ignored.
        covered: Of these, those that a region overlaps by an IoU of at least 0.5.
    """

    boxes: int
    covered: int

    @property
    def share(self) -> float:
        """0 to 1; 1 where there are no boxes."""
        return self.covered / self.boxes if self.boxes else 1.0


def covered(regions: list[NDArray[np.floating]], targets: Boxes) -> Covered:
    """How many of the boxes of some pictures can be found at all.

    Args:
        regions: Of each picture, (R, 6).
        targets: The boxes.
    """
    wanted = targets.present & ~targets.ignored
    boxes = hit = 0
    for own, rows, here in zip(targets.boxes, regions, wanted, strict=True):
        real = rows[rows[:, 5] >= 0, :4].astype(np.float64)
        boxes += int(here.sum())
        if len(real) and here.any():
            overlaps = intersection_over_union(own[here].astype(np.float64), real)
            hit += int((overlaps.max(axis=1) >= 0.5).sum())
    return Covered(boxes, hit)
