"""The page and the sheet: whole by themselves, safe whatever files are called, readable by all."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pellucid.data.check import ClassCount, DataReport
from pellucid.data.check.report import found, gravest_first
from pellucid.show.check import FINDINGS, NAMES
from pellucid.show.contact_sheet import contact_sheet
from tests.data.made_files import noise
from tests.show.reading import HOSTILE, picture, read

MOST_FINDINGS, MOST_NAMES = FINDINGS.page, NAMES.page


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
    reader = read(report(("leakage", (HOSTILE, "none"), HOSTILE)).to_html())
    assert "<script>alert(2)</script>\\n\\x1b[31m고양이" in reader.text


def test_pictures_lie_inside_small_and_as_they_are() -> None:
    page = report(("duplicates", ("a.jpg", "none"), "words")).to_html()
    (image,) = read(page).all("img")
    assert picture(image["src"]).size == (48, 96)
    assert (image["width"], image["height"]) == ("48", "96")
    assert image["alt"] == ""  # the name is below


def test_small_pictures_are_enlarged_by_whole_factors() -> None:
    small = DataReport(
        "d", ("all",), (), (found("duplicates", ("a",), "w"),),
        preview=lambda name: Image.fromarray(noise(1, 28, 20)),
    )  # fmt: skip
    (image,) = read(small.to_html()).all("img")
    assert (image["width"], image["height"]) == ("60", "84")


def test_the_verdict_and_the_findings_stand_there() -> None:
    text = read(report(("leakage", ("a",), "first words"), ("tiny", ("b",), "w2")).to_html()).text
    assert "1 finding must be corrected" in text
    assert text.index("Stops training") < text.index("first words") < text.index("Warnings")
    assert text.index("Warnings") < text.index("w2")
    assert "Notes" not in text  # what is not there has no heading
    assert "The same picture in several parts (1)" in text
    good = read(report(("tiny", ("b",), "w2")).to_html()).text
    assert "Nothing was found that must be corrected" in good


def test_long_lists_are_cut_and_counted() -> None:
    many = [("unusable", (f"bad{i}.png",), "words") for i in range(MOST_FINDINGS + 7)]
    wide = ("tiny", tuple(f"tiny{i}.png" for i in range(MOST_NAMES + 4)), "words")
    text = read(report(*many, wide).to_html()).text
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
