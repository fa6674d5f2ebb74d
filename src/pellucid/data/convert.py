"""Turn whatever a picture holds into upright 8-bit grey or colour, by one rule.

The rule, in this order:

1. Of several frames (animated GIF, WebP, PNG; TIFF of many pages) the first counts.
2. Values of more than 8 bits are scaled by the range ``low..high`` that the training data have
   (:mod:`pellucid.data.value_range`): ``round(255 · (value − low) / (high − low))``, and what lies
   outside becomes 0 or 255. Without such a range, as in models that learned from pictures of
   8 bits, integers keep their highest 8 bits, and numbers with a fraction (TIFF) are taken as 0 for
   black to 1 for white; fractions outside 0..1 and TIFF's signed or 32-bit integers are then
   refused. Where the smallest value means white it becomes 255.
3. Black-and-white becomes 0 and 255; a palette becomes the colours it names; CMYK and YCbCr become
   red, green, blue; of LAB there is no conversion. The inks of a JPEG are taken as inverted, as
   Adobe writes them and every viewer reads them. Colour profiles are not applied, nor is a
   transparent colour in a PNG of 16-bit colour or of 2- or 4-bit grey, which Pillow ignores.
4. Transparent pixels are composited over a grey level, in integers:
   ``(value · alpha + background · (255 − alpha) + 127) // 255``.
5. The picture is turned upright as its EXIF orientation says.
6. Colour becomes grey by ITU-R BT.601, ``(19595 R + 38470 G + 7471 B + 32768) >> 16``; grey becomes
   colour by repeating it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pellucid.data.deep import bands, deep_rows, rows_of
from pellucid.data.libtiff import load
from pellucid.data.pillow import DECODING_ERRORS
from pellucid.data.unsupported import lab_advice

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from pellucid.data.deep import Rows

# entries of Pillow's info from which it reads an orientation
_ORIENTATION_SOURCES = frozenset({"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"})

# tags of a TIFF file
_BITS, _PHOTOMETRIC, _ORIENTATION = 258, 262, 0x0112
_WHITE_IS_ZERO = 0


class NoRuleError(ValueError):
    """A picture holds values of which nobody says what is black and what is white.

    Args:
        what: What it holds.
        advice: What to do about it.
    """

    def __init__(self, what: str, advice: str = "convert it to 8 or 16 bits, or remove it") -> None:
        super().__init__(f"{what}; {advice}")


class Range(NamedTuple):
    """The values of more than 8 bits that become 0 and 255.

    Attributes:
        low: The value that becomes 0.
        high: The value that becomes 255; higher than ``low``.
        fractions: Whether it is that of numbers with a fraction; else of integers.
    """

    low: float
    high: float
    fractions: bool = False


def converted(
    image: Image.Image, channels: int, background: int, value_range: Range | None = None
) -> Image.Image:
    """Decode an opened picture and convert it as the rule above says.

    Args:
        image: The picture.
        channels: 1 (grey) or 3 (red, green, blue) wanted.
        background: Grey level 0..255 under transparent pixels.
        value_range: The values of more than 8 bits that become 0 and 255; None where none is known.

    Returns:
        The upright picture in Pillow's mode ``L`` or ``RGB``.

    Raises:
        NoRuleError: It holds values for which there is no rule.
    """
    rows = None if value_range is None else deep_rows(image)
    load(image)
    if value_range is None or rows is None:
        eight_bit = _eight_bit(image)
    else:
        eight_bit = _scaled_picture(image, rows, value_range)
    plain = _composited(eight_bit, background)
    # of a TIFF picture, which Pillow turns when it decodes it, the orientation is 1 by now
    return _upright(plain, orientation(image)).convert("L" if channels == 1 else "RGB")


def scaled(values: NDArray[Any], value_range: Range) -> NDArray[np.uint8]:
    """Return values scaled to 0..255 (uint8, same shape); what lies outside the range is clipped.

    Raises:
        NoRuleError: A value is NaN or infinite; or integers are given and the range is that of
            numbers with a fraction, or the other way round.
    """
    low, high, fractions = value_range
    if (values.dtype.kind == "f") != fractions:
        raise NoRuleError(other_kind(fractions=not fractions))
    if fractions and not np.isfinite(values).all():
        raise NoRuleError("values that are no numbers (NaN or infinity)")
    exact = np.clip(values.astype(np.float64), low, high)
    return np.rint((exact - low) * (255 / (high - low))).astype(np.uint8)


def other_kind(*, fractions: bool) -> str:
    """Return why a picture cannot be used whose values are of another kind than its data's."""
    kinds = ("integers of more than 8 bits", "numbers with a fraction")
    return f"{kinds[fractions]}, where the pictures that were learned have {kinds[not fractions]}"


def full_values(image: Image.Image) -> NDArray[Any] | None:
    """Decode a picture of more than 8 bits a value, and return all values as they are, upright.

    Returns:
        Integers or float32, (H, W) of grey, else (H, W, 3) or with opacity (H, W, 4); None for a
        picture of 8 bits.
    """
    rows_at = deep_rows(image)
    if rows_at is None:
        return None
    values = np.concatenate([rows_at(rows) for rows in bands(image)])
    turned = orientation(image)
    if turned in (2, 3, 7, 6):
        values = values[:, ::-1]
    if turned in (3, 4, 7, 8):
        values = values[::-1]
    return values if turned < 5 else values.swapaxes(0, 1)


def is_grey(image: Image.Image) -> bool:
    """Return whether a picture can hold nothing but grey, judged by its mode and its palette."""
    if image.mode == "P" and image.palette is not None:
        bands, content = image.palette.getdata()
        colours = np.frombuffer(bytes(content), np.uint8)
        if bands.endswith(";L"):  # all red, then all green, then all blue
            red, green, blue = np.split(colours, 3)
        else:
            red, green, blue = (colours[band :: len(bands)] for band in range(3))
        return np.array_equal(red, green) and np.array_equal(red, blue)
    return image.mode in ("1", "L", "LA", "La", "F") or image.mode.startswith("I")


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation of a picture (tag 0x0112), 1..8: upright, turned, mirrored.

    Where metadata are missing, cannot be read or say something else it is 1: upright.
    """
    # asking for what is not there makes Pillow decode the picture
    if image.format != "TIFF" and _ORIENTATION_SOURCES.isdisjoint(image.info):
        return 1
    try:
        number = image.getexif().get(_ORIENTATION)
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
    if image.mode in ("L", "LA", "RGB", "RGBA") and "transparency" not in image.info:
        return image
    if image.mode == "F":
        return _from_fractions(image)
    if image.mode.startswith("I"):
        return _from_integers(image)
    if image.mode == "La":
        return image.convert("LA")
    if image.mode == "LAB":
        raise NoRuleError("colours in LAB, which are not read", lab_advice())
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _scaled_picture(image: Image.Image, rows_at: Rows, value_range: Range) -> Image.Image:
    """Return a picture of more than 8 bits in mode L, LA, RGB or RGBA."""
    from PIL import Image

    inverted = getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == _WHITE_IS_ZERO
    key = image.info.get("transparency")
    channels = len(image.getbands())
    pixels = np.empty((image.height, image.width, channels), np.uint8)
    alpha = np.full((image.height, image.width), 255, np.uint8) if isinstance(key, int) else None
    for rows in bands(image):
        values = rows_at(rows)
        if alpha is not None:
            alpha[rows] = np.where(values == key, 0, 255)
        if values.ndim == 2:
            values = values[..., np.newaxis]
        colours = 3 if channels == 4 else channels
        pixels[rows, :, :colours] = scaled(values[..., :colours], value_range)
        if channels == 4:
            pixels[rows, :, 3] = values[..., 3] >> 8
    if inverted and channels == 1:
        pixels = 255 - pixels
    converted = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
    if alpha is not None:
        converted.putalpha(Image.fromarray(alpha))
    return converted


def _from_integers(image: Image.Image) -> Image.Image:
    from PIL import Image

    tags = getattr(image, "tag_v2", {})
    if image.mode == "I" and tags:
        raise NoRuleError("signed or 32-bit integers, of which nobody says what is white")
    (bits,) = set(tags.get(_BITS, (16,)))
    inverted = tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
    key = image.info.get("transparency")
    grey = np.empty((image.height, image.width), np.uint8)
    alpha = np.empty_like(grey) if isinstance(key, int) else None
    for rows in bands(image):
        values = rows_of(image, rows)
        # a picture of Pillow's own may hold more than 16 bits
        high = (values.clip(0, 65535) >> (bits - 8)).astype(np.uint8)
        grey[rows] = 255 - high if inverted else high
        if alpha is not None:
            alpha[rows] = np.where(values == key, 0, 255)
    converted = Image.fromarray(grey)
    if alpha is not None:
        converted.putalpha(Image.fromarray(alpha))
    return converted


def _from_fractions(image: Image.Image) -> Image.Image:
    from PIL import Image

    inverted = getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == _WHITE_IS_ZERO
    grey = np.empty((image.height, image.width), np.uint8)
    for rows in bands(image):
        values = rows_of(image, rows)
        outside = values[~((values >= 0) & (values <= 1))]  # NaN too
        if outside.size:
            raise NoRuleError(f"values with a fraction that are not 0 to 1, such as {outside[0]:g}")
        grey[rows] = np.rint((1 - values if inverted else values) * 255)
    return Image.fromarray(grey)


def _composited(image: Image.Image, background: int) -> Image.Image:
    from PIL import Image

    if image.mode not in ("LA", "RGBA"):
        return image
    mixed = np.empty((image.height, image.width, len(image.mode) - 1), np.uint8)
    for rows in bands(image):
        values = rows_of(image, rows).astype(np.uint16)  # 255² + 127 still fits
        colour, alpha = values[..., :-1], values[..., -1:]
        mixed[rows] = (colour * alpha + background * (255 - alpha) + 127) // 255
    return Image.fromarray(mixed[..., 0] if mixed.shape[2] == 1 else mixed)
