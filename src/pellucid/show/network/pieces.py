"""Boxes, lines and words of a drawing, in CSS pixels, and how pieces are put together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pellucid.ops.operation import Family

TITLE, SMALL = 13, 11
"""Sizes of letters: of a box's first line, and of all else."""

LETTER = 0.56
"""Width of a letter, as a share of its size, on average over the words in boxes."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A box with lines of words, the first one larger.

    Attributes:
        x, y, width, height: Its place and size.
        lines: The words in it.
        family: Of its layer, which gives the colour at its side; empty: an input.
        tag: The letter of a block that is drawn open elsewhere; empty for layers.
    """

    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]
    family: Family | Literal[""]
    tag: str = ""


@dataclass(frozen=True)
class Line:
    """A line through some points; with an arrow at its end, or none."""

    points: tuple[Point, ...]
    arrow: bool = False


@dataclass(frozen=True)
class Words:
    """Words at a place: beside an arrow, a bracket, or as a heading."""

    x: float
    y: float
    text: str
    kind: Literal["shape", "times", "heading"] = "shape"


@dataclass(frozen=True)
class Piece:
    """A part of a drawing.

    Attributes:
        width, height: Its size.
        axis: Where, from its left, the line that enters and leaves it runs.
        boxes, lines, words: What it shows.
        forks: Whether it begins with a line that forks, so that no arrow points at it.
    """

    width: float
    height: float
    axis: float
    boxes: tuple[Box, ...] = ()
    lines: tuple[Line, ...] = ()
    words: tuple[Words, ...] = ()
    forks: bool = False

    def moved(self, x: float, y: float) -> Piece:
        """The piece at another place."""
        return replace(
            self,
            boxes=tuple(replace(each, x=each.x + x, y=each.y + y) for each in self.boxes),
            lines=tuple(
                replace(each, points=tuple((a + x, b + y) for a, b in each.points))
                for each in self.lines
            ),
            words=tuple(replace(each, x=each.x + x, y=each.y + y) for each in self.words),
        )


def joined(
    width: float,
    height: float,
    axis: float,
    pieces: Iterable[Piece],
    lines: Iterable[Line] = (),
    words: Iterable[Words] = (),
    *,
    forks: bool = False,
) -> Piece:
    """Pieces that lie at their places already, as one."""
    pieces = list(pieces)
    return Piece(
        width,
        height,
        axis,
        tuple(box for piece in pieces for box in piece.boxes),
        (*(line for piece in pieces for line in piece.lines), *lines),
        (*(word for piece in pieces for word in piece.words), *words),
        forks,
    )


def text_width(text: str, size: int = SMALL) -> float:
    """About how wide words are."""
    return LETTER * size * len(text)


def box(lines: Iterable[str], family: Family | Literal[""], tag: str = "") -> Piece:
    """A box as large as its words need."""
    words = tuple(lines)
    first, *others = words
    beside = 22 if tag else 0
    wide = max([text_width(first, TITLE), *map(text_width, others)]) + 26 + beside
    wide, tall = max(wide, 96.0), 27.0 + 15.0 * len(others)
    return Piece(wide, tall, wide / 2, (Box(0.0, 0.0, wide, tall, words, family, tag),))
