from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pellucid.data import load, load_for
from pellucid.data.annotations.class_lists import names_of_yaml
from pellucid.data.boxes import Boxes
from pellucid.data.listing import scanned, task_at_a_glance
from pellucid.data.reading import Reading
from pellucid.errors import DataError
from tests.data.box_layouts import (
    LAYOUTS,
    Row,
    Sample,
    write_coco,
    write_table,
    write_voc,
    write_yolo,
)
from tests.data.made_files import encoded

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data.dataset import Dataset


def samples(*, ignored: bool = False) -> list[Sample]:
    """Pictures of several sizes, some without boxes, each box a bright rectangle."""
    draws = np.random.default_rng(7)
    found = []
    for number in range(12):
        width, height = (int(side) for side in draws.integers(30, 90, 2))
        pixels = draws.integers(0, 20, (height, width, 3)).astype(np.uint8)
        rows: list[Row] = []
        for _ in range(0 if number in (4, 11) else int(draws.integers(1, 5))):
            x0, y0 = int(draws.integers(0, width - 9)), int(draws.integers(0, height - 9))
            x1, y1 = int(draws.integers(x0 + 6, width + 1)), int(draws.integers(y0 + 6, height + 1))
            name = ("red cell", "cell & more", "ü")[int(draws.integers(3))]
            skip = ignored and draws.random() < 0.4
            rows.append((name, float(x0), float(y0), float(x1), float(y1), skip))
            pixels[y0:y1, x0:x1] = 200
        part = ("train", "train", "val", "test")[number % 4]
        content = encoded(Image.fromarray(pixels))
        found.append(Sample(part, f"{number:03}", content, (width, height), rows))
    return found


def boxes_by_name(data: Dataset | None) -> dict[str, list[object]]:
    assert data is not None
    assert data.names is not None
    targets = data.targets
    assert isinstance(targets, Boxes)
    return {
        name.rpartition("/")[2]: [
            (row[0], *np.round(row[1:5], 4).tolist(), row[5]) for row in targets.rows(i)
        ]
        for i, name in enumerate(data.names)
    }


@pytest.mark.parametrize("ignored", [False, True])
def test_all_layouts_give_the_same_boxes_and_pixels(tmp_path: Path, ignored: bool) -> None:
    given = samples(ignored=ignored)
    layouts = {name: w for name, w in LAYOUTS.items() if name != "yolo" or not ignored}
    splits = {
        name: load(write(tmp_path / name, given), cache=False) for name, write in layouts.items()
    }
    first = splits["voc"]
    for found in splits.values():
        assert found.train.classes == ("cell & more", "red cell", "ü")
        assert found.train.image_shape == first.train.image_shape
        for part in ("train", "validation", "test"):
            one, other = getattr(found, part), getattr(first, part)
            assert boxes_by_name(one) == boxes_by_name(other)
            np.testing.assert_array_equal(one.images, other.images)
            assert one.fingerprint() == other.fingerprint() or found is splits["yolo"]
    numbers = [len(each.rows) for each in given if each.part == "train"]
    assert isinstance(first.train.targets, Boxes)
    assert first.train.targets.present.sum(axis=1).tolist() == numbers


def test_boxes_lie_on_their_pixels(tmp_path: Path) -> None:
    data = load(write_voc(tmp_path, samples()), cache=False, image_size=(96, 128)).train
    assert data.image_shape == (96, 128, 3)
    assert isinstance(data.targets, Boxes)
    for i, image in enumerate(data.images):
        for _, x0, y0, x1, y1, _ in data.targets.rows(i):
            inside = image[round(y0) + 2 : round(y1) - 2, round(x0) + 2 : round(x1) - 2]
            assert (inside == 200).all()
    empty = [i for i in range(len(data)) if not data.targets.rows(i)]
    assert empty
    assert (data.images[empty] < 100).all()


def test_the_cache_gives_the_same(tmp_path: Path) -> None:
    root = write_coco(tmp_path / "data", samples())
    plain, first, again = (
        load(root, cache=cache).train for cache in (False, tmp_path / "kept", tmp_path / "kept")
    )
    assert plain.fingerprint() == first.fingerprint() == again.fingerprint()


def test_a_model_takes_boxes_in_its_own_classes_and_size(tmp_path: Path) -> None:
    path = write_table(tmp_path, samples())
    splits = load(path, cache=False)
    known = Boxes.like(("ü", "other", "red cell", "cell & more"))
    from pellucid.data import Preprocessing

    found = load_for(
        path, preprocessing=Preprocessing(64, 64, 3), classes=known.classes, known=known,
        split="validation", cache=False,
    )  # fmt: skip
    assert found.classes == known.classes
    assert found.image_shape == (64, 64, 3)
    counts = splits.validation.targets.counts() if splits.validation else {}
    assert {k: v for k, v in found.targets.counts().items() if v} == {
        k: v for k, v in counts.items() if v
    }
    with pytest.raises(DataError):
        load_for(
            path, preprocessing=Preprocessing(64, 64, 3), classes=("ü",), known=Boxes.like(("ü",)),
            cache=False,
        )  # fmt: skip


def test_undivided_boxes_are_drawn_with_their_classes(tmp_path: Path) -> None:
    given = [Sample("all", s.name, s.content, s.size, s.rows) for s in samples()]
    path = write_table(tmp_path, given)
    path.write_text(path.read_text().replace(",all,", ",,").replace("split,", "note,"))
    splits = load(path, cache=False, allow_one_class=True)
    assert splits.drawn == ("validation", "test")
    whole = scanned(path, Reading(cache=False))
    assert set(whole.parts) == {"all"}
    assert len(whole.parts["all"]) == len(given)


def test_the_size_is_near_the_shape_of_the_pictures(tmp_path: Path) -> None:
    from pellucid.data.annotations.picture_boxes import image_size_for

    assert image_size_for([(640, 480)] * 5 + [(100, 900)]) == (320, 416)
    assert image_size_for([(480, 640)]) == (416, 320)
    assert image_size_for([(100, 70)]) == (64, 96)
    assert image_size_for([(5000, 10)]) == (32, 416)


def test_coco_in_folders_of_parts_and_one_file(tmp_path: Path) -> None:
    given = samples()
    root = write_coco(tmp_path / "a", given)
    expected = load(root, cache=False)
    for part in ("train", "val", "test"):  # as Roboflow has it
        (tmp_path / "b" / part).mkdir(parents=True)
        for file in (root / f"{part}2017").iterdir():
            file.rename(tmp_path / "b" / part / file.name)
        there = tmp_path / "b" / part / "_annotations.coco.json"
        (root / "annotations" / f"instances_{part}2017.json").rename(there)
    found = load(tmp_path / "b", cache=False)
    assert boxes_by_name(found.train) == boxes_by_name(expected.train)
    for folder in ("val", "test"):  # where the pictures of a part are in a folder of its name
        file = write_coco(tmp_path / f"c{folder}", given) / "annotations"
        whole = scanned(file / f"instances_{folder}2017.json", Reading(cache=False))
        assert len(whole.parts["all"]) == 3
    one = scanned(tmp_path / "b" / "train" / "_annotations.coco.json", Reading(cache=False))
    assert set(one.parts) == {"all"}
    assert len(one.parts["all"]) == len(found.train)


def test_voc_beside_the_pictures_and_in_folders_of_parts(tmp_path: Path) -> None:
    given = samples()
    expected = load(write_voc(tmp_path / "a", given), cache=False)
    for part in ("train", "val", "test"):
        write_voc(tmp_path / part, [each for each in given if each.part == part])
        (tmp_path / "b" / part).mkdir(parents=True)
        for folder in ("JPEGImages", "Annotations"):
            for file in (tmp_path / part / folder).iterdir():
                file.rename(tmp_path / "b" / part / file.name)
    found = load(tmp_path / "b", cache=False)
    for part in ("train", "validation", "test"):
        assert boxes_by_name(getattr(found, part)) == boxes_by_name(getattr(expected, part))


def test_trainval_and_names_with_endings_divide_voc(tmp_path: Path) -> None:
    root = write_voc(tmp_path, samples())
    lists = root / "ImageSets" / "Main"
    both = (lists / "train.txt").read_text() + (lists / "val.txt").read_text()
    (lists / "trainval.txt").write_text(both)
    (lists / "aeroplane_train.txt").write_text("000 -1\n001  1\n")
    assert len(load(root, cache=False).train) == 6
    (lists / "val.txt").unlink()
    (lists / "train.txt").unlink()
    (lists / "test.txt").write_text("JPEGImages/003.png\n007.png\n011\n")
    found = load(root, cache=False, validation=0)
    assert (len(found.train), found.validation, len(found.test or ())) == (9, None, 3)


def test_yolo_in_folders_of_parts_with_outlines_and_background(tmp_path: Path) -> None:
    root = write_yolo(tmp_path / "a", samples())
    for part in ("train", "val", "test"):
        for folder in ("images", "labels"):
            (tmp_path / "b" / part).mkdir(parents=True, exist_ok=True)
            (root / folder / part).rename(tmp_path / "b" / part / folder)
    (tmp_path / "b" / "classes.txt").write_text("ü\nred cell\ncell & more\n")
    labels = tmp_path / "b" / "train" / "labels"
    (labels / "000.txt").write_text("1 0.25 0.5 0.75 0.25 0.5 0.75\n")
    (labels / "001.txt").unlink()
    found = load(tmp_path / "b", cache=False, image_size=(64, 64))
    by_name = boxes_by_name(found.train)
    assert by_name["001.png"] == []
    (row,) = (
        scanned(tmp_path / "b", Reading(cache=False))
        .targets.read([scanned(tmp_path / "b", Reading(cache=False)).parts["train"][0].class_name])
        .array[0]
    )
    width, height = samples()[0].size
    expected = [0.25 * width, 0.25 * height, 0.75 * width, 0.75 * height]
    np.testing.assert_allclose(row[:4], expected, rtol=1e-6)
    assert any("001.png" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("nc: 2\nnames: [cat, 'a, b', \"c\\\"d\"]  # three\n", ("cat", "a, b", 'c"d')),
        ("names:\n- cat\n- 'it''s'\nnc: 2\n", ("cat", "it's")),
        ("path: x\nnames:\n  0: person\n  1: traffic light # two\n\n  2: dog\nroboflow:\n  a: b\n",
         ("person", "traffic light", "dog")),
        ("names: {0: cat, 1: 'hot dog'}\n", ("cat", "hot dog")),
        ("names: [cat,\n  dog,\n]\n", ("cat", "dog")),
        ("train: x\n", None),
    ],
)  # fmt: skip
def test_names_of_yaml(tmp_path: Path, text: str, names: tuple[str, ...] | None) -> None:
    path = tmp_path / "data.yaml"
    path.write_text(text, encoding="utf-8")
    assert names_of_yaml(path) == names


@pytest.mark.parametrize(
    "text",
    ["names: *anchor\n", "names: [a, b\n", "names:\n  cat: 0\n", "names: {1: a}\n", "names: []\n"],
)
def test_names_that_are_not_read_end_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "data.yaml"
    path.write_text(text)
    with pytest.raises(DataError, match=r"data.yaml, line 1: .*classes.txt"):
        names_of_yaml(path)


@pytest.mark.parametrize(
    ("columns", "values"),
    [
        ("path,x0,y0,x1,y1,label", "3,4,23,14,cat"),
        ("filename,width,height,class,xmin,ymin,xmax,ymax", "40,30,cat,3,4,23,14"),
        ("image;x;y;w;h;class", "3;4;20;10;cat"),
        ("image_path\tclass_id\tx\ty\twidth\theight", "cat\t3\t4\t20\t10"),
        (
            "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsGroupOf",
            "x,cat,1,0.075,0.575,0.133333333,0.466666667,0",
        ),
        ("path,x1,y1,x2,y2,label", "0.075,0.133333333,0.575,0.466666667,cat"),
    ],
)
def test_columns_of_boxes_by_their_names(tmp_path: Path, columns: str, values: str) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    separator = next(c for c in ";\t," if c in columns)
    (tmp_path / "boxes.csv").write_text(f"{columns}\na.png{separator}{values}\n")
    found = scanned(tmp_path / "boxes.csv", Reading(cache=False))
    targets = found.targets.read([found.parts["all"][0].class_name])
    assert targets.classes == ("cat",)  # type: ignore[attr-defined]
    np.testing.assert_allclose(targets.array[0, 0], [3, 4, 23, 14, 0, 0], atol=1e-6)


def test_a_table_of_labels_is_no_table_of_boxes(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    for columns in ("path,label", "path,x,y,label"):
        (tmp_path / "a.csv").write_text(f"{columns}\na.png,1,2,3\n")
        assert scanned(tmp_path / "a.csv", Reading(cache=False)).targets.kind != "detection"
    (tmp_path / "a.csv").write_text("path,x,y,w,h,class\na.png,1,2,3,4,cat\n")
    listed = scanned(tmp_path / "a.csv", Reading(cache=False), "single-label")
    assert listed.targets.kind == "single-label"


def test_boxes_that_are_asked_for_and_are_not_there(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    (tmp_path / "a.csv").write_text("path,label\na.png,1\n")
    for path in (tmp_path, tmp_path / "a.csv"):
        with pytest.raises(DataError, match="no boxes"):
            scanned(path, Reading(cache=False), "detection")
    root = write_voc(tmp_path / "in" / "voc", samples())
    with pytest.raises(DataError, match="single-label"):
        scanned(root, Reading(cache=False), "single-label")
    with pytest.raises(DataError, match=r"did you mean .*voc"):
        scanned(tmp_path / "in", Reading(cache=False))


def test_two_files_of_one_part_are_refused(tmp_path: Path) -> None:
    root = write_coco(tmp_path, samples())
    file = root / "annotations" / "instances_train2017.json"
    (root / "annotations" / "person_keypoints_train2017.json").write_text(file.read_text())
    (root / "annotations" / "captions_train2017.json").write_text(json.dumps({"annotations": []}))
    assert len(load(root, cache=False).train) == 6
    (root / "annotations" / "instances_b_train.json").write_text(file.read_text())
    with pytest.raises(DataError, match="train part"):
        load(root, cache=False)


@pytest.mark.parametrize("name", [".", "a/..", "../a.png", "/a.png", "C:/a.png", " ", "a\0.png", 3])
def test_names_that_are_no_pictures_of_the_folder(tmp_path: Path, name: object) -> None:
    image = {"id": 1, "file_name": name, "width": 8, "height": 8}
    values = {"images": [image], "annotations": [], "categories": [{"id": 1, "name": "a"}]}
    (tmp_path / "instances_train.json").write_text(json.dumps({**values, "bbox": []}))
    with pytest.raises(DataError, match="image 0: file_name"):
        load(tmp_path, cache=False)


def test_pictures_of_a_group_stay_together(tmp_path: Path) -> None:
    given = [Sample("all", s.name, s.content, s.size, s.rows) for s in samples()]
    root = write_voc(tmp_path / "voc", given)
    path = root / "JPEGImages" / "boxes.csv"
    lines = [f"{each.name}.png,1,2,9,9,cat,{'ab'[k % 2]}" for k, each in enumerate(given)]
    path.write_text("\n".join(["path,x0,y0,x1,y1,class,slide", *lines, lines[0]]) + "\n")
    files = scanned(path, Reading(cache=False, group="slide")).parts["all"]
    assert "".join(file.group.name for file in files if file.group) == "ab" * 6
    path.write_text(f"{path.read_text()}{lines[0][:-1]}b\n")
    with pytest.raises(DataError, match="line 15"):
        scanned(path, Reading(cache=False, group="slide"))
    path.unlink()
    found = scanned(root, Reading(cache=False, group=r"0(\d)"))
    assert {f.group.name for files in found.parts.values() for f in files if f.group} == {"0", "1"}
    with pytest.raises(DataError, match="slide"):
        scanned(root, Reading(cache=False, group="slide"))


def test_texts_beside_pictures_and_folders_that_are_not_read(tmp_path: Path) -> None:
    root = write_yolo(tmp_path / "a", samples())
    there = tmp_path / "b" / "obj_train_data"  # as CVAT has it
    there.mkdir(parents=True)
    for folder in ("images", "labels"):
        for file in (root / folder / "train").iterdir():
            (there / file.name).write_bytes(file.read_bytes())
    (tmp_path / "b" / "obj.names").write_text("ü\nred cell\ncell & more\n")
    (tmp_path / "b" / "train.txt").write_text("data/obj_train_data/000.png\n")
    found = load(tmp_path / "b", cache=False, validation=0, image_size=(64, 64))
    expected = load(root, cache=False, image_size=(64, 64))
    assert boxes_by_name(found.train) == boxes_by_name(expected.train)
    (root / "images" / "more").mkdir()
    (root / "images" / "more" / "a.png").write_bytes(samples()[0].content)
    assert any("images/more" in note for note in scanned(root, Reading(cache=False)).notes)
    voc = write_voc(tmp_path / "c", samples())
    (root / "images" / "more").rename(voc / "JPEGImages" / "more")
    assert any("JPEGImages/more" in note for note in scanned(voc, Reading(cache=False)).notes)


def test_a_list_of_boxes_is_found_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()  # which alone would be a class
    Image.new("RGB", (40, 30)).save(tmp_path / "pictures" / "a.png")
    line = "pictures/a.png,3,4,23,14,cat"
    (tmp_path / "boxes.csv").write_text(f"image,xmin,ymin,xmax,ymax,class\n{line}\n")
    (tmp_path / "broken.csv").write_bytes(b"pr\xe4zise\n")  # which nobody asked for
    (tmp_path / "notes.csv").write_text("name,date\na,b\n")
    reading = Reading(cache=False)
    of_folder, of_file = scanned(tmp_path, reading), scanned(tmp_path / "boxes.csv", reading)
    assert of_folder.parts == of_file.parts
    assert of_folder.targets.kind == "detection" == task_at_a_glance(str(tmp_path))
    assert scanned(tmp_path, reading, "single-label").classes == ("pictures",)
    (tmp_path / "more.csv").write_text(f"image,xmin,ymin,xmax,ymax,class\n{line}\n")
    with pytest.raises(DataError, match=r"boxes\.csv and more\.csv are both"):
        scanned(tmp_path, reading)


def test_a_part_whose_pictures_are_all_missing_names_the_first(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    rows = "a.png,3,4,23,14,cat,train\nb.png,3,4,23,14,cat,val\n"
    (tmp_path / "boxes.csv").write_text(f"image,xmin,ymin,xmax,ymax,class,split\n{rows}")
    with pytest.raises(DataError, match=r"validation part .*b\.png: no such file"):
        load(tmp_path / "boxes.csv", allow_one_class=True)
