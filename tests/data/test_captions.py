"""Captions: read from tables and JSON, by content; what is wrong ends in a line or is counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from pellucid import data
from pellucid.data.captions import Captions, words_of
from pellucid.data.check import inspect
from pellucid.errors import ArgumentError, DataError

if TYPE_CHECKING:
    from pathlib import Path


def pictures(folder: Path, count: int = 4) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        pixels = np.random.default_rng(i).integers(0, 256, (12, 16, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"p{i}.png")


def table(
    folder: Path, lines: list[str], name: str = "captions.csv", encoding: str = "utf-8"
) -> Path:
    path = folder / name
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


LINES = [
    "image,caption",
    "images/p0.png,A dog runs .",
    "images/p0.png,The dog's running!",
    'images/p1.png,"A cat, asleep."',
    "images/p2.png,Two birds fly",
    "images/p3.png,A fish",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pictures(tmp_path / "images")
    return tmp_path


def everything(source: Path, **options: Any) -> dict[str, tuple[str, ...]]:
    splits = data.load(source, cache=False, image_size=(8, 8), **options)
    parts = [part for part in (splits.train, splits.validation, splits.test) if part]
    found = {}
    for part in parts:
        assert isinstance(part.targets, Captions)
        for i in range(len(part)):
            found[part.picture_name(i).rpartition("/")[2]] = part.targets.of_picture(i)
    return found


def sizes(source: Path, **options: Any) -> list[int]:
    splits = data.load(source, cache=False, image_size=(8, 8), **options)
    return [
        0 if part is None else len(part) for part in (splits.train, splits.validation, splits.test)
    ]


WANTED = {
    "p0.png": ("A dog runs .", "The dog's running!"),
    "p1.png": ("A cat, asleep.",),
    "p2.png": ("Two birds fly",),
    "p3.png": ("A fish",),
}


def test_words_are_lower_case_without_punctuation() -> None:
    assert words_of("The dog's RUNNING, fast - really!") == [
        "the",
        "dogs",
        "running",
        "fast",
        "really",
    ]
    assert words_of(" . !") == []
    assert words_of("Ein Mädchen läuft") == ["ein", "mädchen", "läuft"]


def test_a_line_a_caption(folder: Path) -> None:
    path = table(folder, LINES)
    assert everything(path, validation=0) == WANTED
    assert everything(folder, validation=0) == WANTED
    assert everything(path, validation=0, task="captions") == WANTED


def test_a_column_a_caption(folder: Path) -> None:
    lines = ["file,caption1,caption2", "images/p0.png,A dog runs .,The dog's running!"]
    lines += [f'images/p{i}.png,"{WANTED[f"p{i}.png"][0]}",' for i in (1, 2, 3)]
    assert everything(table(folder, lines, "list.csv"), validation=0) == WANTED


def test_columns_of_other_names_are_asked_for(folder: Path) -> None:
    path = table(folder, ["where,what", *LINES[1:]], "list.csv")
    found = everything(
        path, validation=0, task="captions", path_column="where", label_column="what"
    )
    assert found == WANTED
    with pytest.raises(ArgumentError, match="no columns"):
        data.load(path, task="captions", label_column="x")


def test_coco_and_sentences_of_json(folder: Path) -> None:
    images = [{"id": i, "file_name": f"p{i}.png"} for i in range(4)]
    annotations = [
        {"id": k, "image_id": int(name[1]), "caption": text}
        for k, (name, text) in enumerate((n, t) for n, of in WANTED.items() for t in of)
    ]
    path = folder / "captions.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    assert everything(path, validation=0) == WANTED
    assert everything(folder, validation=0) == WANTED
    splits = "train", "restval", "val", "test"
    sentences = [
        {"filename": name, "split": split, "sentences": [{"raw": text} for text in of]}
        for (name, of), split in zip(WANTED.items(), splits, strict=True)
    ]
    path.write_text(json.dumps({"images": sentences, "dataset": "own"}))
    assert sizes(path) == [2, 1, 1]
    assert everything(path) == WANTED
    twice = {"filename": "p3.png", "split": "test", "sentences": [{"raw": "Again"}]}
    path.write_text(json.dumps({"images": [*sentences, twice]}))
    assert everything(path)["p3.png"] == (*WANTED["p3.png"], "Again")
    path.write_text(json.dumps({"images": [*sentences, {**twice, "split": "train"}]}))
    with pytest.raises(DataError, match=r"p3\.png is in the train part, and in the test part"):
        data.load(path)


def test_a_column_of_parts_divides(folder: Path) -> None:
    lines = ["path,caption,split"]
    for line, part in zip(LINES[1:], ("train", "train", "train", "val", "test"), strict=True):
        lines.append(f"{line},{part}")
    assert sizes(table(folder, lines)) == [2, 1, 1]


def test_the_last_block_by_name_is_the_test(folder: Path) -> None:
    found = data.load(
        table(folder, LINES), cache=False, image_size=(8, 8), validation=0,
        group="rows:2", test_fold="2/2",
    )  # fmt: skip
    assert found.test is not None
    assert [found.test.picture_name(i)[-6:] for i in range(2)] == ["p2.png", "p3.png"]


def test_what_is_wrong_is_left_out_and_found(folder: Path) -> None:
    lines = [*LINES, "images/p3.png,", "images/p2.png, . !", "images/p1.png,A fish"]
    lines += ["images/p1.png,A fish", "images/p9.png,"]
    path = table(folder, lines)
    report = inspect(path)
    kinds = {finding.kind: finding for finding in report.findings}
    assert len([f for f in report.findings if f.kind == "empty-caption"]) == 3
    assert kinds["without-captions"].names == ("images/p9.png",)
    assert kinds["caption-doubled"].names == ("images/p1.png",)
    found = everything(path, validation=0)
    assert found["p3.png"] == ("A fish",)
    assert "p9.png" not in found


def test_a_picture_that_is_not_there_is_left_out(folder: Path) -> None:
    splits = data.load(
        table(folder, [*LINES, "images/p9.png,Gone"]), cache=False, image_size=(8, 8), validation=0
    )
    assert [each.name for each in splits.quarantined] == ["images/p9.png"]


@pytest.mark.parametrize(
    ("lines", "encoding", "facts"),
    [
        ([*LINES, "images/p3.png,Läuft"], "latin-1", ["line 7", "UTF-8"]),
        ([*LINES, ",A caption"], "utf-8", ["line 7", "path"]),
        (["image,caption", "../p0.png,A dog"], "utf-8", ["line 2", "leads out"]),
        (["image,caption", "images/p0.png,"], "utf-8", ["without a single caption"]),
        (["image,caption", "images/p0.png,A dog, running"], "utf-8", ["line 2", "3 values"]),
        (["image,caption," + "x" * 200_000], "utf-8", ["line 1"]),
        (["image,caption"], "utf-8", ["without a single caption"]),
    ],
)
def test_what_cannot_be_read_ends_in_a_line(
    folder: Path, lines: list[str], encoding: str, facts: list[str]
) -> None:
    path = table(folder, lines, encoding=encoding)
    with pytest.raises(DataError) as error:
        data.load(path)
    assert all(fact in str(error.value) for fact in facts)
    assert "\n" not in str(error.value)


def test_captions_are_asked_for_and_not_there(folder: Path) -> None:
    path = table(folder, ["image,label", "images/p0.png,a", "images/p1.png,b"], "list.csv")
    with pytest.raises(DataError, match="no captions"):
        data.load(path, task="captions")


def test_another_list_stays_what_it_was(folder: Path) -> None:
    path = table(
        folder, ["image,label,caption", *(f"images/p{i}.png,{'ab'[i % 2]},x" for i in range(4))]
    )
    assert (
        data.load(
            path, cache=False, validation=0, label_column="label", image_size=(8, 8)
        ).train.kind
        == "single-label"
    )


def test_targets_are_the_same_when_they_are_written_and_read() -> None:
    own = Captions.of([["A dog.", "Dogs"], "A cat"])
    again = own.read([own.written(0), own.written(1)])
    assert np.array_equal(own.digested, again.digested)
    both = own.joined_with([Captions.of([["1", "2", "3"]])])
    assert both.of_picture(2) == ("1", "2", "3")
    assert both.texts.shape == (3, 3)
    with pytest.raises(DataError, match="picture 1"):
        Captions.of(["a", [3]])  # type: ignore[list-item]
