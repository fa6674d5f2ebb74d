"""The frame of every web page that is written: one file that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE_START = (
    b'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    b'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    b'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:;'
)
"""How every page begins; a folder of such pages is recognised by it, so it must not change."""

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def web_page(title: str, style: str, body: Iterable[str]) -> str:
    """One HTML file, for any browser, from the width of a telephone.

    Its policy lets it fetch nothing and run nothing, whatever stands in it; pictures are inside.

    Args:
        title: In plain words, which are escaped here.
        style: CSS.
        body: What is between ``<body>`` and ``</body>``, as HTML, a piece a line.
    """
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            f"<title>{escape(printable(title))}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            *body,
            "</body>",
            "</html>",
            "",
        )
    )
