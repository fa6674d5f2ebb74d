"""Generalised intersection over union of two boxes around one point, and its slopes.

    GIoU = I/U − (C − U)/C,  U = A + B − I

with I the area of the intersection, A and B those of the boxes, and C that of the smallest box
around both (Rezatofighi et al. 2019, *Generalized intersection over union*). A box is given by the
distances from the point to its left, upper, right and lower edge; those of the second may be
negative, where the point lies outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def giou_and_slopes(found: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    """GIoU of pairs of boxes, and its slopes at the first of each.

    Args:
        found: Distances, more than 0, (n, 4).
        wanted: Distances of the other boxes, (n, 4); they have an area.

    Returns:
        GIoU, −1 to 1, (n,); slopes, (n, 4). Where an edge of both is the same, the slope is that
        of a smaller first box.
    """
    width, height = found[:, 0] + found[:, 2], found[:, 1] + found[:, 3]
    area = width * height
    other = (wanted[:, 0] + wanted[:, 2]) * (wanted[:, 1] + wanted[:, 3])
    inner, outer = np.minimum(found, wanted), np.maximum(found, wanted)
    inner_width = np.maximum(inner[:, 0] + inner[:, 2], 0.0)
    inner_height = np.maximum(inner[:, 1] + inner[:, 3], 0.0)
    outer_width, outer_height = outer[:, 0] + outer[:, 2], outer[:, 1] + outer[:, 3]
    common, hull = inner_width * inner_height, outer_width * outer_height
    union = area + other - common
    value = common / union - (hull - union) / hull
    # by width and height of box, intersection and hull; left and right edge count alike
    smaller = found <= wanted
    at_common = (1.0 / union) + common / union**2 - 1.0 / hull
    at_area = -common / union**2 + 1.0 / hull
    at_hull = -union / hull**2
    slopes = np.empty_like(found)
    for edge in range(4):
        across, inner_across, outer_across = (
            (height, inner_height, outer_height)
            if edge % 2 == 0
            else (width, inner_width, outer_width)
        )
        inside = smaller[:, edge] & (common > 0)
        slopes[:, edge] = (
            at_area * across
            + np.where(inside, at_common * inner_across, 0.0)
            + np.where(smaller[:, edge], 0.0, at_hull * outer_across)
        )
    return value, slopes
