"""Folders as people have them: pictures at any depth, links, loops, clutter, odd file names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.data import Preprocessing, listing, load
from pellucid.data.folder import scan_folder
from pellucid.data.picture_files import SUFFIXES
from pellucid.errors import DataError
from tests.data.made_files import encoded, noise, picture_folder, write

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data.folder import PictureFolder

PICTURE = encoded(noise(0, 6, 5))


def names(found: PictureFolder, part: str = "all") -> list[str]:
    return [file.name for file in found.parts[part]]


def test_pictures_at_any_depth_belong_to_their_class(tmp_path: Path) -> None:
    for name in ("cat/b.png", "cat/a/2.JPG", "cat/a/deep/er/1.Tiff", "dog/z/9.webp", "dog/1.GIF"):
        write(tmp_path / name, b"")
    found = scan_folder(tmp_path)
    assert found.classes == ("cat", "dog")
    assert names(found) == [
        "cat/a/2.JPG", "cat/a/deep/er/1.Tiff", "cat/b.png", "dog/1.GIF", "dog/z/9.webp",
    ]  # fmt: skip
    assert {file.name: file.class_name for file in found.parts["all"]}["dog/z/9.webp"] == "dog"
    assert found.notes == ()


def test_parts_with_pictures_at_any_depth(tmp_path: Path) -> None:
    for name in ("train/cat/x/1.png", "train/dog/1.png", "valid/cat/y/z/1.png", "test/cat/1.png"):
        write(tmp_path / name, b"")
    found = scan_folder(tmp_path)
    assert names(found, "train") == ["train/cat/x/1.png", "train/dog/1.png"]
    assert names(found, "validation") == ["valid/cat/y/z/1.png"]
    assert found.parts["validation"][0].part == "validation"


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_every_suffix_in_any_case(tmp_path: Path, suffix: str) -> None:
    write(tmp_path / f"cat/a{suffix}", b"")
    write(tmp_path / f"cat/b{suffix.upper()}", b"")
    write(tmp_path / f"cat/c{suffix.title()}", b"")
    assert len(names(scan_folder(tmp_path))) == 3


def test_files_without_suffix_by_their_content(tmp_path: Path) -> None:
    for kind in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM"):
        write(tmp_path / "cat" / f"a {kind}", encoded(noise(0, 6, 5), kind))
    write(tmp_path / "cat" / "README", b"BMs and other words")
    write(tmp_path / "cat" / "LICENSE", b"")
    write(tmp_path / "cat" / "a.picture", PICTURE)
    found = scan_folder(tmp_path)
    assert names(found) == [
        f"cat/a {kind}" for kind in ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
    ]
    assert found.notes == (
        (
            "left out, files that are no pictures: cat/LICENSE and 2 more "
            "(2 without an ending, 1 .picture)"
        ),
    )


def test_clutter_of_systems_is_passed_over(tmp_path: Path) -> None:
    for name in (
        "cat/1.png", "dog/1.png", "dog/Thumbs.db", "dog/desktop.ini", "dog/@eaDir/1.png/THUMB.jpg",
        "dog/.hidden/2.png", "__MACOSX/dog/._1.png", "dog/sub/__MACOSX/2.png",
    ):  # fmt: skip
        write(tmp_path / name, b"")
    found = scan_folder(tmp_path)
    assert names(found) == ["cat/1.png", "dog/1.png"]
    assert found.notes == ()


def test_links_that_stay_inside_are_followed(tmp_path: Path) -> None:
    for name in ("root/pool/1.png", "root/pool/more/2.png", "root/cat/3.png"):
        write(tmp_path / name, PICTURE)
    root = tmp_path / "root"
    (root / "cat" / "of the pool").symlink_to(root / "pool")
    (root / "cat" / "4.png").symlink_to("../pool/1.png")
    (root / "dog").symlink_to("pool")
    (root / "wolf").symlink_to("gone")
    found = scan_folder(root)
    assert found.classes == ("cat", "dog", "pool")
    assert [file.name for file in found.parts["all"] if file.class_name == "cat"] == [
        "cat/3.png", "cat/4.png", "cat/of the pool/1.png", "cat/of the pool/more/2.png",
    ]  # fmt: skip
    assert [file.name for file in found.parts["all"] if file.class_name == "dog"] == [
        "dog/1.png", "dog/more/2.png",
    ]  # fmt: skip
    assert found.notes == ("left out, links that lead to nothing: wolf",)


def test_links_to_a_store_outside_are_followed_and_reported(tmp_path: Path) -> None:
    """People link pictures from a store, one by one or folder by folder."""
    write(tmp_path / "store" / "x.png", PICTURE)
    root = picture_folder(tmp_path / "root", {"cat": 1, "dog": 1})
    (root / "cat" / "out.png").symlink_to(tmp_path / "store" / "x.png")
    (root / "dog" / "up").symlink_to("../../store")
    (root / "wolf").symlink_to(tmp_path / "store")
    (root / "dog" / "twice").symlink_to(root / "wolf")
    found = scan_folder(root)
    assert found.classes == ("cat", "dog", "wolf")
    assert names(found) == [
        "cat/000.png", "cat/out.png", "dog/000.png", "dog/twice/x.png", "wolf/x.png",
    ]  # fmt: skip
    assert found.notes == (
        "left out, links to folders that are read anyway: dog/up",
        "links that lead out of the folder were followed: wolf and 3 more",
    )


def test_a_folder_whose_name_begins_as_the_roots_is_outside(tmp_path: Path) -> None:
    write(tmp_path / "root too" / "x.png", PICTURE)
    root = picture_folder(tmp_path / "root", {"cat": 1, "dog": 1})
    (root / "cat" / "out").symlink_to(tmp_path / "root too")
    found = scan_folder(root)
    assert names(found) == ["cat/000.png", "cat/out/x.png", "dog/000.png"]
    assert found.notes == ("links that lead out of the folder were followed: cat/out",)


def test_links_to_folders_above_are_loops(tmp_path: Path) -> None:
    """Following a link to ``/`` would read the whole disk."""
    root = picture_folder(tmp_path / "above" / "root", {"cat": 1, "dog": 1})
    (root / "cat" / "disk").symlink_to("/")
    (root / "dog" / "above").symlink_to(tmp_path)
    (root / "all").symlink_to(tmp_path)
    found = scan_folder(root)
    assert found.classes == ("cat", "dog")
    assert names(found) == ["cat/000.png", "dog/000.png"]
    assert found.notes == ("left out, links to folders that are read anyway: all and 2 more",)


def test_the_root_may_be_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture_folder(tmp_path / "real", {"cat": 2, "dog": 2})
    (tmp_path / "real" / "cat" / "again.png").symlink_to(tmp_path / "real" / "dog" / "000.png")
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    expected = ["cat/000.png", "cat/001.png", "cat/again.png", "dog/000.png", "dog/001.png"]
    for source in (tmp_path / "link", "link", "real", "real/cat/.."):
        assert names(listing(source)) == expected
    monkeypatch.chdir(tmp_path / "real")
    assert names(listing(".")) == expected


def test_loops_end(tmp_path: Path) -> None:
    root = picture_folder(tmp_path, {"cat": 1, "dog": 1, "cat/sub": 1})
    (root / "cat" / "self.png").symlink_to("self.png")
    (root / "cat" / "round.txt").symlink_to("round.txt")
    (root / "cat" / "here").symlink_to(".")
    (root / "cat" / "up").symlink_to("..")
    (root / "cat" / "sub" / "back").symlink_to("..")
    (root / "cat" / "to the dog").symlink_to("../dog")
    (root / "dog" / "to the cat").symlink_to("../cat")
    (root / "all").symlink_to(".")
    found = scan_folder(root)
    assert found.classes == ("cat", "dog")
    assert names(found) == [
        "cat/000.png", "cat/self.png", "cat/sub/000.png", "cat/to the dog/000.png",
        "dog/000.png", "dog/to the cat/000.png", "dog/to the cat/self.png",
        "dog/to the cat/sub/000.png",
    ]  # fmt: skip


def test_many_folders_that_link_to_each_other_are_read_once(tmp_path: Path) -> None:
    """A walk along every path would have 12! of them."""
    root = picture_folder(tmp_path, {f"class/{i}": 1 for i in range(12)} | {"other": 1})
    for i in range(12):
        for j in range(12):
            (root / "class" / str(i) / f"to {j}").symlink_to(f"../{j}")
    assert len(names(scan_folder(root))) == 13
    (root / "other" / "class").symlink_to("../class")
    assert len(names(scan_folder(root))) == 25


def test_links_to_nothing_are_bad_files(tmp_path: Path) -> None:
    root = picture_folder(tmp_path, {"cat": 20, "dog": 20})
    (root / "cat" / "gone.png").symlink_to("nothing.png")
    (root / "cat" / "round.png").symlink_to("round.png")
    gone, around = load(root).quarantined
    assert gone.name == "cat/gone.png"
    assert gone.reason.startswith("a link to nothing.png, which is not there;")
    assert around.name == "cat/round.png"
    assert around.reason.startswith("cannot be read (")


def test_pipes_are_never_opened(tmp_path: Path) -> None:
    """Opening one would wait for ever."""
    root = picture_folder(tmp_path, {"cat": 20, "dog": 20})
    os.mkfifo(root / "cat" / "pipe.png")
    os.mkfifo(root / "cat" / "pipe")
    (root / "dog" / "link.png").symlink_to("../cat/pipe.png")
    splits = load(root)
    assert splits.quarantined == ()
    assert splits.notes[0] == ("left out, pipes and devices: cat/pipe and 2 more")


def test_odd_names_from_end_to_end(tmp_path: Path) -> None:
    odd = (
        "고양이",
        "a b/c d.e",
        "line\nbreak",
        "\x1b[31mred",
        "'quotes\"",
        "-rf",
        "100%",
        "ümläut",
    )
    for k, class_name in enumerate(("고양이 и пёс", "two\nlines")):
        for i, name in enumerate(odd):
            write(tmp_path / class_name / f"{name}.png", encoded(noise(100 * k + i, 6, 5)))
    splits = load(tmp_path, validation=2)
    assert splits.train.classes == ("two\nlines", "고양이 и пёс")
    for part in (splits.train, splits.validation, splits.test):
        assert part is not None
        for i in range(len(part)):
            found = Preprocessing(6, 5, 1).read(tmp_path / part.picture_name(i))
            np.testing.assert_array_equal(found, part.images[i])
    write(tmp_path / "two\nlines" / "bad\x1b[2J\n.png", b"")
    (bad,) = load(tmp_path).quarantined
    assert bad.name == "two\nlines/bad\x1b[2J\n.png"
    assert all(note.isprintable() for note in load(tmp_path).notes)
    with pytest.raises(DataError) as caught:
        load(tmp_path, bad="error")
    assert str(caught.value).isprintable()


def test_a_list_of_labels_beside_the_pictures_is_pointed_at(tmp_path: Path) -> None:
    for name in ("1.png", "labels.csv"):
        write(tmp_path / name, b"")
    with pytest.raises(
        DataError, match=r"1 picture but no .* \(if labels\.csv lists the labels, gi"
    ):
        scan_folder(tmp_path)
