"""Anchors: the boxes around each cell of a map, by which other boxes are described.

Around the centre of each cell, (j + ½)s in columns and (i + ½)s in rows, lies a box for each scale
a and each ratio r of height to width, a/√r wide and a·√r high. A box is written by four numbers
relative to another one, which has its centre in (x_a, y_a) and is w_a wide and h_a high:

    t_x = (x − x_a)/w_a   t_y = (y − y_a)/h_a   t_w = ln(w/w_a)   t_h = ln(h/h_a)

Ren et al. 2015, *Faster R-CNN*, sections 3.1.1 and 3.1.2 (equation 2). Computed in float64.
"""

from __future__ import annotations

from functools import lru_cache
from math import log
from typing import TYPE_CHECKING

import numpy as np

from pellucid import checks
from pellucid.box_geometry import areas, intersection_over_union, intersections
from pellucid.checks import brief
from pellucid.errors import ArgumentError
from pellucid.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.operation import Array

    Floats = NDArray[np.float64]

MOST_LOG = log(1000 / 16)
"""A box grows or shrinks by at most e^this; beyond it nothing changes."""

BACKGROUND, NOT_COUNTED = -1, -2
"""What boxes are matched with that are no thing's: nothing, or what is to be ignored."""

MOST_ANCHORS = 64
"""Of one cell."""


def check_anchors(stride: int, scales: tuple[float, ...], ratios: tuple[float, ...]) -> None:
    """Check the settings of anchors.

    Raises:
        ArgumentError: If one is out of range.
    """
    checks.whole("stride", stride, 1, 256)
    table: tuple[tuple[str, object, float, float], ...] = (
        ("scales", scales, 1, 65536), ("ratios", ratios, 0.01, 100),
    )  # fmt: skip
    for name, values, low, high in table:
        if not isinstance(values, tuple) or not values:
            raise ArgumentError(f"{name} must be a tuple of numbers, got {brief(values)}")
        for value in values:
            checks.number(name, value, low, high)
    if len(scales) * len(ratios) > MOST_ANCHORS:
        raise ArgumentError(
            f"a cell has at most {MOST_ANCHORS} anchors, got {counted(len(scales), 'scale')} and "
            f"{counted(len(ratios), 'ratio')}"
        )


@lru_cache(maxsize=8)
def anchors(
    height: int, width: int, stride: int, scales: tuple[float, ...], ratios: tuple[float, ...]
) -> Floats:
    """The anchors of a map: x0, y0, x1, y1, (height · width · A, 4), read only.

    Cells come in reading order; of a cell the first scale with each ratio, then the second.
    """
    shape = np.array([(a / r**0.5, a * r**0.5) for a in scales for r in ratios])
    rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    middles = (np.stack([columns, rows], axis=-1)[:, :, None] + 0.5) * stride
    found = np.concatenate([middles - shape / 2, middles + shape / 2], axis=-1).reshape(-1, 4)
    found.flags.writeable = False
    return found


def encoded(boxes: Floats, wanted: Floats) -> Floats:
    """Boxes as numbers relative to others: t_x, t_y, t_w, t_h.

    Args:
        boxes: The others, with an area, (n, 4).
        wanted: The boxes, with an area, (n, 4).
    """
    sizes, sizes_wanted = boxes[:, 2:] - boxes[:, :2], wanted[:, 2:] - wanted[:, :2]
    shifts = (wanted[:, :2] + wanted[:, 2:] - boxes[:, :2] - boxes[:, 2:]) / 2 / sizes
    return np.concatenate([shifts, np.log(sizes_wanted / sizes)], axis=1)


def decoded(boxes: Floats, numbers: Floats) -> Floats:
    """The boxes that numbers describe relative to others, the reverse of :func:`encoded`.

    Args:
        boxes: The others, (…, 4).
        numbers: (…, 4); of t_w and t_h at most :data:`MOST_LOG` counts.
    """
    sizes = boxes[..., 2:] - boxes[..., :2]
    middles = (boxes[..., :2] + boxes[..., 2:]) / 2 + numbers[..., :2] * sizes
    halves = sizes * np.exp(np.clip(numbers[..., 2:], -MOST_LOG, MOST_LOG)) / 2
    return np.concatenate([middles - halves, middles + halves], axis=-1)


def wanted_boxes(targets: Array) -> tuple[Floats, Floats]:
    """The boxes of one picture that are to be found, (G, 5), and those to be ignored, (I, 4).

    Args:
        targets: As :mod:`pellucid.ops.box_loss` takes them, (M, 6).
    """
    given = np.asarray(targets[targets[:, 4] >= 0], np.float64)
    return given[given[:, 5] <= 0, :5], given[given[:, 5] > 0, :4]


def overlaps(boxes: Floats, wanted: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """The largest IoU of each box with any that is wanted, and with which; of equals the first.

    Returns:
        IoU (n,), 0 where nothing is wanted; places (n,).
    """
    if not len(wanted):
        return np.zeros(len(boxes)), np.zeros(len(boxes), np.int64)
    every = intersection_over_union(boxes, wanted[:, :4])
    places = every.argmax(axis=1)
    return every[np.arange(len(boxes)), places], places


def ignored_share(boxes: Floats, ignored: Floats) -> Floats:
    """The largest share of each box that lies in one that is to be ignored, (n,)."""
    if not len(ignored):
        return np.zeros(len(boxes))
    own = np.maximum(areas(boxes), np.finfo(np.float64).tiny)
    return np.asarray(intersections(boxes, ignored).max(axis=1) / own)


def matched(boxes: Floats, targets: Array, overlap: float) -> NDArray[np.int64]:
    """Which wanted box each box is taken for.

    Args:
        boxes: (n, 4).
        targets: Of the same picture, (M, 6).
        overlap: The least IoU.

    Returns:
        Its place among :func:`wanted_boxes`; :data:`BACKGROUND` where it overlaps less with each,
        and :data:`NOT_COUNTED` where at least half of such a box is to be ignored.
    """
    wanted, ignored = wanted_boxes(targets)
    most, places = overlaps(boxes, wanted)
    found = np.where(most >= overlap, places, BACKGROUND)
    found[(found == BACKGROUND) & (ignored_share(boxes, ignored) >= 0.5)] = NOT_COUNTED
    return found
