"""Boxes drawn on pictures: what was found, what is right, what is missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pellucid.show.palette import BLUE, GREY, VERMILION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

FOUND, WRONG, MISSED = BLUE, VERMILION, GREY
"""Colours of boxes that are right, that are none, and that were not found. So do lines: whole,
whole and doubled, broken."""

LEAST_SIDE = 640
"""The longer side that a picture with boxes has at least, enlarged by a whole factor: words on
smaller ones cannot be read."""


class Drawn(NamedTuple):
    """A box to be drawn.

    Attributes:
        box: x0, y0, x1, y1 in pixels of the picture.
        words: What is written at it; empty: nothing.
        colour: ``#rrggbb``.
    """

    box: tuple[float, float, float, float]
    words: str
    colour: str = FOUND


def boxed(pixels: NDArray[np.uint8], boxes: Sequence[Drawn]) -> NDArray[np.uint8]:
    """A picture with boxes on it, enlarged where it is small.

    Args:
        pixels: (H, W, C), uint8, C 1 or 3.
        boxes: The last lie on top.

    Returns:
        (H', W', 3), uint8.
    """
    from PIL import Image

    grey = pixels.shape[2] == 1
    picture = Image.fromarray(pixels[..., 0] if grey else pixels).convert("RGB")
    factor = max(1, round(LEAST_SIDE / max(picture.size)))
    if factor > 1:
        size = picture.width * factor, picture.height * factor
        picture = picture.resize(size, Image.Resampling.BICUBIC)
    draw_boxes(picture, boxes, factor)
    return np.asarray(picture)


def draw_boxes(picture: Image, boxes: Sequence[Drawn], factor: int = 1) -> None:
    """Draw boxes on a picture in RGB.

    Args:
        picture: It is changed.
        boxes: The last lie on top.
        factor: How much larger the picture is than the pixels that boxes count.
    """
    from PIL import ImageDraw, ImageFont

    draw = ImageDraw.Draw(picture)
    width = max(2, round(max(picture.size) / 320))
    font = ImageFont.load_default(max(11, round(max(picture.size) / 48)))
    for box, words, colour in boxes:
        x0, y0, x1, y1 = (edge * factor for edge in box)
        if colour == MISSED:
            _broken(draw, (x0, y0, x1, y1), width)
        else:
            draw.rectangle((x0, y0, x1, y1), outline=colour, width=width)
        if colour == WRONG:
            inner = 2 * width
            if x1 - x0 > 2 * inner and y1 - y0 > 2 * inner:
                draw.rectangle(
                    (x0 + inner, y0 + inner, x1 - inner, y1 - inner), outline=colour, width=1
                )
        if words:
            left, top, right, bottom = draw.textbbox((0, 0), words, font=font)
            high, wide = bottom - top + 4, right - left + 6
            x = min(max(0, x0), max(0, picture.width - wide))
            y = y0 - high if y0 >= high else y0
            draw.rectangle((x, y, x + wide, y + high), fill=colour)
            draw.text((x + 3 - left, y + 2 - top), words, font=font, fill="white")


def _broken(draw: object, box: tuple[float, float, float, float], width: int) -> None:
    """A broken line around a box."""
    x0, y0, x1, y1 = box
    dash = 4 * width
    line = draw.line  # type: ignore[attr-defined]
    for x in np.arange(x0, x1, 2 * dash):
        for y in (y0, y1):
            line((x, y, min(x + dash, x1), y), fill=MISSED, width=width)
    for y in np.arange(y0, y1, 2 * dash):
        for x in (x0, x1):
            line((x, y, x, min(y + dash, y1)), fill=MISSED, width=width)
