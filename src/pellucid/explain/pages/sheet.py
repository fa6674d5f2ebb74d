"""Feature maps side by side in one PNG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from pellucid.explain.pages.colours import limit_of, signed_colours

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.operation import Array

LEAST_SIDE = 40
"""Maps are enlarged (each value a square) until their longer side has so many pixels."""

SHEET_WIDTH = 720
"""How wide a sheet may become, in pixels, before maps go into the next row."""

LONG_VECTOR = 512
"""Vectors with more values are drawn smaller."""

_GAP = 3


def map_sheet(values: Array) -> bytes:
    """The PNG of a stack of feature maps (H, W, C), or of a vector (F,), on one signed scale."""
    colours = signed_colours(values, limit_of(values))
    if values.ndim == 1:
        side = 10 if len(values) <= LONG_VECTOR else 5
        return png(_enlarged(_rows(colours, SHEET_WIDTH // side), side))
    return png(_beside([colours[:, :, c] for c in range(values.shape[2])]))


def pixel_sheet(pixels: NDArray[np.uint8]) -> bytes:
    """The PNG of a picture (H, W, C), and where it has colours, of each channel beside it."""
    pictures = [np.broadcast_to(pixels, (*pixels.shape[:2], 3))]
    if pixels.shape[2] == 3:
        pictures += [np.repeat(pixels[:, :, c : c + 1], 3, axis=2) for c in range(3)]
    return png(_beside(pictures, least=120))


def scale_bar() -> bytes:
    """The PNG of the scale itself, from −limit (left) to limit."""
    return png(signed_colours(np.tile(np.linspace(-1.0, 1.0, 201), (14, 1)), 1.0))


def png(colours: NDArray[np.uint8]) -> bytes:
    """Colours (H, W, 3), uint8, as the bytes of a PNG."""
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(colours)).save(content, "PNG", optimize=True)
    return content.getvalue()


def _beside(maps: list[NDArray[np.uint8]], least: int = LEAST_SIDE) -> NDArray[np.uint8]:
    height, width, _ = maps[0].shape
    times = max(1, -(-least // max(height, width)))
    height, width = height * times, width * times
    columns = max(1, min(len(maps), (SHEET_WIDTH + _GAP) // (width + _GAP)))
    rows = -(-len(maps) // columns)
    sheet = np.full(
        (rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3), 255, np.uint8
    )
    for k, each in enumerate(maps):
        top, left = k // columns * (height + _GAP), k % columns * (width + _GAP)
        sheet[top : top + height, left : left + width] = _enlarged(each, times)
    return sheet


def _rows(colours: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """A vector's colours in rows; what the last row lacks is white."""
    rows = -(-len(colours) // columns)
    width = min(columns, len(colours))
    filled = np.full((rows * width, 3), 255, np.uint8)
    filled[: len(colours)] = colours
    return filled.reshape(rows, width, 3)


def _enlarged(colours: NDArray[np.uint8], times: int) -> NDArray[np.uint8]:
    return colours.repeat(times, axis=0).repeat(times, axis=1)
