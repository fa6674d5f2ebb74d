"""Areas and overlaps of boxes: x0, y0, x1, y1 in continuous coordinates, x to the right, y down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def clipped(boxes: NDArray[Any], width: float, height: float) -> NDArray[Any]:
    """Boxes cut off at the edges of a picture; of those outside nothing is left, an area of 0.

    Args:
        boxes: Floats (…, 4).
        width: Where the picture ends to the right; it begins at 0.
        height: Where it ends below.
    """
    ends = np.array([width, height, width, height], boxes.dtype)
    inside: NDArray[Any] = np.clip(boxes, 0, ends)
    return inside


def areas(boxes: NDArray[Any]) -> NDArray[Any]:
    """Width × height of boxes (…, 4); 0 for boxes that are inverted, (…)."""
    sides = np.maximum(boxes[..., 2:] - boxes[..., :2], 0)
    product: NDArray[Any] = sides[..., 0] * sides[..., 1]
    return product


def intersections(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """Area that each of some boxes (N, 4) shares with each of others (M, 4), (N, M)."""
    shared: NDArray[Any] = np.maximum(_along(first, second, 0), 0)
    shared *= np.maximum(_along(first, second, 1), 0)
    return shared


def _along(first: NDArray[Any], second: NDArray[Any], axis: int) -> NDArray[Any]:
    """How far boxes (N, 4) and (M, 4) reach into each other, negative where they do not, (N, M)."""
    ends = np.minimum(first[:, 2 + axis, np.newaxis], second[:, 2 + axis])
    reach: NDArray[Any] = ends - np.maximum(first[:, axis, np.newaxis], second[:, axis])
    return reach


def intersection_over_union(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """Shared area ÷ area of both together, of each of (N, 4) with each of (M, 4): 0..1, (N, M).

    0 where neither has an area.
    """
    shared = intersections(first, second)
    union = areas(first)[:, np.newaxis] + areas(second) - shared
    ratio: NDArray[Any] = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return ratio
