"""Turn whatever a picture holds into upright 8-bit grey or colour, by one rule.

The rule, in this order:

1. 16-bit values keep their high byte; black-and-white becomes 0 and 255; a palette becomes the
   colours it names; CMYK and YCbCr become red, green, blue. Colour profiles are not applied, nor
   is a transparent colour in a PNG of 16-bit colour or of 2- or 4-bit grey, which Pillow ignores.
2. Transparent pixels are composited over a grey level, in integers:
   ``(value · alpha + background · (255 − alpha) + 127) // 255``.
3. The picture is turned upright as its EXIF orientation says.
4. Colour becomes grey by ITU-R BT.601, ``(19595 R + 38470 G + 7471 B + 32768) >> 16``; grey becomes
   colour by repeating it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.pillow import DECODING_ERRORS, quiet

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

# entries of Pillow's info from which it reads an orientation
_ORIENTATION_SOURCES = frozenset({"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"})


def converted(image: Image.Image, channels: int, background: int) -> Image.Image:
    """Return a decoded picture as the rule above says.

    Args:
        image: The picture; it is not changed.
        channels: 1 (grey) or 3 (red, green, blue) wanted.
        background: Grey level 0..255 under transparent pixels.

    Returns:
        The upright picture in Pillow's mode ``L`` or ``RGB``.
    """
    plain = _composited(_eight_bit(image), background)
    return _upright(plain, orientation(image)).convert("L" if channels == 1 else "RGB")


def is_grey(image: Image.Image) -> bool:
    """Return whether a picture can hold nothing but grey, judged by its mode and its palette."""
    if image.mode == "P" and image.palette is not None:
        bands, content = image.palette.getdata()
        colours = np.frombuffer(content, np.uint8)
        red, green, blue = (colours[band :: len(bands)] for band in range(3))
        return np.array_equal(red, green) and np.array_equal(red, blue)
    return image.mode in ("1", "L", "LA", "La", "F") or image.mode.startswith("I")


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation of a picture (tag 0x0112), 1..8: upright, turned, mirrored.

    Where metadata are missing, cannot be read or say something else it is 1: upright.
    """
    # asking for what is not there makes Pillow decode the picture
    if _ORIENTATION_SOURCES.isdisjoint(image.info):
        return 1
    try:
        with quiet():
            number = image.getexif().get(0x0112)
    except DECODING_ERRORS:
        return 1
    return number if isinstance(number, int) and 1 <= number <= 8 else 1


def _upright(image: Image.Image, turned: int) -> Image.Image:
    from PIL.Image import Transpose

    if turned == 1:
        return image
    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(turns[turned])


def _eight_bit(image: Image.Image) -> Image.Image:
    """Return the picture in mode L, LA, RGB or RGBA."""
    from PIL import Image

    if image.mode in ("L", "LA", "RGB", "RGBA") and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):
        values = np.asarray(image)
        grey = Image.fromarray((values.clip(0, 65535) >> 8).astype(np.uint8))
        key = image.info.get("transparency")
        if isinstance(key, int):
            grey.putalpha(Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8)))
        return grey
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _composited(image: Image.Image, background: int) -> Image.Image:
    from PIL import Image

    if image.mode not in ("LA", "RGBA"):
        return image
    values: NDArray[np.uint16] = np.asarray(image).astype(np.uint16)  # 255² + 127 still fits
    colour, alpha = values[..., :-1], values[..., -1:]
    mixed = ((colour * alpha + background * (255 - alpha) + 127) // 255).astype(np.uint8)
    return Image.fromarray(mixed[..., 0] if mixed.shape[2] == 1 else mixed)
