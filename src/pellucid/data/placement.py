"""Where a picture lies once it is fitted into the network's size, and its boxes with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.box_geometry import clipped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.jpeg_scaling import Box


@dataclass(frozen=True)
class PicturePlacement:
    """How the pixels of one picture are resized and moved, along each axis on its own.

    Coordinates are continuous: (0, 0) is the top left corner of the top left pixel, and a picture
    of W columns reaches to x = W. Then ``network = original · scale + offset``.

    Attributes:
        width: Columns of the original.
        height: Rows of the original.
        source: What is taken of the original: left, top, right, bottom, in its pixels.
        target: Where that goes: left, top, right, bottom, in the network's pixels.
        network_width: Columns of what the network takes.
        network_height: Rows of what the network takes.
    """

    width: int
    height: int
    source: Box
    target: tuple[int, int, int, int]
    network_width: int
    network_height: int

    @property
    def scale(self) -> tuple[float, float]:
        """Network's pixels per pixel of the original, by column and by row."""
        left, top, right, bottom = self.source
        new_left, new_top, new_right, new_bottom = self.target
        return (new_right - new_left) / (right - left), (new_bottom - new_top) / (bottom - top)

    @property
    def offset(self) -> tuple[float, float]:
        """Where the original's top left corner lies, x and y in the network's pixels."""
        (by_x, by_y), (left, top, _, _) = self.scale, self.source
        return self.target[0] - left * by_x, self.target[1] - top * by_y

    def to_network(self, boxes: NDArray[Any]) -> NDArray[np.float64]:
        """Boxes of the original in the network's pixels.

        Args:
            boxes: x0, y0, x1, y1 in pixels of the original, (…, 4).

        Returns:
            The same in pixels of the network's picture, clipped to it, float64 (…, 4).
        """
        moved = np.asarray(boxes, np.float64) * (self.scale * 2) + self.offset * 2
        return clipped(moved, self.network_width, self.network_height)

    def to_original(self, boxes: NDArray[Any]) -> NDArray[np.float64]:
        """Boxes in the network's pixels as boxes of the original: what :meth:`to_network` undoes.

        Args:
            boxes: x0, y0, x1, y1 in pixels of the network's picture, (…, 4).

        Returns:
            The same in pixels of the original, clipped to it, float64 (…, 4).
        """
        moved = (np.asarray(boxes, np.float64) - self.offset * 2) / (self.scale * 2)
        return clipped(moved, self.width, self.height)
