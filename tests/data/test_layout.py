"""Folders around the data: one level too high or too low, parts of other names, clutter beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pellucid.data import load
from pellucid.data.check import inspect
from pellucid.data.folder import scan_folder
from pellucid.errors import DataError
from tests.data.made_files import encoded, noise, picture_folder, write

if TYPE_CHECKING:
    from pathlib import Path

PICTURE = encoded(noise(0, 6, 5))


def refusal(root: Path) -> str:
    with pytest.raises(DataError) as caught:
        load(root)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("above", ["zip", "zip/download/v1"])
def test_a_folder_around_the_class_folders(tmp_path: Path, above: str) -> None:
    meant = tmp_path / above / "animals"
    picture_folder(meant, {"cat": 3, "dog": 3})
    write(tmp_path / "zip" / "__MACOSX" / "animals" / "._1.png", PICTURE)
    write(tmp_path / "zip" / "README.md", b"")
    message = refusal(tmp_path / "zip")
    assert f"did you mean {meant}? It holds cat, dog" in message
    assert f"did you mean {meant}?" in str(inspect(tmp_path / "zip").to_dict())


def test_a_folder_around_the_parts(tmp_path: Path) -> None:
    picture_folder(tmp_path / "archive", {"train/cat": 2, "train/dog": 2, "test/cat": 1})
    assert f"did you mean {tmp_path / 'archive'}? It holds test, train" in refusal(tmp_path)


def test_pictures_beside_annotations(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"images/cat": 3, "images/dog": 3})
    write(tmp_path / "annotations" / "list.txt", b"")
    message = refusal(tmp_path)
    assert f"did you mean {tmp_path / 'images'}? It holds cat, dog" in message
    assert "1 file that is no picture (1 .txt)" in message


def test_a_folder_around_the_classes_of_a_part(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"train/images/cat": 2, "train/images/dog": 2, "test/images/cat": 1})
    assert "holds the folders cat, dog: if these are the classes, move them into" in refusal(
        tmp_path
    )


def test_a_class_folder_in_place_of_the_folder_above(tmp_path: Path) -> None:
    picture_folder(tmp_path / "pets", {"cat": 3, "dog": 3, "owl": 3})
    message = refusal(tmp_path / "pets" / "cat")
    assert f"did you mean {tmp_path / 'pets'}? It holds cat, dog, owl" in message


def test_the_folder_above_the_one_that_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture_folder(tmp_path / "pets", {"cat": 3, "dog": 3})
    monkeypatch.chdir(tmp_path / "pets" / "cat")
    with pytest.raises(DataError, match=r"did you mean \.\.\? It holds cat, dog"):
        load(".")


def test_a_strange_folder_above_is_not_suggested(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"photos": 3, "holiday": 1})
    for name in "abcdef":
        write(tmp_path / name / "notes.txt", b"")
    assert "did you mean" not in refusal(tmp_path / "photos")


@pytest.mark.parametrize(
    ("name", "part"),
    [("dev", "validation"), ("eval", "validation"), ("holdout", "test"), ("Hold-Out", "test")],
)
def test_other_names_of_parts(tmp_path: Path, name: str, part: str) -> None:
    picture_folder(tmp_path, {"train/cat": 2, "train/dog": 2, f"{name}/cat": 1})
    assert set(scan_folder(tmp_path).parts) == {"train", part}


def test_such_names_are_classes_without_a_part_to_train_with(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"dev/x": 2, "eval/x": 2})
    assert scan_folder(tmp_path).classes == ("dev", "eval")


def test_folders_without_pictures_beside_parts(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"train/cat": 2, "train/dog": 2, "test/cat": 1})
    write(tmp_path / "annotations" / "list.xml", b"")
    found = scan_folder(tmp_path)
    assert found.classes == ("cat", "dog")
    assert found.notes[0].startswith("left out, files that are no pictures: annotations")


def test_folders_of_the_same_names_in_every_class(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"cat/train": 2, "cat/test": 1, "dog/train": 2, "dog/test": 1})
    (note,) = scan_folder(tmp_path).notes
    assert "test, train" in note
    assert "higher" in note


def test_what_was_left_out_ends_every_refusal(tmp_path: Path) -> None:
    for name in ("cat/1.svg", "cat/2.svg", "dog/1.txt", "dog/2"):
        write(tmp_path / name, b"words")
    assert refusal(tmp_path).endswith(
        "left out: 4 files that are no pictures (2 .svg, 1 .txt, 1 without an ending)"
    )
    (tmp_path / "owl").symlink_to("nothing")
    assert refusal(tmp_path).endswith("1 link to nothing")


def test_a_folder_of_images_beside_masks(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"images/cat": 2, "images/dog": 2, "masks": 4})
    (note,) = scan_folder(tmp_path).notes
    assert "cat, dog" in note
    assert f"did you mean {tmp_path / 'images'}?" in note
    picture_folder(tmp_path, {"images": 1})
    assert scan_folder(tmp_path).notes == ()
