"""Bad files are set apart and listed, and the rest is used; or the first of them stops."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.data import BadFile, Preprocessing, load, load_for
from pellucid.data.folder import scan_folder
from pellucid.data.make_splits import set_aside
from pellucid.data.pictures import choose_preprocessing, read_pictures
from pellucid.data.targets import NONE, ClassTargets
from pellucid.errors import ArgumentError, DataError
from tests.data.made_files import encoded, noise, picture_folder, write

CUT = encoded(noise(0, 40, 30, 3))[:500]
GREY = Preprocessing(6, 5, 1)


def test_pictures_that_cannot_be_used_are_left_out_in_order(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"cat": 130, "dog": 90})
    bad = ("cat/000.png", "cat/070.png", "dog/001.png", "dog/089.png")
    for name in bad:
        write(tmp_path / name, CUT)
    files = scan_folder(tmp_path).parts["all"]
    data = read_pictures(files, ClassTargets(NONE, ("cat", "dog")), GREY, "pets", bad="quarantine")
    assert [file.name for file in data.quarantined] == list(bad)
    assert [file.class_name for file in data.quarantined] == ["cat", "cat", "dog", "dog"]
    kept = [file for file in files if file.name not in bad]
    assert data.names == tuple(file.name for file in kept)
    expected = read_pictures(kept, ClassTargets(NONE, ("cat", "dog")), GREY, "pets")
    assert data.fingerprint() == expected.fingerprint()
    with pytest.raises(DataError, match=r"cat/000\.png: the picture is damaged or cut short"):
        read_pictures(files, ClassTargets(NONE, ("cat", "dog")), GREY, "pets", bad="error")


def test_load_lists_what_it_left_out(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"train/cat": 20, "train/dog": 20, "test/cat": 3, "test/dog": 3})
    write(tmp_path / "train/cat/page\n.jpg", b"<html>")
    write(tmp_path / "test/dog/cut.png", CUT)
    splits = load(tmp_path)
    cut, page = splits.quarantined  # in the order of names, which is that of parts here
    assert page == BadFile("train/cat/page\n.jpg", page.reason, "cat", "train")
    assert page.reason.startswith("a text with markup, such as a web page; expected a PNG")
    assert (cut.name, cut.class_name, cut.part) == ("test/dog/cut.png", "dog", "test")
    assert splits.test is not None
    assert splits.test.quarantined == (cut,)
    assert (
        "2 files cannot be used and are left out, the first: test/dog/cut.png: the"
        in (splits.notes[0])
    )
    (tmp_path / "test/dog/cut.png").unlink()
    (note,) = (note for note in load(tmp_path).notes if "left out" in note)
    assert note.startswith("1 file cannot be used and is left out: train/cat/page\\n.jpg: a text")
    write(tmp_path / "test/dog/cut.png", CUT)
    with pytest.raises(DataError, match=r"test/dog/cut\.png|train/cat/page\\n\.jpg"):
        load(tmp_path, bad="error")
    judged = load_for(tmp_path, preprocessing=GREY, classes=("cat", "dog"))
    assert judged.quarantined == (cut,)
    assert len(judged) == 6
    with pytest.raises(DataError, match=r"test/dog/cut\.png: the picture is damaged"):
        load_for(tmp_path, preprocessing=GREY, classes=("cat", "dog"), bad="error")


def test_one_bad_file_makes_one_note(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"cat": 20, "dog": 20})
    write(tmp_path / "cat" / "empty.gif", b"")
    note = load(tmp_path).notes[0]
    assert note.startswith("1 file cannot be used and is left out: cat/empty.gif: empty, 0 bytes;")


def test_bad_files_decide_nothing(tmp_path: Path) -> None:
    """A cut picture's header tells another size, and colour: neither counts."""
    picture_folder(tmp_path, {"cat": 20, "dog": 20})
    write(tmp_path / "cat" / "000 cut.png", CUT)
    splits = load(tmp_path)
    assert splits.train.image_shape == (6, 5, 1)
    assert [file.name for file in splits.quarantined] == ["cat/000 cut.png"]
    assert "all pictures are 5×6 pixels (width×height), grey" in splits.notes


@pytest.mark.parametrize("bad", ["quarantine", "error"])
def test_nothing_left(tmp_path: Path, bad: Any) -> None:
    for name in ("cat/1.png", "cat/2.png", "dog/1.png"):
        write(tmp_path / name, CUT if name != "cat/1.png" else b"<html>")
    printed = {
        "quarantine": "none of the 3 pictures can be used, the first: cat/1.png: a text with mark",
        "error": r"cat/1\.png: a text with markup",
    }[bad]
    for picture in ("<html>", "cut"):
        write(tmp_path / "cat" / "2.png", CUT if picture == "cut" else b"<html>")
        write(tmp_path / "dog" / "1.png", CUT if picture == "cut" else b"<html>")
        with pytest.raises(
            DataError, match=printed if picture == "<html>" else r"cat/1\.png: a te"
        ):
            load(tmp_path, bad=bad)
        with pytest.raises(DataError, match=printed):
            load_for(tmp_path, preprocessing=GREY, classes=("cat", "dog"), bad=bad)


def test_a_class_that_loses_all_its_pictures(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"cat": 20, "dog": 20})
    for name in ("owl/1.png", "owl/2.png"):
        write(tmp_path / name, CUT)
    with pytest.raises(
        DataError,
        match=r"of the class owl no picture can be used, 2 files left out; owl/1\.png: the pic",
    ):
        load(tmp_path)


@pytest.mark.parametrize("bad", [None, "", "ignore", True])
def test_other_ways_to_treat_bad_files(tmp_path: Path, bad: Any) -> None:
    picture_folder(tmp_path, {"cat": 9, "dog": 9})
    files = scan_folder(tmp_path).parts["all"]
    for call in (
        lambda: load(tmp_path, bad=bad),
        lambda: load_for(tmp_path, preprocessing=GREY, classes=("cat", "dog"), bad=bad),
        lambda: read_pictures(files, ClassTargets(NONE, ("cat", "dog")), GREY, "pets", bad=bad),
        lambda: choose_preprocessing(files, None, bad=bad),
    ):
        with pytest.raises(ArgumentError, match=f"bad is {bad!r}; expected one of quarantine, err"):
            call()


@pytest.mark.parametrize("limit", [0, -1, 1.5, "9", None, True])
def test_other_limits_of_pixels(tmp_path: Path, limit: Any) -> None:
    picture_folder(tmp_path, {"cat": 9, "dog": 9})
    for call in (
        lambda: load(tmp_path, max_pixels=limit),
        lambda: load_for(tmp_path, preprocessing=GREY, classes=("cat", "dog"), max_pixels=limit),
        lambda: GREY.read(noise(0, 6, 5), max_pixels=limit),
    ):
        with pytest.raises(ArgumentError, match=r"max_pixels is .*; expected an integer ≥ 1"):
            call()


def test_the_limit_of_pixels_reaches_every_file(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"cat": 20, "dog": 20})
    write(tmp_path / "cat" / "large.png", encoded(noise(0, 7, 5)))
    (large,) = load(tmp_path, max_pixels=30).quarantined
    assert large.name == "cat/large.png"
    assert large.reason.startswith("too many pixels to be opened safely, at most 30 are")
    assert load(tmp_path, max_pixels=35).quarantined == ()
    judged = load_for(tmp_path, preprocessing=GREY, classes=("cat", "dog"), max_pixels=30)
    assert judged.quarantined == (large,)


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture_folder(tmp_path, {"cat": 20, "dog": 20})
    write(tmp_path / "dog" / "locked", b"anything")
    open_file = Path.open

    def guarded(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name in ("007.png", "locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return open_file(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", guarded)
    splits = load(tmp_path)
    assert [file.name for file in splits.quarantined] == [
        "cat/007.png",
        "dog/007.png",
        "dog/locked",
    ]
    assert {file.reason for file in splits.quarantined} == {"cannot be read (Permission denied)"}


def test_folders_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture_folder(tmp_path, {"cat": 20, "dog": 20, "dog/locked": 3})
    list_folder = os.scandir

    def guarded(path: Any) -> Any:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", guarded)
    locked = BadFile("dog/locked/", "the folder cannot be listed (Permission denied)", "dog", "all")
    assert load(tmp_path).quarantined == (locked,)
    judged = load_for(tmp_path, preprocessing=GREY, classes=("cat", "dog"))
    assert judged.quarantined == (locked,)
    for call in (
        lambda: load(tmp_path, bad="error"),
        lambda: load_for(tmp_path, preprocessing=GREY, classes=("cat", "dog"), bad="error"),
    ):
        with pytest.raises(DataError, match="dog/locked/: the folder cannot be listed"):
            call()


@pytest.mark.parametrize(
    ("module", "step"),
    [("pellucid.data.load", "scanned"), ("pellucid.data.sources", "choose_preprocessing")],
)
def test_files_that_vanish_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, step: str
) -> None:
    picture_folder(tmp_path, {"cat": 20, "dog": 20})
    place = importlib.import_module(module)
    take = getattr(place, step)

    def vanishing(*arguments: Any, **options: Any) -> Any:
        result = take(*arguments, **options)
        (tmp_path / "cat" / "003.png").unlink(missing_ok=True)
        return result

    monkeypatch.setattr(place, step, vanishing)
    splits = load(tmp_path)
    assert [file.name for file in splits.quarantined] == ["cat/003.png"]
    assert splits.quarantined[0].reason == "there is no such file; check its name"
    assert len(splits.train) + len(splits.validation or ()) + len(splits.test or ()) == 39


def test_what_was_set_aside_for_the_test_is_found_again(tmp_path: Path) -> None:
    """Judging a model reads the folder again, and must not meet a picture that it has learned."""
    picture_folder(tmp_path, {"cat": 30, "dog": 50})
    for name in ("cat/000.png", "cat/017.png", "dog/044.png"):
        write(tmp_path / name, CUT)
    splits = load(tmp_path, seed=6)
    everything = load_for(tmp_path, preprocessing=GREY, classes=("cat", "dog"))
    assert len(everything) == 77
    again = set_aside(
        everything,
        validation=len(splits.validation or ()),
        seed=6,
        learned=splits.train.fingerprint(),
    )
    assert again is not None
    assert splits.test is not None
    assert again.names == splits.test.names
    assert again.fingerprint() == splits.test.fingerprint()


def test_memory_is_not_needed_twice(tmp_path: Path) -> None:
    """The pictures to train with stay in the array that they were decoded into."""
    picture_folder(tmp_path, {"cat": 40, "dog": 40})
    write(tmp_path / "cat" / "000.png", CUT)
    splits = load(tmp_path, cache=False)
    whole = splits.train.images.base
    assert isinstance(whole, np.ndarray)
    assert len(whole) == 80
    for part in (splits.train, splits.validation, splits.test):
        assert part is not None
        assert part.names is not None
        for name, image in zip(part.names, part.images, strict=True):
            np.testing.assert_array_equal(image, GREY.read(tmp_path / name))


def test_one_class_only_where_it_is_allowed(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"cat": 20})
    with pytest.raises(DataError, match=r"one class only, cat; .*--allow one-class\)$"):
        load(tmp_path)
    assert load(tmp_path, allow_one_class=True).train.classes == ("cat",)
    arrays = {"x": noise(0, 20, 6, 5), "y": np.zeros(20, int)}
    with pytest.raises(DataError, match="one class only, 0"):
        load(arrays)
    assert load(arrays, allow_one_class=True).train.classes == ("0",)
