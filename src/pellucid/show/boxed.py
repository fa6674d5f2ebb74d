"""Boxes drawn on pictures: one way for what is right, what was found, and what is missed.

Lines differ in form as well as in colour, so that they are told apart without colours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from pellucid.show.palette import BLUE, GREEN, GREY, PURPLE, VERMILION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image, ImageDraw

    Form = Literal["whole", "double", "broken"]

COLOURS = (VERMILION, BLUE, GREEN, PURPLE, GREY)
"""One after another, for boxes of one class."""

FORMS: tuple[Form, ...] = ("whole", "broken", "double")
"""The same of lines, so that no two of fifteen classes have both in common."""

SIDE = 840
"""Pixels of the longer side of pictures that are judged, at most: words can be read there."""

_THIN = 240  # pixels of the longer side, up to which lines are thin
_MOST_WORDS = 24  # boxes on a small picture; among more, words hide it


class DrawnBox(NamedTuple):
    """A box to be drawn.

    Attributes:
        box: x0, y0, x1, y1 in pixels of the picture.
        words: What is written at it; empty: nothing.
        colour: ``#rrggbb``.
        form: Of its line.
    """

    box: tuple[float, float, float, float]
    words: str = ""
    colour: str = BLUE
    form: Form = "whole"


def of_class(box: tuple[float, float, float, float], words: str, place: int) -> DrawnBox:
    """A box in the colour and the form of a class.

    Args:
        box: x0, y0, x1, y1 in pixels of the picture.
        words: What is written at it.
        place: Of the class, from 0.
    """
    return DrawnBox(box, words, COLOURS[place % len(COLOURS)], FORMS[place % len(FORMS)])


def boxed(picture: Image.Image, boxes: Sequence[DrawnBox], side: int | None = None) -> Image.Image:
    """Return a picture in colour with boxes and their words on it.

    Args:
        picture: Grey or in colour; it is not changed.
        boxes: The last lie on top; words are left out where there are very many on a small picture.
        side: Pixels that the longer side of the result has at most; smaller pictures are enlarged
            by a whole factor, so that lines and words are thin beside what they are around. None:
            as large as the picture.
    """
    from PIL import Image, ImageDraw, ImageFont

    scale = 1.0 if side is None else side / max(picture.size)
    scale = float(int(scale)) if scale >= 1 else scale
    size = [max(1, round(each * scale)) for each in picture.size]
    resample = Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.LANCZOS
    drawn = picture.convert("RGB").resize((size[0], size[1]), resample)
    pen = ImageDraw.Draw(drawn)
    longer = max(size)
    width = 1 if longer <= _THIN else max(2, round(longer / 320))
    font = ImageFont.load_default(size=max(11, round(longer / 56)))
    worded = len(boxes) <= _MOST_WORDS or longer > 2 * _THIN
    placed = [(_pixels(each.box, scale), each) for each in boxes]
    for edges, each in placed:
        _outline(pen, edges, each, width)
    for (left, top, *_), each in placed:  # above all lines
        if each.words and worded:
            _write(pen, drawn.size, (left, top), each, font, width)
    return drawn


def _pixels(box: tuple[float, float, float, float], scale: float) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = box
    left, top = round(x0 * scale), round(y0 * scale)
    return left, top, max(left, round(x1 * scale) - 1), max(top, round(y1 * scale) - 1)


def _outline(
    pen: ImageDraw.ImageDraw, edges: tuple[int, int, int, int], box: DrawnBox, width: int
) -> None:
    left, top, right, bottom = edges
    if box.form != "broken":
        pen.rectangle(edges, outline=box.colour, width=width)
    else:
        dash = 4 * width
        for x in range(left, right + 1, 2 * dash):
            end = min(x + dash, right)
            pen.rectangle((x, top, end, min(top + width - 1, bottom)), fill=box.colour)
            pen.rectangle((x, max(bottom - width + 1, top), end, bottom), fill=box.colour)
        for y in range(top, bottom + 1, 2 * dash):
            end = min(y + dash, bottom)
            pen.rectangle((left, y, min(left + width - 1, right), end), fill=box.colour)
            pen.rectangle((max(right - width + 1, left), y, right, end), fill=box.colour)
    inner = 2 * width
    if box.form == "double" and min(right - left, bottom - top) > 2 * inner:
        pen.rectangle(
            (left + inner, top + inner, right - inner, bottom - inner), outline=box.colour
        )


def _write(
    pen: ImageDraw.ImageDraw,
    size: tuple[int, int],
    corner: tuple[int, int],
    box: DrawnBox,
    font: object,
    width: int,
) -> None:
    """Words at a box's top left corner, on its colour: inside, so that they belong to no other."""
    x0, y0, x1, y1 = pen.textbbox((0, 0), box.words, font)  # type: ignore[arg-type]
    wide, high = x1 - x0 + 4, y1 - y0 + 4
    left = max(0, min(corner[0] + width, size[0] - wide))
    top = max(0, min(corner[1] + width, size[1] - high))
    pen.rectangle((left, top, left + wide - 1, top + high - 1), fill=box.colour)
    pen.text((left + 2 - x0, top + 2 - y0), box.words, "white", font)  # type: ignore[arg-type]
