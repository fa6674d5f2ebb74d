"""Pictures of more than 8 bits a value: their values in full.

Pillow gives integers and fractions of grey pictures in full, but of 16-bit colours only the high
bytes. The low bytes are read by decoding such a picture a second time, with swapped bytes.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.libtiff import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from PIL import Image, ImageFile

    Rows = Callable[[slice], NDArray[Any]]
    """Returns some rows of a picture: (rows, W) of grey, else (rows, W, C)."""

_PIXELS_AT_ONCE = 1 << 20  # bounds what NumPy needs beside the picture

# Pillow's unpackers of 16-bit colours, and those that give the other byte (N: this machine's order)
_OTHER_BYTE = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}
_COLOURS = {
    f"{colours};16{order}": f"{colours};16{other}"
    for colours in ("RGB", "RGBA", "RGBX")
    for order, other in _OTHER_BYTE.items()
}

# 16-bit grey with opacity: as if they were red, green, blue and opacity, all four bytes are read
_GREY_AND_OPACITY = {"LA;16B": "RGBA"}

# tags of a TIFF file
_BITS, _SAMPLE_FORMAT = 258, 339
_UNSIGNED = (1,)


def is_deep(image: Image.Image) -> bool:
    """Whether a picture, which need not be decoded yet, holds more than 8 bits a value."""
    return _is_deep_grey(image) or _unpacker(image) in _COLOURS or _is_grey_and_opacity(image)


def deep_rows(image: Image.Image) -> Rows | None:
    """Decode a picture of more than 8 bits a value, and return what reads its values.

    Args:
        image: An opened picture; of one that is decoded already, 16-bit colours are lost.

    Returns:
        Values of grey are integers or float32; of colours, (rows, W, 3) or with opacity
        (rows, W, 4), they are uint16. None for a picture of 8 bits, which is decoded, too.
    """
    if _is_deep_grey(image):
        load(image)
        if _is_unsigned_long(image):  # Pillow has them as signed
            return lambda rows: rows_of(image, rows).view(np.uint32)
        return lambda rows: rows_of(image, rows)
    unpacker, four_bytes = _unpacker(image), _is_grey_and_opacity(image)
    stream = getattr(image, "fp", None)
    load(image)
    if four_bytes and stream is not None:
        both = _unpacked(image, stream, _GREY_AND_OPACITY[unpacker])
        return lambda rows: _grey_and_opacity(rows_of(both, rows))
    if unpacker not in _COLOURS or stream is None:
        return None
    low = _unpacked(image, stream, _COLOURS[unpacker])
    return lambda rows: rows_of(image, rows).astype(np.uint16) << 8 | rows_of(low, rows)


def bands(image: Image.Image) -> Iterator[slice]:
    """Yield the rows of a picture, some at a time."""
    step = max(1, _PIXELS_AT_ONCE // max(1, image.width))
    for first in range(0, image.height, step):
        yield slice(first, min(first + step, image.height))


def rows_of(image: Image.Image, rows: slice) -> NDArray[Any]:
    """Return rows of a decoded picture as Pillow has them."""
    return np.asarray(image.crop((0, rows.start, image.width, rows.stop)))


def _is_deep_grey(image: Image.Image) -> bool:
    return image.mode == "F" or image.mode.startswith("I")


def _unpacker(image: Image.Image) -> str:
    """Return Pillow's name of the layout in which a picture that is not decoded yet lies."""
    tiles = getattr(image, "tile", None)
    given = tiles[0][3] if tiles else ""
    name = given[0] if isinstance(given, tuple) and given else given
    return name if isinstance(name, str) else ""


def _is_grey_and_opacity(image: Image.Image) -> bool:
    return _unpacker(image) in _GREY_AND_OPACITY and image.mode == "RGBA"  # LA in old Pillows


def _grey_and_opacity(content: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return red, green, blue and opacity of bytes that are high and low of grey and opacity."""
    high, low = (content[..., k::2].astype(np.uint16) for k in (0, 1))
    values: NDArray[np.uint16] = (high << np.uint16(8)) | low
    return values[..., [0, 0, 0, 1]]


def _unpacked(image: Image.Image, stream: Any, unpacker: str) -> Image.Image:
    """Decode a picture once more, with another of Pillow's unpackers."""
    from PIL import Image

    stream.seek(0)
    again: ImageFile.ImageFile = Image.open(stream, formats=[image.format or ""])
    again.tile = [
        tile._replace(args=(unpacker, *tile.args[1:]) if isinstance(tile.args, tuple) else unpacker)
        for tile in again.tile
    ]
    load(again)
    return again


def _is_unsigned_long(image: Image.Image) -> bool:
    tags = getattr(image, "tag_v2", {})
    return (
        image.mode == "I"
        and tuple(tags.get(_BITS, ())) == (32,)
        and tuple(tags.get(_SAMPLE_FORMAT, (1,))) == _UNSIGNED
    )
