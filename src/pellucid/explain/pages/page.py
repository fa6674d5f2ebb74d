"""Pieces of HTML that all explanations share, and the page around them.

What a notebook shows and what a file holds is the same fragment. It runs no script and loads
nothing; names are escaped.
"""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from pellucid.data.web_page import web_page
from pellucid.explain.pages.sheet import scale_bar
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PAGE_STYLE = """
:root { color-scheme: light dark; }
body { margin: 1rem auto; padding: 0 1rem; max-width: 62rem; }
"""

_STYLE = """
.pellucid { font: 1rem/1.45 system-ui, sans-serif; max-width: 62rem; }
.pellucid h2 { font-size: 1.4rem; margin: .5rem 0; }
.pellucid h3 { font-size: 1.05rem; margin: 1.2rem 0 .2rem; overflow-wrap: anywhere; }
.pellucid p { margin: .2rem 0; overflow-wrap: anywhere; }
.pellucid img { display: block; max-width: 100%; image-rendering: pixelated; margin: .3rem 0; }
.pellucid .scroll { overflow-x: auto; }
.pellucid table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.pellucid th, .pellucid td { border-bottom: 1px solid #767676; padding: .15rem .7rem;
  text-align: right; white-space: nowrap; }
.pellucid th:first-child, .pellucid td:first-child { text-align: left; }
.pellucid .legend { display: flex; gap: .5rem; align-items: center; font-size: .9rem;
  flex-wrap: wrap; }
.pellucid .bar { display: inline-block; height: .8rem; background: #0072b2; }
"""


def text(words: object) -> str:
    """Words for HTML: one line, escaped."""
    return escape(printable(str(words)))


def image(content: bytes, says: str) -> str:
    """A PNG inside the page; ``says`` stands for it where it cannot be seen."""
    data = base64.b64encode(content).decode()
    return f'<img src="data:image/png;base64,{data}" alt="{text(says)}">'


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], name: str) -> str:
    """A table; what scrolls can be reached by keyboard."""
    head = "".join(f'<th scope="col">{text(each)}</th>' for each in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="scroll" role="region" aria-label="{text(name)}" tabindex="0"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def legend() -> str:
    """What the colours mean."""
    return (
        '<p class="legend"><span>− (dark)</span>'
        f"{image(scale_bar(), 'dark blue is negative, grey is 0, light yellow is positive')}"
        "<span>+ (light); 0 is grey. Each step has its own scale, as far as its largest size."
        "</span></p>"
    )


def fragment(parts: Iterable[str]) -> str:
    """What a notebook shows."""
    return "\n".join(('<div class="pellucid">', f"<style>{_STYLE}</style>", *parts, "</div>"))


def page(title: str, *fragments: str) -> str:
    """Fragments as one HTML file, for any browser."""
    return web_page(title, _PAGE_STYLE, ("<main>", *fragments, "</main>"))
