"""Non-maximum suppression: of boxes of one class that overlap, the most probable is kept.

Felzenszwalb et al. 2010, *Object detection with discriminatively trained part-based models*,
section 4.3, by intersection over union.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pellucid.box_geometry import areas, intersections

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Suppression(NamedTuple):
    """Which boxes were kept, and what the others were left out for.

    Attributes:
        kept: Places of those that were kept, in order.
        by: Of each box, which of these overlaps it too much, by its number among them; −1 of those
            that were kept, that have no area, or that were more than are kept, (n,).
    """

    kept: list[int]
    by: NDArray[np.int64]


def suppressed(
    boxes: NDArray[np.float64], classes: NDArray[np.int64], bound: float, most: int
) -> list[int]:
    """The places of boxes that overlap none of their class that was kept before too much.

    Arguments as for :func:`suppression`.
    """
    return suppression(boxes, classes, bound, most).kept


def suppression(
    boxes: NDArray[np.float64], classes: NDArray[np.int64], bound: float, most: int
) -> Suppression:
    """Keep boxes that overlap none of their class that was kept before too much.

    Args:
        boxes: x0, y0, x1, y1 in the order in which they are looked at, (n, 4); those without an
            area are left out.
        classes: Of each, (n,).
        bound: The most IoU of two boxes that are kept.
        most: How many are kept at most.
    """
    sizes = areas(boxes)
    left, kept = np.flatnonzero(sizes > 0), list[int]()
    by = np.full(len(boxes), -1)
    while left.size and len(kept) < most:
        first, left = left[0], left[1:]
        kept.append(int(first))
        common = intersections(boxes[first][None], boxes[left])[0]
        near = common > bound * (sizes[first] + sizes[left] - common)
        near &= classes[left] == classes[first]
        by[left[near]] = len(kept) - 1
        left = left[~near]
    return Suppression(kept, by)
