"""A laid out network as SVG: on a page in the page's colours, or as a file in its own."""

from __future__ import annotations

from functools import singledispatch
from html import escape
from typing import TYPE_CHECKING

from pellucid.show.network.layout import network_drawing
from pellucid.show.network.pieces import Box, Line, Words
from pellucid.show.palette import BLUE, GREEN, GREY, INK, PROBABILITY, PURPLE, VERMILION
from pellucid.show.style import NETWORK_STYLE
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.graph import Graph
    from pellucid.ops.operation import Family
    from pellucid.show.network.pieces import Point

FAMILIES: dict[Family, str] = {
    "activation": PROBABILITY,
    "convolution": BLUE,
    "dense": VERMILION,
    "joint": PURPLE,
    "layout": GREY,
    "normalisation": GREY,
    "pooling": GREEN,
    "probabilities": PROBABILITY,
    "regularisation": GREY,
    "resampling": GREEN,
}
"""The colour at the side of a layer's box; of losses, grey."""

NIGHT_GROUND, NIGHT_INK = "#16181a", "#e6e6e6"

FILE_STYLE = f"""
svg {{ color: {INK}; background: #fff; }}
@media (prefers-color-scheme: dark) {{
  svg {{ color: {NIGHT_INK}; background: {NIGHT_GROUND}; }}
}}
"""


def network_svg(graph: Graph, alt: str) -> str:
    """A network as an SVG file, by day and by night.

    Args:
        graph: The network's.
        alt: What the file is, for those who cannot see it.
    """
    return f"{_svg(graph, alt, FILE_STYLE + NETWORK_STYLE)}\n"


def network_element(graph: Graph, alt: str) -> str:
    """A network as an element of a page that has the :data:`NETWORK_STYLE`, in its text colour."""
    return _svg(graph, alt, "")


def _svg(graph: Graph, alt: str, style: str) -> str:
    drawing = network_drawing(graph)
    wide, tall = round(drawing.width), round(drawing.height)
    parts = [_drawn(part) for part in (*drawing.lines, *drawing.boxes, *drawing.words)]
    style = f"<style>{style}</style>" if style else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="network" role="img" '
        f'aria-label="{_text(alt)}" viewBox="0 0 {wide} {tall}" width="{wide}" height="{tall}">'
        f"{style}{''.join(parts)}</svg>"
    )


@singledispatch
def _drawn(part: object) -> str:
    raise TypeError(f"no part of a drawing: {part!r:.80}")


@_drawn.register
def _(part: Box) -> str:
    x, y, wide, tall = part.x, part.y, part.width, part.height
    found = []
    if part.tag:  # another sheet behind it: it can be opened
        found.append(_rectangle(x + 3, y + 3, wide, tall, "frame"))
    found.append(_rectangle(x, y, wide, tall, "frame"))
    if part.family:
        colour = FAMILIES.get(part.family, GREY)
        found.append(_rectangle(x, y, 5, tall, "", f' fill="{colour}"'))
    left = x + 14
    if part.tag:
        found.append(_words(left, y + 18, part.tag, "tag"))
        left += 22
    first, *others = part.lines
    found.append(_words(left, y + 18, first, "title"))
    found += [_words(left, y + 18 + 15 * k, line, "") for k, line in enumerate(others, 1)]
    return "".join(found)


@_drawn.register
def _(part: Line) -> str:
    line = f'<path class="line" d="{_path(part.points)}"/>'
    if not part.arrow:
        return line
    x, y = part.points[-1]
    head = _path(((x, y), (x - 4, y - 7), (x + 4, y - 7)))
    return f'{line}<path class="head" d="{head}Z"/>'


@_drawn.register
def _(part: Words) -> str:
    return _words(part.x, part.y, part.text, "" if part.kind == "shape" else part.kind)


def _path(points: tuple[Point, ...]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _rectangle(x: float, y: float, wide: float, tall: float, kind: str, more: str = "") -> str:
    kind = f' class="{kind}"' if kind else ""
    return f'<rect{kind} x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}"{more}/>'


def _words(x: float, y: float, words: str, kind: str) -> str:
    kind = f' class="{kind}"' if kind else ""
    return f'<text{kind} x="{x:.1f}" y="{y:.1f}">{_text(words)}</text>'


def _text(words: str) -> str:
    return escape(printable(words))
