"""How values lie in memory: images one after the other, NHWC, with a border of zeros.

Channels are filled up with zeros to whole vectors where vectors are read or written; the border
lets convolutions read past the edge without asking. Neighbours share it: what is right of one row
is left of the next, and what is below one image is above the next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pellucid.ops.bfloat16 import of_upper_halves

if TYPE_CHECKING:
    from numpy.typing import NDArray

DType = Literal["float32", "int32", "bfloat16", "int16", "int8", "uint8"]
"""What the elements of a buffer are."""

FLOAT = 4
"""Bytes of a float32."""

UNITS: dict[DType, str] = {
    "float32": "float", "int32": "i32", "bfloat16": "i16", "int16": "i16", "int8": "i8",
    "uint8": "i8",
}  # fmt: skip
"""What an element is called in LLVM's words."""


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
    """Where the value of image n at (y, x, c) lies, in elements.

    Attributes:
        height: Rows; 1 for a flat vector.
        width: Columns; 1 for a flat vector.
        channels: Values at each position.
        pitch: Elements from one position to the next, at least the channels.
        border: The zeros around.
        dtype: What the elements are.
    """

    height: int
    width: int
    channels: int
    pitch: int
    border: Border = Border()
    dtype: DType = "float32"

    @property
    def itemsize(self) -> int:
        """Bytes of an element."""
        return self.stored.itemsize

    @property
    def stored(self) -> np.dtype[Any]:
        """What NumPy takes an element for: of bfloat16 the 16 bits."""
        return np.dtype("uint16" if self.dtype == "bfloat16" else self.dtype)

    @property
    def unit(self) -> str:
        """What an element is called in LLVM's words."""
        return UNITS[self.dtype]

    @property
    def words(self) -> Layout:
        """The same memory as words of 32 bits, each of which holds some neighbouring channels."""
        each = FLOAT // self.itemsize
        return replace(
            self, channels=-(-self.channels // each), pitch=self.pitch // each, dtype="float32"
        )

    @property
    def row(self) -> int:
        """Elements from one row to the next, whose left border is this one's right border too."""
        return (self.width + max(self.border.left, self.border.right)) * self.pitch

    @property
    def image(self) -> int:
        """Elements from one image to the next, whose top border is this one's bottom border too."""
        return (self.height + max(self.border.top, self.border.bottom)) * self.row

    @property
    def full(self) -> bool:
        """Whether nothing lies between the values."""
        return self.pitch == self.channels and self.border == Border()

    def at(self, y: int, x: int) -> int:
        """Elements from an image's start to a position; positions in the border are negative."""
        return (self.border.top + y) * self.row + (self.border.left + x) * self.pitch

    def bytes(self, images: int) -> int:
        """Bytes that a number of images take, with the border around them all."""
        last = self.at(self.height - 1 + self.border.bottom, self.width - 1 + self.border.right)
        return self.itemsize * ((images - 1) * self.image + last + self.pitch)

    def view(self, memory: NDArray[np.uint8], offset: int, images: int) -> NDArray[Any]:
        """The values alone, (N, height, width, channels), of images at an offset."""
        buffer = memory[offset : offset + self.bytes(images)].view(self.stored)
        steps = (self.image, self.row, self.pitch, 1)
        return np.lib.stride_tricks.as_strided(
            buffer[self.at(0, 0) :],
            (images, self.height, self.width, self.channels),
            tuple(step * self.itemsize for step in steps),
        )

    def numbers(self, view: NDArray[Any]) -> NDArray[np.float32]:
        """The numbers of a view as floats: a copy, except of floats."""
        if self.dtype == "bfloat16":
            return of_upper_halves(view)
        return view.astype(np.float32, copy=False)


@dataclass(frozen=True)
class Place:
    """A buffer of images in the arena, at an offset in bytes."""

    layout: Layout
    offset: int


def whole_vectors(channels: int, lanes: int) -> int:
    """Channels filled up to whole vectors."""
    return -(-channels // lanes) * lanes
