from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data import load
from pellucid.data.annotations.annotated import MOST_BOXES
from pellucid.data.boxes import Boxes
from pellucid.data.listing import scanned
from pellucid.data.reading import Reading
from pellucid.errors import DataError
from tests.data.box_layouts import Sample, write_coco, write_table, write_voc, write_yolo
from tests.data.made_files import encoded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

READING = Reading(cache=False)


def two() -> list[Sample]:
    """Two pictures of 40×30 pixels with a cat each."""
    content = encoded(Image.new("RGB", (40, 30)))
    box = ("cat", 3.0, 4.0, 23.0, 14.0, False)
    return [Sample("train", name, content, (40, 30), [box]) for name in ("a", "b")]


def corners(path: Path, picture: str = "a") -> list[tuple[float, ...]]:
    found = scanned(path, READING)
    files = [
        file for part in found.parts.values() for file in part if f"{picture}.png" in file.name
    ]
    return [row[1:5] for row in found.targets.read([files[0].class_name]).rows(0)]  # type: ignore[attr-defined]


def table(tmp_path: Path, *lines: str) -> Path:
    path = write_table(tmp_path, two())
    rows = [f"pictures/a.png,{line},cat,train,0" for line in lines]
    path.write_text(path.read_text() + "\n".join(rows) + "\n")
    return path


def test_faults_of_boxes_are_mended_and_counted(tmp_path: Path) -> None:
    path = table(
        tmp_path, "5,5,5,9", "20,14,10,4", "-8,2,9,9", "50,2,60,9", "-1,-0.5,41,31", "9,9,9,9"
    )
    found = scanned(path, READING)
    kinds = [(fault.kind, fault.picture) for fault in found.faults]
    assert kinds == [
        (f"box-{kind}", "pictures/a.png")
        for kind in ("without-area", "inverted", "clipped", "outside", "without-area")
    ]
    assert corners(path) == [(3, 4, 23, 14), (10, 4, 20, 14), (0, 2, 9, 9), (0, 0, 40, 30)]
    notes = load(path, cache=False, validation=0, allow_one_class=True).notes
    about = {
        kind: note
        for note in notes
        for kind in ("area", "order", "outside", "out of")
        if kind in note
    }
    assert about["area"].startswith("2 boxes")
    assert "boxes.csv, line" in about["area"]
    assert about["order"].startswith("1 box ")
    assert len(about) == 4


def test_one_pixel_of_voc_is_no_box_and_corners_are_exchanged(tmp_path: Path) -> None:
    root = write_voc(tmp_path, two())
    path = root / "Annotations" / "a.xml"
    text = path.read_text()
    for old, new in (("<xmin>4</xmin>", "<xmin>30</xmin>"), ("<xmin>4</xmin>", "<xmin>23</xmin>")):
        path.write_text(text.replace(old, new))
        if "23</xmin" in new:
            assert corners(root) == []
        else:  # pixels 23 to 30, from the left edge of the first to the right edge of the last
            assert corners(root) == [(22, 4, 30, 14)]


def test_pictures_that_cannot_be_used_are_set_apart(tmp_path: Path) -> None:
    root = write_voc(tmp_path, two())
    (root / "JPEGImages" / "a.png").unlink()
    found = scanned(root, READING)
    (bad,) = found.bad
    assert bad.name == "JPEGImages/a.png"
    assert "Annotations/a.xml" in bad.reason
    with pytest.raises(DataError, match=r"JPEGImages/a.png: .*Annotations/a.xml"):
        load(root, cache=False, bad="error", validation=0)
    splits = load(root, cache=False, validation=0)
    assert len(splits.train) == 1
    assert [each.name for each in splits.quarantined] == ["JPEGImages/a.png"]
    (root / "JPEGImages" / "b.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="none of the 2 pictures"):
        load(root, cache=False)


@pytest.mark.parametrize("write", [write_voc, write_coco])
def test_annotations_for_another_size_are_refused(
    tmp_path: Path, write: Callable[[Path, list[Sample]], Path]
) -> None:
    first, second = two()
    turned = Sample("train", "a", encoded(Image.new("RGB", (30, 40))), (40, 30), first.rows)
    (bad,) = scanned(write(tmp_path, [turned, second]), READING).bad
    assert "40×30" in bad.reason
    assert "30×40" in bad.reason


def test_pictures_without_annotations_are_left_out(tmp_path: Path) -> None:
    root = write_voc(tmp_path, two())
    (root / "JPEGImages" / "c.png").write_bytes(two()[0].content)
    found = scanned(root, READING)
    assert [(fault.kind, fault.picture) for fault in found.faults] == [
        ("unlabelled", "JPEGImages/c.png")
    ]
    assert sum(map(len, found.parts.values())) == 2


def test_no_box_at_all_is_an_error(tmp_path: Path) -> None:
    content = encoded(Image.new("RGB", (40, 30)))
    empty = [Sample("train", "a", content, (40, 30), [])]
    for write in (write_voc, write_coco):
        root = write(tmp_path / write.__name__, empty)
        if write is write_coco:  # so that it is one of boxes
            file = next((root / "annotations").iterdir())
            file.write_text(file.read_text().replace("{", '{"info": "bbox", "bbox": 0, ', 1))
        with pytest.raises(DataError, match="without a single box"):
            load(root, cache=False)


ENTITIES = '<!DOCTYPE a [<!ENTITY b "lol"><!ENTITY c "&b;&b;&b;&b;">]>'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<annotation>", f"{ENTITIES}<annotation>", "document type"),
        ("<annotation>", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotation>', "document type"),
        ("</annotation>", "", "no XML"),
        ("<annotation>", "<annotation>&b;", "no XML"),
        ("<xmin>4</xmin>", "<xmin>nan</xmin>", "object 1"),
        ("<xmin>4</xmin>", "<xmin>1e400</xmin>", "object 1"),
        ("<xmin>4</xmin>", "<xmin>four</xmin>", "object 1"),
        ("<xmin>4</xmin>", "", "object 1"),
        ("<name>cat</name>", "<name> </name>", "object 1"),
        ("<name>cat</name>", "", "object 1"),
        ("<difficult>0", "<difficult>2", "object 1"),
        ("<width>40", "<width>wide", "size"),
        ("annotation>", "annotations>", "<annotation"),
    ],
)
def test_hostile_xml_ends_in_one_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    root = write_voc(tmp_path, two())
    path = root / "Annotations" / "b.xml"
    path.write_text(path.read_text().replace(old, new))
    _refused(root, f"b.xml.*{said}")


def test_document_types_hide_in_no_encoding(tmp_path: Path) -> None:
    root = write_voc(tmp_path, two())
    path = root / "Annotations" / "b.xml"
    text = f'<?xml version="1.0" encoding="utf-16"?>{ENTITIES}{path.read_text()}'
    path.write_bytes(text.encode("utf-16"))
    _refused(root, r"b\.xml.*document type")


def _coco(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def changed(path: Path) -> None:
        values = json.loads(path.read_text())
        change(values)
        path.write_text(json.dumps(values))

    return changed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda path: path.write_text(path.read_text()[:-9]), "no JSON"),
        (lambda path: path.write_text('{"images":"annotations" "categories" "bbox"' + "[" * 99999),
         "no JSON"),
        (_coco(lambda v: v.update(images={})), "lists images"),
        (_coco(lambda v: v["images"].append(7)), "image 2"),
        (_coco(lambda v: v["images"].append(v["images"][0])), "image 2.*twice"),
        (_coco(lambda v: v["images"][1].update(file_name="../../passwd")), "image 1.*leads out"),
        (_coco(lambda v: v["images"][1].update(file_name="/etc/passwd")), "image 1.*leads out"),
        (_coco(lambda v: v["images"][1].update(file_name="C:\\b.png")), "image 1.*leads out"),
        (_coco(lambda v: v["images"][1].update(file_name="a\0b.png")), "image 1"),
        (_coco(lambda v: v["images"][1].update(width="wide")), "image 1"),
        (_coco(lambda v: v["images"][1].update(id=[3])), "image 1"),
        (_coco(lambda v: v["annotations"][1].update(image_id=99)), "annotation 1.*99"),
        (_coco(lambda v: v["annotations"][1].update(category_id=99)), "annotation 1.*99"),
        (_coco(lambda v: v["annotations"][1].update(bbox=[1, 2, 3])), "annotation 1"),
        (_coco(lambda v: v["annotations"][1].update(bbox=[1, 2, 3, float("nan")])), "annotation 1"),
        (_coco(lambda v: v["annotations"][1].update(bbox=[1, 2, 3, 10**400])), "annotation 1"),
        (_coco(lambda v: v["annotations"][1].update(bbox=[1, 2, 3, True])), "annotation 1"),
        (_coco(lambda v: v["annotations"][1].update(iscrowd="x")), "annotation 1"),
        (_coco(lambda v: v["annotations"][1].pop("bbox")), "annotation 1.*bbox"),
        (_coco(lambda v: v["categories"][0].update(name=5)), "category 0"),
        (_coco(lambda v: v["categories"][0].update(name="\ud800")), "category 0"),
    ],
)  # fmt: skip
def test_hostile_json_ends_in_one_line(
    tmp_path: Path, change: Callable[[Path], object], said: str
) -> None:
    root = write_coco(tmp_path, two())
    change(root / "annotations" / "instances_train2017.json")
    _refused(root, f"instances_train2017.json.*{said}")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1 0.5 0.5 0.1 0.1", "0..0"),
        ("-1 0.5 0.5 0.1 0.1", "0..0"),
        ("²  0.5 0.5 0.1 0.1", "0..0"),
        ("9999999999999999999999 0.5 0.5 0.1 0.1", "0..0"),
        ("0 0.5 0.5 0.1", "4 numbers"),
        ("0 0.5 0.5 0.1 0.1 0.9", "6 numbers"),
        ("0 0.5 0.5 nan 0.1", "nan"),
        ("0 0.5 0.5 0,1 0.1", "0,1"),
    ],
)
def test_hostile_yolo_ends_in_one_line(tmp_path: Path, line: str, said: str) -> None:
    root = write_yolo(tmp_path, two())
    path = root / "labels" / "train" / "b.txt"
    path.write_text(f"{path.read_text()}\n{line}\n")
    _refused(root, rf"b\.txt, line 3: .*{said}")


def test_yolo_without_names_says_where_they_are_expected(tmp_path: Path) -> None:
    root = write_yolo(tmp_path, two())
    (root / "data.yaml").unlink()
    _refused(root, "classes.txt")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("pictures/a.png,1,2,3,,cat,train,0", "line 4.*ymax"),
        ("pictures/a.png,1,2,3,x,cat,train,0", "line 4.*ymax.*'x'"),
        ("pictures/a.png,1,2,3,inf,cat,train,0", "line 4.*ymax"),
        ("pictures/a.png,1,2,3,4,,train,0", "line 4.*class"),
        ("pictures/a.png,1,2,3,4,cat,elsewhere,0", "line 4.*elsewhere"),
        ("pictures/a.png,1,2,3,4,cat,train,maybe", "line 4.*difficult"),
        ("../../etc/passwd,1,2,3,4,cat,train,0", "line 4.*leads out"),
        (",1,2,3,4,cat,train,0", "line 4.*path"),
    ],
)
def test_hostile_tables_end_in_one_line(tmp_path: Path, line: str, said: str) -> None:
    path = write_table(tmp_path, two())
    path.write_text(f"{path.read_text()}{line}\n")
    _refused(path, f"boxes.csv, {said}")


def test_a_picture_with_boxes_without_end_is_refused(tmp_path: Path) -> None:
    path = write_table(tmp_path, two())
    path.write_text(path.read_text() + "pictures/a.png,1,2,3,4,cat,train,0\n" * MOST_BOXES)
    _refused(path, f"{MOST_BOXES} boxes")


def test_random_bytes_are_no_traceback(tmp_path: Path) -> None:
    draws = np.random.default_rng(11)
    root = write_voc(tmp_path / "voc", two())
    coco, yolo = write_coco(tmp_path / "coco", two()), write_yolo(tmp_path / "yolo", two())
    listed = write_table(tmp_path / "csv", two())
    for source, file in (
        (root, root / "Annotations" / "b.xml"),
        (coco, coco / "annotations" / "instances_train2017.json"),
        (yolo, yolo / "labels" / "train" / "b.txt"),
        (yolo, yolo / "data.yaml"),
        (listed, listed),
    ):
        content = file.read_bytes()
        for _ in range(30):
            broken = bytearray(content)
            for at in draws.integers(0, len(content), 3).tolist():
                broken[at] = int(draws.integers(256))
            file.write_bytes(broken)
            try:
                found = scanned(source, READING)
            except DataError as error:
                assert "\n" not in str(error), f"seed 11, {file.name}"  # noqa: PT017
            else:
                assert isinstance(found.targets, Boxes) or source != root
        file.write_bytes(content)


def _refused(path: Path, said: str) -> None:
    with pytest.raises(DataError) as caught:
        scanned(path, READING)
    assert "\n" not in str(caught.value)
    assert re.search(said, str(caught.value)), str(caught.value)
