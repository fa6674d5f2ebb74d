"""Regions of a picture, each cut out with what lies around it and brought to one size.

Each region goes to the middle of a square, stretched along each axis on its own, with some
pixels of context around it; what lies outside the picture has the picture's mean colour (Girshick
et al. 2014, *Rich feature hierarchies for accurate object detection*, appendix A: "warp", with
p = 16 pixels of context).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CROP, CONTEXT = 96, 16
"""Sides of a crop, and context on each side of the region, in the crop's pixels."""

INSIDE = CROP - 2 * CONTEXT
"""Sides of a region within its crop."""


def crops(picture: NDArray[np.uint8], regions: NDArray[Any]) -> NDArray[np.uint8]:
    """Crops of regions, by Pillow's bilinear filter.

    Args:
        picture: (H, W, C), C 1 or 3.
        regions: x0, y0, x1, y1 in pixels, with an area, (n, 4).

    Returns:
        (n, :data:`CROP`, :data:`CROP`, C).
    """
    from PIL import Image

    height, width, channels = picture.shape
    boxes = with_context(regions)
    low = boxes[:, :2].min(axis=0, initial=0)
    high = np.concatenate([boxes[:, 2:], [[width, height]]]).max(axis=0)
    before = np.ceil(-low).astype(int)
    after = np.ceil(high - (width, height)).astype(int)
    mean = np.rint(picture.mean(axis=(0, 1))).astype(np.uint8)
    wide = np.empty((height + before[1] + after[1], width + before[0] + after[0], channels), "u1")
    wide[...] = mean
    wide[before[1] : before[1] + height, before[0] : before[0] + width] = picture
    source = Image.fromarray(wide[..., 0] if channels == 1 else wide)
    boxes += np.tile(before, 2)
    boxes = np.clip(boxes, 0, np.tile(source.size, 2))  # rounding alone leads out
    found = [
        np.asarray(source.resize((CROP, CROP), Image.Resampling.BILINEAR, box=tuple(box)))
        for box in boxes.tolist()
    ]
    return np.reshape(found, (len(boxes), CROP, CROP, channels)).astype(np.uint8)


def with_context(regions: NDArray[Any]) -> NDArray[np.float64]:
    """What is cut out of a picture for each region, (n, 4); it may reach out of the picture."""
    wide = np.asarray(regions, np.float64)
    around = (wide[:, 2:] - wide[:, :2]) * (CONTEXT / INSIDE)
    return np.concatenate([wide[:, :2] - around, wide[:, 2:] + around], axis=1)


def in_crops(boxes: NDArray[Any], regions: NDArray[Any]) -> NDArray[np.float64]:
    """Boxes of a picture in the pixels of each crop.

    How far two boxes overlap, and the numbers that describe one relative to the other, are the same
    there as in the picture.

    Args:
        boxes: (m, 4).
        regions: (n, 4).

    Returns:
        (n, m, 4).
    """
    wide = np.asarray(regions, np.float64)
    corner = np.tile(wide[:, :2], 2)[:, None]
    sides = np.tile(wide[:, 2:] - wide[:, :2], 2)[:, None]
    return (np.asarray(boxes, np.float64) - corner) * (INSIDE / sides) + CONTEXT
