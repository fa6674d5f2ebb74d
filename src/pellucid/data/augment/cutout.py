"""Cover a square of each picture (DeVries and Taylor, 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.augment.means import mean_colours

if TYPE_CHECKING:
    from numpy.typing import NDArray


def cover(
    images: NDArray[np.uint8],
    side: int,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    border: str | int,
) -> None:
    """Cover a square of each picture, in place.

    Args:
        images: Shape (N, H, W, C).
        side: Height and width of the square; what hangs over the edge is lost.
        rows: The row of its middle, shape (N,); of an even side, the lower of the two.
        columns: The column of its middle, shape (N,); of an even side, the right of the two.
        border: The grey level that covers; with a word, the picture's mean colour.
    """
    count, _, _, channels = images.shape
    if isinstance(border, int):
        colours = np.full((count, channels), border, np.uint8)
    else:
        colours = (mean_colours(images) + 0.5).astype(np.uint8)
    tops = (rows - side // 2).tolist()
    lefts = (columns - side // 2).tolist()
    for image, colour, top, left in zip(images, colours, tops, lefts, strict=True):
        image[max(top, 0) : top + side, max(left, 0) : left + side] = colour
