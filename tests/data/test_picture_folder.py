from __future__ import annotations

import os
import sys
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pellucid.data import Preprocessing
from pellucid.data.folder import scan_folder
from pellucid.data.pictures import choose_preprocessing, read_pictures
from pellucid.data.targets import NONE, ClassTargets
from pellucid.errors import ArgumentError, DataError
from tests.data.made_files import encoded, noise, picture_folder, write

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data.decoded import PictureFile


def names(files: tuple[PictureFile, ...]) -> list[str]:
    return [file.name for file in files]


def test_classes_and_pictures_by_name(tmp_path: Path) -> None:
    for name in ("dog/b.PNG", "dog/a.jpg", "cat/z.JPeG", "cat/y.jfif", "Zebra/1.jpe", "dog/c.png"):
        write(tmp_path / name, b"")
    found = scan_folder(tmp_path)
    assert found.classes == ("Zebra", "cat", "dog")
    assert list(found.parts) == ["all"]
    assert names(found.parts["all"]) == [
        "Zebra/1.jpe", "cat/y.jfif", "cat/z.JPeG", "dog/a.jpg", "dog/b.PNG", "dog/c.png",
    ]  # fmt: skip
    assert found.parts["all"][-1].class_name == "dog"
    assert found.notes == ()


@pytest.mark.parametrize("validation", ["val", "valid", "validation", "Validation", "VAL"])
def test_parts(tmp_path: Path, validation: str) -> None:
    for name in ("train/cat/1.png", "train/dog/1.png", f"{validation}/dog/2.png", "test/owl/3.png"):
        write(tmp_path / name, b"")
    found = scan_folder(tmp_path)
    assert found.classes == ("cat", "dog", "owl")
    assert set(found.parts) == {"train", "validation", "test"}
    assert names(found.parts["train"]) == ["train/cat/1.png", "train/dog/1.png"]
    assert names(found.parts["validation"]) == [f"{validation}/dog/2.png"]
    assert names(found.parts["test"]) == ["test/owl/3.png"]


def test_classes_may_be_named_as_parts_are(tmp_path: Path) -> None:
    for name in ("train/1.png", "bus/1.png", "car/1.png"):
        write(tmp_path / name, b"")
    assert scan_folder(tmp_path).classes == ("bus", "car", "train")


def test_hidden_files_are_skipped_and_others_listed(tmp_path: Path) -> None:
    for name in (
        "cat/1.png", "cat/.2.png", ".git/1.png", "__MACOSX/1.png", "dog/1.png", "dog/.DS_Store",
    ):  # fmt: skip
        write(tmp_path / name, b"")
    found = scan_folder(tmp_path)
    assert found.classes == ("cat", "dog")
    assert names(found.parts["all"]) == ["cat/1.png", "dog/1.png"]
    assert found.notes == ()
    write(tmp_path / "readme.txt", b"")
    write(tmp_path / "stray.png", b"")
    write(tmp_path / "cat/2.txt", b"")
    write(tmp_path / "dog/more/3.svg", b"")
    assert scan_folder(tmp_path).notes == (
        "left out, pictures that are in no class folder: stray.png",
        "left out, files that are no pictures: cat/2.txt and 1 more (1 .txt, 1 .svg)",
    )


def test_names_in_any_language(tmp_path: Path) -> None:
    classes = ("고양이", "пёс", "a b", "ねこ", "façade", "🐈")
    picture_folder(tmp_path, dict.fromkeys(classes, 2))
    write(tmp_path / "a b" / "one\ntwo.png", encoded(noise(0, 6, 5)))
    found = scan_folder(tmp_path)
    assert found.classes == tuple(sorted(classes))
    preprocessing, _ = choose_preprocessing(found.parts["all"], None)
    data = read_pictures(found.parts["all"], found.targets, preprocessing, "data")
    assert data.picture_name(2) == "a b/one\ntwo.png"
    assert data.classes[data.places[-1]] == "🐈"


@pytest.mark.skipif(sys.platform == "darwin", reason="its file system makes the two names one")
def test_one_class_name_for_both_unicode_forms(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "façade") for form in ("NFC", "NFD"))
    picture_folder(tmp_path, {f"train/{composed}": 1, f"test/{decomposed}": 1})
    assert scan_folder(tmp_path).classes == (composed,)
    picture_folder(tmp_path, {f"train/{decomposed}": 1})
    with pytest.raises(DataError, match="two folders are named façade"):
        scan_folder(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_class_names_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9")).mkdir()
    with pytest.raises(DataError, match=r"caf\\udce9: the name of a class must be valid Unicode"):
        scan_folder(tmp_path)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], r"no pictures; expected one folder per class .*cat/1\.jpg"),
        (["notes.txt"], "no pictures; expected one folder per class"),
        (["1.png", "2.jpg", "x.txt"], "2 pictures but no class folders; expected one folder per"),
        (["train/1.png", "test/2.png"], "test: no class folders; expected .*test/cat/1"),
        (["train/cat/1.png", "test/2.png"], "test: no class folders"),
        (["train/cat/1.png", "raw/1.png"], "train/ holds class folders, and raw lies beside it"),
        (["val/cat/1.png", "valid/cat/1.png"], "val/ and valid/ are both the validation part"),
    ],
)
def test_layouts_that_cannot_be_read(tmp_path: Path, files: list[str], message: str) -> None:
    root = tmp_path / "data"
    root.mkdir()
    for name in files:
        write(root / name, b"")
    with pytest.raises(DataError, match=message) as caught:
        scan_folder(root)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_folder_that_cannot_be_listed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"missing: the folder cannot be listed \(No such file"):
        scan_folder(tmp_path / "missing")


def listing(root: Path, **pictures: Image.Image | np.ndarray) -> tuple[PictureFile, ...]:
    for name, picture in pictures.items():
        write(root / "cat" / f"{name}.png", encoded(picture))
    return scan_folder(root).parts["all"]


def test_the_common_size_is_kept(tmp_path: Path) -> None:
    files = listing(tmp_path, a=noise(0, 256, 9), b=noise(1, 256, 9))
    preprocessing, (note,) = choose_preprocessing(files, None)
    assert preprocessing == Preprocessing(256, 9, 1)
    assert note == "all pictures are 9×256 pixels (width×height), grey"


def test_large_pictures_are_made_64_by_64(tmp_path: Path) -> None:
    preprocessing, (note,) = choose_preprocessing(listing(tmp_path, a=noise(0, 257, 9, 3)), None)
    assert preprocessing == Preprocessing(64, 64, 3)
    assert note.startswith(
        "pictures of 9×257 pixels (width×height) are fitted into 64×64, colour, by 'pad'"
    )


def test_different_sizes_are_made_64_by_64(tmp_path: Path) -> None:
    files = listing(tmp_path, a=noise(0, 20, 30), b=noise(1, 30, 20))
    preprocessing, (note,) = choose_preprocessing(files, None)
    assert preprocessing == Preprocessing(64, 64, 1)
    assert (
        "pictures of 30×20 pixels (width×height) and other sizes are fitted into 64×64, grey"
        in note
    )
    files = listing(tmp_path, a=noise(0, 20, 30, 3), b=noise(1, 20, 30, 3), c=noise(2, 30, 20, 3))
    preprocessing, (note,) = choose_preprocessing(files, None)
    assert preprocessing == Preprocessing(64, 64, 3)
    assert (
        "pictures of 30×20 pixels (width×height) and other sizes are fitted into 64×64, colour"
        in note
    )


def test_the_size_is_of_the_upright_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    write(tmp_path / "cat" / "a.jpg", encoded(noise(0, 20, 30), "JPEG", exif=exif))
    write(tmp_path / "cat" / "b.jpg", encoded(noise(1, 30, 20), "JPEG"))
    write(tmp_path / "cat" / "c.png", encoded(noise(2, 20, 30), exif=exif))
    preprocessing, _ = choose_preprocessing(scan_folder(tmp_path).parts["all"], None)
    assert preprocessing == Preprocessing(30, 20, 1)


def test_a_size_that_was_asked_for(tmp_path: Path) -> None:
    files = listing(tmp_path, a=noise(0, 20, 30), b=noise(1, 30, 20))
    preprocessing, (note,) = choose_preprocessing(files, (12, 34))
    assert preprocessing == Preprocessing(12, 34, 1)
    assert note == "pictures of 34×12 pixels (width×height), grey"
    for wrong, message in (
        ((0, 9), "height is 0"),
        ((9,), "expected .height"),
        (9, "image_size is 9"),
    ):
        with pytest.raises(ArgumentError, match=message):
            choose_preprocessing(files, wrong)  # type: ignore[arg-type]


def palette_picture(*colours: tuple[int, int, int]) -> Image.Image:
    picture = Image.new("P", (6, 5))
    picture.putpalette([value for colour in colours for value in colour])
    return picture


@pytest.mark.parametrize(
    ("picture", "channels"),
    [
        (noise(0, 5, 6), 1),
        (Image.fromarray(noise(0, 5, 6) > 99), 1),
        (noise(0, 5, 6, 2), 1),
        (noise(0, 5, 6).astype(np.uint16), 1),
        (palette_picture((0, 0, 0), (77, 77, 77)), 1),
        (palette_picture((0, 0, 0), (77, 77, 78)), 3),
        (noise(0, 5, 6, 3), 3),
        (noise(0, 5, 6, 4), 3),
    ],
    ids=["grey", "bits", "grey alpha", "16 bits", "grey palette", "palette", "colour", "alpha"],
)
def test_channels(tmp_path: Path, picture: np.ndarray, channels: int) -> None:
    """One picture of colour gives all of them three channels."""
    files = listing(tmp_path, a=noise(9, 5, 6), b=picture, c=noise(8, 5, 6))
    assert choose_preprocessing(files, None)[0].shape == (5, 6, channels)
    assert choose_preprocessing(files, (7, 7))[0].shape == (7, 7, channels)


@pytest.mark.parametrize("threads", [1, 5])
def test_pictures_in_order_for_any_number_of_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    monkeypatch.setenv("PELLUCID_THREADS", str(threads))
    picture_folder(tmp_path, {"cat": 130, "dog": 90})
    files = scan_folder(tmp_path).parts["all"]
    like = ClassTargets(NONE, ("bird", "dog", "cat"))
    data = read_pictures(files, like, Preprocessing(6, 5, 1), "pets")
    expected = [noise(i, 6, 5) for i in range(130)] + [noise(1000 + i, 6, 5) for i in range(90)]
    np.testing.assert_array_equal(data.images[..., 0], expected)
    assert data.places.tolist() == [2] * 130 + [1] * 90
    assert data.names is not None
    assert data.names[131] == "dog/001.png"
    assert data.name == "pets"


def test_the_first_unreadable_picture_is_named(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"cat": 200})
    for name in ("007", "070", "150"):
        write(tmp_path / "cat" / f"{name}.png", b"<html>")
    files = scan_folder(tmp_path).parts["all"]
    for _ in range(5):
        with pytest.raises(DataError, match=r"cat/007\.png: a text with markup"):
            read_pictures(files, ClassTargets(NONE, ("cat",)), Preprocessing(6, 5, 1), "pets")
    with pytest.raises(DataError, match=r"cat/007\.png: a text with markup"):
        choose_preprocessing(files, None)


def test_a_file_that_vanishes(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"cat": 3})
    files = scan_folder(tmp_path).parts["all"]
    (tmp_path / "cat" / "001.png").unlink()
    with pytest.raises(DataError, match=r"cat/001\.png: there is no such file"):
        read_pictures(files, ClassTargets(NONE, ("cat",)), Preprocessing(6, 5, 1), "pets")


def test_more_than_fits_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    files = listing(tmp_path, a=noise(0, 5, 6))
    monkeypatch.setattr("numpy.empty", full)
    with pytest.raises(
        DataError, match=r"1 picture of 500×2000×3 .* need 0.003 GB of memory; choose"
    ):
        read_pictures(files, ClassTargets(NONE, ("cat",)), Preprocessing(500, 2000, 3), "pets")
