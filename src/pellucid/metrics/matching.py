"""Which detection is which box: greedy matching by descending score, as in COCO's evaluation.

Lin et al. 2014, *Microsoft COCO: Common Objects in Context*, and its ``cocoeval``. For each
picture, class and threshold t of intersection over union: detections, the highest score first,
each take the box they overlap most, if by at least t and no earlier one has taken it. Of boxes
that are ignored any number of detections may take one, and only where there is no other; the
overlap is then the share of the detection that lies in the box. Detections that take such a box
count neither as right nor as wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import checks
from pellucid.box_geometry import areas, intersections
from pellucid.errors import ArgumentError, ShapeError
from pellucid.short_repr import short_repr
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

THRESHOLDS = tuple(np.linspace(0.5, 0.95, 10).tolist())
"""Intersections over union at which COCO judges: 0.5, 0.55, …, 0.95."""

MOST_DETECTIONS = 100
"""Detections a picture and class that COCO judges: those of the highest scores."""

_GROUPS = 256  # pictures and classes at a time


@short_repr
@dataclass(frozen=True, eq=False)
class Detections:
    """What a detector found in N pictures, D places each.

    Attributes:
        boxes: x0, y0, x1, y1, floats (N, D, 4), in the same pixels as the boxes they are judged by.
        scores: How sure it is of each, floats (N, D); only their order counts.
        places: The class's place, integers (N, D); −1 where there is no detection.

    Raises:
        ShapeError: The shapes are not these.
        ArgumentError: The boxes or scores of detections are not finite.
    """

    boxes: NDArray[np.floating[Any]]
    scores: NDArray[np.floating[Any]]
    places: NDArray[np.integer[Any]]

    def __post_init__(self) -> None:
        shape = self.places.shape
        if len(shape) != 2 or self.scores.shape != shape or self.boxes.shape != (*shape, 4):
            raise ShapeError(
                f"detections have boxes {self.boxes.shape}, scores {self.scores.shape} and places "
                f"{shape}; expected (N, D, 4), (N, D) and (N, D)"
            )
        there = self.places >= 0
        if not (np.isfinite(self.scores[there]).all() and np.isfinite(self.boxes[there]).all()):
            raise ArgumentError("detections have boxes or scores that are not finite")

    def __len__(self) -> int:
        return len(self.places)


@short_repr
@dataclass(frozen=True, eq=False)
class Matches:
    """Detections of all pictures with the boxes they take: P detections, T thresholds, K classes.

    They are in order of picture, then class, then descending score.

    Attributes:
        thresholds: Intersections over union, (T,).
        pictures: The picture of each detection, int64 (P,).
        indices: Which of its picture's detections it is, int64 (P,).
        places: Its class, int64 (P,).
        scores: float64 (P,).
        boxes: Which of its picture's boxes it takes at each threshold, int64 (T, P); −1 for none.
        overlaps: Its overlap with that box, 0 for none, float64 (T, P).
        ignored: Whether that box is ignored, bool (T, P).
        numbers: How many boxes of each class a picture has that are not ignored, int64 (N, K).
    """

    thresholds: tuple[float, ...]
    pictures: NDArray[np.int64]
    indices: NDArray[np.int64]
    places: NDArray[np.int64]
    scores: NDArray[np.float64]
    boxes: NDArray[np.int64]
    overlaps: NDArray[np.float64]
    ignored: NDArray[np.bool_]
    numbers: NDArray[np.int64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether a detection takes a box that counts, (T, P)."""
        return (self.boxes >= 0) & ~self.ignored

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Whether a detection takes no box, not even one that is ignored, (T, P)."""
        return np.less(self.boxes, 0)


def match(
    detections: Detections,
    truth: NDArray[Any],
    classes: int,
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    max_detections: int = MOST_DETECTIONS,
) -> Matches:
    """Match detections with the boxes of the same pictures.

    Args:
        detections: What was found.
        truth: The boxes: x0, y0, x1, y1, class's place (−1 for none) and 1 where it is ignored,
            (N, M, 6), as :attr:`pellucid.data.boxes.Boxes.array` gives them.
        classes: K.
        thresholds: Intersections over union, 0..1, at least one.
        max_detections: Detections a picture and class that count, those of the highest scores.

    Raises:
        ShapeError: ``truth`` has another shape, or is of another number of pictures.
        ArgumentError: A threshold, a class's place or a number is outside its range.
    """
    truth = np.asarray(truth, np.float64)
    if truth.ndim != 3 or truth.shape[2] != 6 or len(truth) != len(detections):
        raise ShapeError(
            f"boxes of shape {truth.shape} for {counted(len(detections), 'picture')}; expected "
            "(N, M, 6)"
        )
    checks.whole("max_detections", max_detections, 1)
    checks.numbers("thresholds", tuple(thresholds), 0.0, 1.0)
    true_places = truth[..., 4].astype(np.int64)
    for places in (true_places, detections.places):
        if places.size and places.max() >= classes:
            raise ArgumentError(
                f"place {places.max()} of {counted(classes, 'class')}; expected 0..K − 1"
            )
    ignored = truth[..., 5] != 0
    numbers = np.zeros((len(truth), classes), np.int64)
    pictures, at = np.nonzero((true_places >= 0) & ~ignored)
    np.add.at(numbers, (pictures, true_places[pictures, at]), 1)

    groups = _groups(detections, max_detections)
    limits = np.minimum(np.array(thresholds, np.float64), 1 - 1e-10)
    matched = [
        _match_groups(groups[first : first + _GROUPS], detections, truth, true_places, limits)
        for first in range(0, len(groups), _GROUPS)
    ]
    none = np.zeros((len(limits), 0))
    boxes, overlaps, passed = (
        np.concatenate(parts, axis=1)
        for parts in zip(
            *matched, (none.astype(np.int64), none, none.astype(np.bool_)), strict=True
        )
    )
    indices = np.concatenate([found for _, _, found in groups] or [np.zeros(0, np.int64)])
    pictures = np.repeat(
        np.array([i for i, _, _ in groups], np.int64), [len(found) for _, _, found in groups]
    )
    return Matches(
        tuple(thresholds), pictures, indices,
        detections.places[pictures, indices].astype(np.int64),
        detections.scores[pictures, indices].astype(np.float64),
        boxes, overlaps, passed, numbers,
    )  # fmt: skip


Group = tuple[int, int, "NDArray[np.int64]"]
"""A picture, a class, and its detections there, the highest score first."""


def _groups(detections: Detections, most: int) -> list[Group]:
    groups: list[Group] = []
    for i, places in enumerate(detections.places):
        order = np.argsort(-detections.scores[i], kind="stable")
        groups += [
            (i, k, order[places[order] == k][:most])
            for k in np.unique(places[places >= 0]).tolist()
        ]
    return groups


def _match_groups(
    groups: Sequence[Group],
    detections: Detections,
    truth: NDArray[np.float64],
    true_places: NDArray[np.int64],
    limits: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Boxes, overlaps and whether ignored, of the groups' detections one after another, (T, P)."""
    of_class = [np.flatnonzero(true_places[i] == k) for i, k, _ in groups]
    lengths = [len(found) for _, _, found in groups]
    ranks, most = max(lengths), max(1, *map(len, of_class))
    overlap = np.full((len(groups), ranks, most), -1.0)
    position = np.full((len(groups), most), -1)
    passed = np.zeros((len(groups), most), np.bool_)
    for g, ((i, _, found), at) in enumerate(zip(groups, of_class, strict=True)):
        skip = truth[i, at, 5] != 0
        overlap[g, : len(found), : len(at)] = _overlaps(
            detections.boxes[i, found].astype(np.float64), truth[i, at, :4], skip
        )
        position[g, : len(at)], passed[g, : len(at)] = at, skip
    taken = np.zeros((len(groups), len(limits), most), np.bool_)
    boxes = np.full((len(limits), len(groups), ranks), -1)
    shared = np.zeros((len(limits), len(groups), ranks))
    ignored = np.zeros((len(limits), len(groups), ranks), np.bool_)
    every = np.arange(len(groups))[:, np.newaxis], np.arange(len(limits))
    for rank in range(ranks):
        of_rank = overlap[:, rank, np.newaxis, :]
        can = (of_rank >= limits[:, np.newaxis]) & (~taken | passed[:, np.newaxis])
        counts = can & ~passed[:, np.newaxis]
        can = np.where(counts.any(axis=2, keepdims=True), counts, can)
        value = np.where(can, of_rank, -1.0)
        best = most - 1 - value[..., ::-1].argmax(axis=2)  # of equal ones the last
        takes = can.any(axis=2)
        taken[every[0], every[1], best] |= takes
        boxes[:, :, rank] = np.where(takes, position[every[0], best], -1).T
        shared[:, :, rank] = np.where(takes, value.max(axis=2), 0).T
        ignored[:, :, rank] = (takes & passed[every[0], best]).T
    there = np.arange(ranks) < np.array(lengths)[:, np.newaxis]
    return boxes[:, there], shared[:, there], ignored[:, there]


def _overlaps(
    found: NDArray[np.float64], boxes: NDArray[np.float64], ignored: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Intersection over union, or over the detection alone where a box is ignored, (D, G)."""
    shared = intersections(found, boxes)
    own = areas(found)[:, np.newaxis]
    whole = np.where(ignored, own, own + areas(boxes) - shared)
    share: NDArray[np.float64] = np.zeros_like(shared)
    np.divide(shared, whole, out=share, where=whole > 0)
    return share
