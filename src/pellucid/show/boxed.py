"""Boxes drawn on pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show.palette import BLUE, GREEN, GREY, PURPLE, VERMILION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    DrawnBox = tuple[tuple[float, float, float, float], str, int]
    """x0, y0, x1, y1 in the picture's pixels; words beside it, maybe none; which colour it has."""

COLOURS = (VERMILION, BLUE, GREEN, PURPLE, GREY)
"""One after another, for boxes of one class, or of one kind."""

_THIN = 240  # pixels of the longer side, up to which lines are thin
_MOST_WORDS = 24  # boxes; among more, words hide the picture


def boxed(picture: Image.Image, boxes: Sequence[DrawnBox], side: int) -> Image.Image:
    """Return a picture with boxes and their names on it.

    Args:
        picture: Grey or in colour; it is not changed.
        boxes: In the order in which they are drawn; names are left out where there are very many.
        side: Pixels that the longer side of the result has at most; smaller pictures are enlarged
            by a whole factor, so that lines and words are thin beside what they are around.
    """
    from PIL import Image, ImageDraw, ImageFont

    scale = side / max(picture.size)
    scale = float(int(scale)) if scale >= 1 else scale
    size = [max(1, round(each * scale)) for each in picture.size]
    resample = Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.LANCZOS
    drawn = picture.convert("RGB").resize((size[0], size[1]), resample)
    pen = ImageDraw.Draw(drawn)
    font = ImageFont.load_default(size=11)
    for (x0, y0, x1, y1), name, colour in boxes:
        shown = COLOURS[colour % len(COLOURS)]
        left, top = round(x0 * scale), round(y0 * scale)
        right, bottom = max(left, round(x1 * scale) - 1), max(top, round(y1 * scale) - 1)
        pen.rectangle((left, top, right, bottom), outline=shown, width=2 if side > _THIN else 1)
        if name and len(boxes) <= _MOST_WORDS:
            at = min(left + 3, size[0] - round(pen.textlength(name, font)) - 2), top + 1
            pen.rectangle(pen.textbbox(at, name, font), fill=shown)
            pen.text(at, name, "white", font)
    return drawn
