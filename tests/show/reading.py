"""What tests read of pages: tags, text, pictures; whatever is written, they are whole and safe."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from itertools import pairwise

from PIL import Image

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>\n\x1b[31m고양이'
"""A name that would run a script, break a line and colour a terminal."""

_VOID = ("meta", "img", "br", "link", "input", "hr")
_TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "section", "h1", "h2", "h3", "h4",
    "h5", "p", "small", "strong", "span", "i", "div", "dl", "dt", "dd", "ul", "li", "img", "br",
    "code", "pre", "table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary",
}  # fmt: skip
_SVG = {"svg", "defs", "g", "path", "use", "clippath", "rect", "image", "style", "text", "pattern"}


class Reader(HTMLParser):
    """Every tag with its attributes, the text, and that all elements are closed in their order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in (_SVG if "svg" in self.open or tag == "svg" else _TAGS), tag
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _SVG, tag
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open and "svg" not in self.open:
            self.text += data

    def all(self, wanted: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a kind."""
        return [attributes for tag, attributes in self.tags if tag == wanted]

    @property
    def charts(self) -> list[str]:
        """What the figures are said to show."""
        return [str(attributes["aria-label"]) for attributes in self.all("svg")]


def read(page: str) -> Reader:
    """A page, checked for what holds for all: nothing is fetched or run, readers find their way."""
    reader = Reader(page)
    (policy,) = [a for a in reader.all("meta") if a.get("http-equiv")]
    assert policy["content"] == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert reader.tags[0] == ("html", {"lang": "en"})
    names = [tag for tag, _ in reader.tags]
    assert names.count("h1") == names.count("title") == names.count("main") == 1
    levels = [int(name[1]) for name in names if re.fullmatch("h[1-6]", name)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    check_safe(page, reader)
    return reader


def check_safe(page: str, reader: Reader) -> None:
    """Names add nothing, and what there is can be reached by keyboard and read aloud."""
    assert "\x1b" not in page
    for tag, attributes in reader.tags:
        assert not any(name.startswith("on") for name in attributes), tag
        for name in ("src", "href", "xlink:href"):
            assert str(attributes.get(name, "#")).startswith(("data:image/", "#")), tag
    assert all(a.get("scope") in ("col", "row") for a in reader.all("th"))
    assert all(a.get("tabindex") == "0" for a in reader.all("div") if a.get("class") == "scroll")
    for chart in reader.charts:
        assert len(chart) > 5


def picture(address: str | None) -> Image.Image:
    """The picture inside an address."""
    kind, content = str(address).split(",")
    assert kind == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(content)))
