"""The frame of all pages: whole, and closed to what titles would smuggle in."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pellucid
from pellucid.data.web_page import web_page


class Reader(HTMLParser):
    """What stands within each element, and which attributes there are."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.within: dict[str, str] = {}
        self.meta: list[dict[str, str | None]] = []
        self.tags: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "meta":
            self.meta.append(dict(attrs))
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.within[self.open[-1]] = self.within.get(self.open[-1], "") + data


def test_a_page() -> None:
    title = "</title><script>alert(1)</script> 고양이\n\x1b[2J"
    page = web_page(title, "p { margin: 0; }", (f"<p>{k}</p>" for k in ("one", "two")))
    read = Reader(page)
    assert read.tags == ["html", "head", "meta", "meta", "meta", "title", "style", "body", "p", "p"]
    assert read.within["title"] == r"</title><script>alert(1)</script> 고양이\n\x1b[2J"
    assert read.within["style"] == "p { margin: 0; }"
    assert read.within["p"] == "onetwo"
    assert read.meta[0] == {"charset": "utf-8"}
    assert read.meta[2] == {
        "http-equiv": "Content-Security-Policy",
        "content": "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
    }
    assert page.startswith("<!doctype html>\n")
    assert page.endswith("</html>\n")


def test_no_other_module_writes_a_head_of_its_own() -> None:
    root = Path(pellucid.__file__).parent
    heads = [
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if re.search(r"<!doctype|Content-Security-Policy", path.read_text("utf-8"), re.IGNORECASE)
    ]
    assert heads == ["data/web_page.py"]
