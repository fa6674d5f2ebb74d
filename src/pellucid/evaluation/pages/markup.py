"""The few elements that pages are made of; whatever is called something is escaped here."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING

from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from PIL import Image


def text(words: str) -> str:
    """Words or a name as text of a page, on one line."""
    return escape(printable(words))


def source(content: bytes) -> str:
    """A PNG file as an address that needs no network."""
    return f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"


def chart(content: bytes, alternative: str, width: int, *, css: str = "chart") -> str:
    """A chart.

    Args:
        content: A PNG file.
        alternative: What it shows, for who cannot see it.
        width: In CSS pixels, where there is room.
        css: Its class.
    """
    return f'<img class="{css}" alt="{text(alternative)}" width="{width}" src="{source(content)}">'


def picture(image: Image.Image, side: int) -> str:
    """A picture of the data, enlarged by a whole factor so that every pixel can be seen.

    Its alternative text is empty: what it shows stands below it.

    Args:
        image: It is not changed.
        side: Its longer side is brought to at most so many CSS pixels.
    """
    small = image.copy()
    small.thumbnail((side, side))
    content = io.BytesIO()
    small.save(content, "PNG")
    factor = max(1, side // max(small.size))
    return (
        f'<img class="pixels" alt="" width="{small.width * factor}" '
        f'height="{small.height * factor}" src="{source(content.getvalue())}">'
    )


def table(label: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column names its rows.

    Args:
        label: What it shows, for who comes to it by keyboard.
        heads: One a column.
        rows: Their cells' words.
    """
    head = "".join(f'<th scope="col">{text(each)}</th>' for each in heads)
    body = "".join(
        f'<tr><th scope="row">{text(first)}</th>'
        f"{''.join(f'<td>{text(cell)}</td>' for cell in cells)}</tr>"
        for first, *cells in rows
    )
    return (
        # what scrolls must be reachable by keyboard
        f'<div class="scroll" role="region" aria-label="{text(label)}" tabindex="0">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def folded(title: str, content: str) -> str:
    """Content that is seen when its title is clicked, and in print."""
    return f"<details><summary>{text(title)}</summary>{content}</details>"
