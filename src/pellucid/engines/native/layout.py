"""How values lie in memory: images one after the other, NHWC, with a border of zeros.

Channels are filled up with zeros to whole vectors where vectors are read or written; the border
lets convolutions read past the edge without asking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Border:
    """Rows and columns of zeros around each image."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    def around(self, other: Border) -> Border:
        """The smallest border that holds both."""
        return Border(
            max(self.top, other.top),
            max(self.bottom, other.bottom),
            max(self.left, other.left),
            max(self.right, other.right),
        )


@dataclass(frozen=True)
class Layout:
    """Where the value of image n at (y, x, c) lies, in floats.

    Attributes:
        height: Rows; 1 for a flat vector.
        width: Columns; 1 for a flat vector.
        channels: Values at each position.
        pitch: Floats from one position to the next, at least the channels.
        border: The zeros around.
    """

    height: int
    width: int
    channels: int
    pitch: int
    border: Border = Border()

    @property
    def row(self) -> int:
        """Floats from one row to the next."""
        return (self.border.left + self.width + self.border.right) * self.pitch

    @property
    def image(self) -> int:
        """Floats from one image to the next."""
        return (self.border.top + self.height + self.border.bottom) * self.row

    def at(self, y: int, x: int) -> int:
        """Floats from an image's start to a position; positions in the border are negative."""
        return (self.border.top + y) * self.row + (self.border.left + x) * self.pitch

    def view(self, buffer: NDArray[np.float32]) -> NDArray[np.float32]:
        """The values alone, (N, height, width, channels), of a buffer of whole images."""
        tall = self.border.top + self.height + self.border.bottom
        wide = self.border.left + self.width + self.border.right
        full = buffer.reshape(-1, tall, wide, self.pitch)
        rows = slice(self.border.top, self.border.top + self.height)
        columns = slice(self.border.left, self.border.left + self.width)
        return full[:, rows, columns, : self.channels]


def whole_vectors(channels: int, lanes: int) -> int:
    """Channels filled up to whole vectors."""
    return -(-channels // lanes) * lanes
