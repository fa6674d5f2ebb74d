"""What is found out about boxes around things."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pellucid.data import load
from pellucid.data.check import Finding, inspect, inspect_datasets
from pellucid.data.check.boxes import FEW_BOXES
from pellucid.show.boxed import COLOURS, DrawnBox, boxed
from tests.data.box_layouts import Row, Sample, write_table, write_voc
from tests.data.made_files import encoded

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data.check import DataReport


def samples(count: int, *rows: Row) -> list[Sample]:
    """Different noise of 208×160 pixels, each with these boxes and one more."""
    draws = np.random.default_rng(3)
    return [
        Sample(
            "train", f"{i:03}",
            encoded(Image.fromarray(draws.integers(0, 255, (160, 208, 3)).astype(np.uint8))),
            (208, 160), [("cell", 100.0, 90.0, 140.0, 130.0, False), *rows],
        )
        for i in range(count)
    ]  # fmt: skip


def of_kind(report: DataReport, kind: str) -> list[Finding]:
    for finding in report.findings:
        assert finding.line.isprintable()
    return [finding for finding in report.findings if finding.kind == kind]


def test_good_boxes_have_no_findings(tmp_path: Path) -> None:
    report = inspect(write_voc(tmp_path, samples(FEW_BOXES)))
    assert {finding.kind for finding in report.findings} == {"understood"}
    (count,) = report.boxes
    assert (count.name, count.boxes, count.ignored) == ("cell", {"train": FEW_BOXES}, 0)
    assert {count.smallest, count.median, count.largest} == {(40, 40)}
    assert report.network_size == (160, 224)  # 192 is as near to 208, and is smaller
    assert report.boxes_of("JPEGImages/000.png") == [("cell", 100, 90, 140, 130, False)]
    described = json.loads(json.dumps(report.to_dict()))
    assert described["boxes"][0]["median"] == [40, 40]


def test_boxes_twice_tiny_few_and_none(tmp_path: Path) -> None:
    twice: Row = ("cell", 101.0, 90.0, 140.0, 130.0, False)
    thin: Row = ("hair", 10.0, 10.0, 60.0, 14.0, False)
    skipped: Row = ("hair", 10.0, 40.0, 60.0, 44.0, True)
    given = [
        *samples(3, twice, thin, skipped),
        Sample("train", "z", samples(4)[3].content, (208, 160), []),
    ]
    report = inspect(write_table(tmp_path, given), near=False)
    doubled = of_kind(report, "box-doubled")
    assert [finding.names for finding in doubled] == [(f"pictures/00{i}.png",) for i in range(3)]
    (tiny,) = of_kind(report, "box-tiny")
    assert tiny.words.startswith("3 boxes of hair")
    assert len(tiny.names) == 3
    assert [f.names for f in of_kind(report, "few-boxes")] == [("cell",), ("hair",)]
    assert [f.names for f in of_kind(report, "no-boxes")] == [("pictures/z.png",)]
    assert {each.name: each.ignored for each in report.boxes} == {"cell": 0, "hair": 3}
    assert not report.spoiling


def test_what_readers_mended_is_found(tmp_path: Path) -> None:
    root = write_voc(tmp_path, samples(2))
    path = root / "Annotations" / "000.xml"
    text = path.read_text()
    thing = text[text.index("<object>") : text.index("</object>") + len("</object>")]
    kinds = {
        "box-without-area": thing.replace("<xmax>140", "<xmax>101"),
        "box-outside": thing.replace("<xmin>101", "<xmin>300").replace("<xmax>140", "<xmax>400"),
        "box-inverted": thing.replace("<xmin>101", "<xmin>190"),
        "box-clipped": thing.replace("<ymax>130", "<ymax>190"),
    }
    path.write_text(text.replace(thing, "".join(kinds.values())))
    (root / "JPEGImages" / "extra.png").write_bytes(samples(3)[2].content)
    (root / "JPEGImages" / "001.png").unlink()
    report = inspect(root)
    for kind in kinds:
        (finding,) = of_kind(report, kind)
        assert finding.names == ("JPEGImages/000.png",)
        assert "Annotations/000.xml" in finding.words
    assert [f.names for f in of_kind(report, "unlabelled")] == [("JPEGImages/extra.png",)]
    (missing,) = of_kind(report, "unusable")
    assert missing.names == ("JPEGImages/001.png",)
    assert len(of_kind(report, "understood")) == 1


def test_equal_pictures_in_two_parts_leak_whatever_their_boxes(tmp_path: Path) -> None:
    first, second = samples(2)
    again = Sample("test", "copy", first.content, first.size, [*first.rows, *first.rows])
    report = inspect(write_voc(tmp_path, [first, second, again]), near=False)
    (leak,) = of_kind(report, "leakage")
    assert set(leak.names) == {"JPEGImages/000.png", "JPEGImages/copy.png"}
    assert not of_kind(report, "conflicting-labels")
    assert all("[" not in finding.words for finding in report.findings)


def test_data_that_are_loaded_are_judged_in_their_pixels(tmp_path: Path) -> None:
    splits = load(write_voc(tmp_path, samples(3)), cache=False, image_size=(80, 104), validation=0)
    report = inspect_datasets({"train": splits.train})
    assert report.network_size == (80, 104)
    assert report.boxes[0].median == (20, 20)


def test_a_page_shows_pictures_with_their_boxes(tmp_path: Path) -> None:
    report = inspect(write_voc(tmp_path, samples(8)))
    assert len(report.examples) == 6
    report.save(tmp_path / "check.html")
    text = (tmp_path / "check.html").read_text()
    assert text.count("data:image/png") >= 6
    assert "Boxes by class" in text


@pytest.mark.parametrize("side", [60, 240])
def test_boxes_are_drawn_where_they_are(side: int) -> None:
    picture = Image.new("L", (120, 60), 0)
    boxes = [DrawnBox((20, 10, 80, 50)), DrawnBox((0, 0, 120, 60), colour=COLOURS[0])]
    drawn = np.asarray(boxed(picture, boxes, side))
    scale = side / 120
    assert drawn.shape == (side // 2, side, 3)
    blue, orange = (tuple(bytes.fromhex(COLOURS[k][1:])) for k in (1, 0))
    rows, columns = np.nonzero((drawn == blue).all(axis=-1))
    found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert found == [round(each * scale) for each in (20, 10, 80, 50)]
    assert tuple(drawn[0, 0]) == tuple(drawn[-1, -1]) == orange
    assert (drawn[side // 4, side // 2] == 0).all()
