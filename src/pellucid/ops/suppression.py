"""Non-maximum suppression: of boxes of one class that overlap, the most probable is kept.

Felzenszwalb et al. 2010, *Object detection with discriminatively trained part-based models*,
section 4.3, by intersection over union.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.box_geometry import areas, intersections

if TYPE_CHECKING:
    from numpy.typing import NDArray


def suppressed(
    boxes: NDArray[np.float64], classes: NDArray[np.int64], bound: float, most: int
) -> list[int]:
    """The places of boxes that overlap none of their class that was kept before too much.

    Args:
        boxes: x0, y0, x1, y1 in the order in which they are looked at, (n, 4); those without an
            area are left out.
        classes: Of each, (n,).
        bound: The most IoU of two boxes that are kept.
        most: How many are kept at most.
    """
    sizes = areas(boxes)
    left, kept = np.flatnonzero(sizes > 0), list[int]()
    while left.size and len(kept) < most:
        first, left = left[0], left[1:]
        kept.append(int(first))
        common = intersections(boxes[first][None], boxes[left])[0]
        near = common > bound * (sizes[first] + sizes[left] - common)
        left = left[~(near & (classes[left] == classes[first]))]
    return kept
