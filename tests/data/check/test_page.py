"""The page and the sheet: whole by themselves, safe whatever files are called, readable by all."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from pellucid.data.check import ClassCount, DataReport, contact_sheet, html_page
from pellucid.data.check.page import MOST_FINDINGS, MOST_NAMES
from pellucid.data.check.report import found, gravest_first
from tests.data.made_files import noise

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>\n\x1b[31m고양이'


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
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def report(*findings: tuple[str, tuple[str, ...], str]) -> DataReport:
    return DataReport(
        name=HOSTILE,
        parts=("train", "test"),
        classes=(
            ClassCount(HOSTILE, {"train": 3, "test": 1}, 2, (4, 5), (6, 7)),
            ClassCount("none", {"train": 0, "test": 0}, 0, None, None),
        ),
        findings=gravest_first([found(*finding) for finding in findings]),
        preview=lambda name: None if name == "none" else Image.fromarray(noise(1, 200, 100, 3)),
    )


def test_names_add_nothing_to_the_page() -> None:
    page = html_page(report(("leakage", (HOSTILE, "none"), HOSTILE)))
    reader = Reader(page)
    assert {tag for tag, _ in reader.tags} <= {
        "html", "head", "meta", "title", "style", "body", "header", "h1", "p", "strong", "main",
        "h2", "h3", "table", "thead", "tbody", "tr", "th", "td", "section", "div", "ul", "li",
        "img",
    }  # fmt: skip
    assert "<script>alert(2)</script>\\n\\x1b[31m고양이" in reader.text
    assert "\x1b" not in page
    for tag, attributes in reader.tags:
        assert not any(name.startswith("on") for name in attributes), tag


def test_nothing_is_fetched() -> None:
    page = html_page(report(("leakage", ("a.jpg",), "words")))
    policy = next(a for tag, a in Reader(page).tags if a.get("http-equiv"))
    assert policy["content"] == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert not re.search(r"https?:|src=\"(?!data:)|url\(|@import", page)


def test_pictures_lie_inside_small_and_as_they_are() -> None:
    page = html_page(report(("duplicates", ("a.jpg", "none"), "words")))
    (image,) = [attributes for tag, attributes in Reader(page).tags if tag == "img"]
    kind, content = str(image["src"]).split(",")
    assert kind == "data:image/png;base64"
    picture = Image.open(io.BytesIO(base64.b64decode(content)))
    assert picture.size == (48, 96)
    assert (image["width"], image["height"]) == ("48", "96")
    assert image["alt"] == ""  # the name stands below


def test_small_pictures_are_enlarged_by_whole_factors() -> None:
    small = DataReport(
        "d", ("all",), (), (found("duplicates", ("a",), "w"),),
        preview=lambda name: Image.fromarray(noise(1, 28, 20)),
    )  # fmt: skip
    (image,) = [attributes for tag, attributes in Reader(html_page(small)).tags if tag == "img"]
    assert (image["width"], image["height"]) == ("60", "84")


def test_what_a_reader_needs() -> None:
    """A language, a title, headings in order, a table with heads, sections with names."""
    tags = Reader(html_page(report(("tiny", ("a",), "w")))).tags
    names = [tag for tag, _ in tags]
    assert tags[0] == ("html", {"lang": "en"})
    assert names.count("h1") == names.count("title") == names.count("main") == 1
    levels = [int(name[1]) for name in names if re.fullmatch("h[1-6]", name)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(a.get("scope") in ("col", "row") for tag, a in tags if tag == "th")
    labels = [a["aria-labelledby"] for tag, a in tags if tag == "section"]
    identities = [a["id"] for tag, a in tags if "id" in a]
    assert labels == identities


def test_the_verdict_and_the_findings_stand_there() -> None:
    text = Reader(
        html_page(report(("leakage", ("a",), "first words"), ("tiny", ("b",), "w2")))
    ).text
    assert "1 finding must be corrected before training." in text
    assert text.index("Stops training") < text.index("first words") < text.index("Warnings")
    assert text.index("Warnings") < text.index("w2") < text.index("Notes")
    assert "The same picture in several parts (1)" in text
    good = Reader(html_page(report(("tiny", ("b",), "w2")))).text
    assert "Nothing was found that must be corrected" in good


def test_long_lists_are_cut_and_counted() -> None:
    many = [("unusable", (f"bad{i}.png",), "words") for i in range(MOST_FINDINGS + 7)]
    wide = ("tiny", tuple(f"tiny{i}.png" for i in range(MOST_NAMES + 4)), "words")
    text = Reader(html_page(report(*many, wide))).text
    assert "And 7 more." in text
    assert "And 4 more." in text
    assert f"bad{MOST_FINDINGS - 1}.png" in text
    assert f"bad{MOST_FINDINGS}.png" not in text
    assert f"tiny{MOST_NAMES}.png" not in text


@pytest.mark.parametrize(("channels", "count"), [(1, 10), (3, 3)])
def test_a_sheet_shows_every_pixel(channels: int, count: int) -> None:
    images = noise(3, count, 28, 20, channels)
    sheet = np.array(contact_sheet(images, ["name"] * count, columns=4))
    for i in range(count):
        row, column = divmod(i, min(4, count))
        top, left = 8 + row * (28 * 4 + 14 + 4 + 8), 8 + column * (20 * 4 + 8)
        shown = sheet[top : top + 28 * 4, left : left + 20 * 4]
        np.testing.assert_array_equal(shown[1::4, 2::4], np.broadcast_to(images[i], (28, 20, 3)))


def test_captions_stand_below_and_fit() -> None:
    images = np.full((2, 40, 40, 1), 255, np.uint8)
    sheet = np.array(contact_sheet(images, ["cat", "a very long name " * 20]).convert("L"))
    ink = sheet < 128
    assert ink[:88].sum() == 0  # nothing over the pictures
    assert ink[88:, :88].any()
    assert ink[88:, 96:].any()
    assert not ink[:, -8:].any()


def test_large_pictures_are_not_reduced() -> None:
    sheet = contact_sheet(noise(1, 1, 300, 200, 3), ["x"])
    assert sheet.width == 200 + 16
