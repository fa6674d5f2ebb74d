"""Pictures and feature maps as PNG files inside a page."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.show.palette import colours, limit_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from pellucid.show.document import Maps

LEAST_SIDE = 40
"""Pixels of the longer side to which maps are enlarged, each value a square."""

SHEET_WIDTH = 720
"""How wide a sheet may become, in pixels, before maps go into the next row."""

LONG_VECTOR = 512
"""Vectors with more values are drawn smaller."""

LABEL, GAP = 15, 6
"""Pixels above each map for its number, and between maps."""

Label = tuple[float, float, str]
"""Left and top in percent of the sheet, and words."""


def map_sheet(maps: Maps) -> tuple[Image.Image, list[Label]]:
    """Feature maps side by side on transparent ground, and where their numbers are."""
    from PIL import Image

    values = maps.values
    shades = colours(values, limit_of(values), maps.colours)
    if values.ndim == 1:
        return Image.fromarray(_vector(shades)), []
    height, width, count = values.shape
    times = max(1, -(-LEAST_SIDE // max(height, width)))
    height, width = height * times, width * times
    columns = max(1, min(count, (SHEET_WIDTH + GAP) // (width + GAP)))
    rows = -(-count // columns)
    size = rows * (height + LABEL + GAP) - GAP, columns * (width + GAP) - GAP
    sheet = np.zeros((*size, 4), np.uint8)
    labels = []
    for k in range(count):
        top, left = k // columns * (height + LABEL + GAP), k % columns * (width + GAP)
        inside = sheet[top + LABEL : top + LABEL + height, left : left + width]
        inside[:] = shades[:, :, k].repeat(times, axis=0).repeat(times, axis=1)
        _frame(inside)
        name = maps.names[k] if maps.names else str(k)
        labels.append((100.0 * left / size[1], 100.0 * top / size[0], name))
    return Image.fromarray(sheet), labels


def enlarged(image: NDArray[np.uint8] | Image.Image, side: int) -> tuple[bytes, int, int]:
    """A picture brought to a side at most, as a PNG file, and its width and height when shown.

    Smaller pictures are shown enlarged by a whole factor; they are not changed.
    """
    small = as_image(image).copy()
    small.thumbnail((side, side))
    factor = max(1, side // max(small.size))
    return png(small), small.width * factor, small.height * factor


def as_image(pixels: NDArray[Any] | Image.Image) -> Image.Image:
    """Pixels, uint8 (H, W, C) with C 1 or 3 (others: their mean), as a Pillow image in colour."""
    from PIL import Image

    if isinstance(pixels, Image.Image):
        return pixels
    array = np.asarray(pixels, np.uint8)
    if array.shape[2] not in (1, 3):
        array = array.mean(axis=2, keepdims=True).astype(np.uint8)
    return Image.fromarray(array[..., 0] if array.shape[2] == 1 else array).convert("RGB")


def png(image: Image.Image) -> bytes:
    """A Pillow image as the bytes of a PNG file."""
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def _vector(shades: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A vector's colours in rows of squares; what the last row lacks is transparent."""
    side = 12 if len(shades) <= LONG_VECTOR else 6
    columns = min(SHEET_WIDTH // side, len(shades))
    rows = -(-len(shades) // columns)
    cells = np.zeros((rows * columns, side, side, 4), np.uint8)
    cells[: len(shades)] = shades[:, None, None, :]
    for cell in cells[: len(shades)] if side > LEAST_FRAMED else ():
        _frame(cell)
    placed = cells.reshape(rows, columns, side, side, 4).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(placed.reshape(rows * side, columns * side, 4))


LEAST_FRAMED = 8
"""Squares of a vector that are larger have a frame."""


def _frame(inside: NDArray[np.uint8]) -> None:
    """A grey line around a map, so that what is 0 has an edge, too; only where it is 0."""
    for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]):
        edge[edge[..., 3] < FRAME[3]] = FRAME


FRAME = (127, 127, 127, 110)
