"""Lists of pictures with labels: CSV files."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.data import Preprocessing, listing, load, load_for
from pellucid.data.check import inspect
from pellucid.data.table import scan_table
from pellucid.errors import ArgumentError, DataError
from tests.data.made_files import encoded, noise, picture_folder, write

if TYPE_CHECKING:
    from pathlib import Path


def table(path: Path, *rows: tuple[str, ...], encoding: str = "utf-8", **options: Any) -> Path:
    """Write rows as Python's csv module does."""
    text = io.StringIO(newline="")
    csv.writer(text, **options).writerows(rows)
    return write(path, text.getvalue().encode(encoding))


def listed(path: Path) -> list[tuple[str, str, str]]:
    found = scan_table(path)
    return [(file.name, file.class_name, part) for part, of in found.parts.items() for file in of]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("lines", ["\n", "\r\n"])
def test_path_and_label(tmp_path: Path, encoding: str, delimiter: str, lines: str) -> None:
    path = table(
        tmp_path / "pets.csv",
        ("path", "label"),
        ("a b/one,1;x.jpg", "dog"),
        ("고양이\nline.png", "고양이"),
        ("c", "cat, small"),
        encoding=encoding,
        delimiter=delimiter,
        lineterminator=lines,
    )
    found = scan_table(path)
    assert found.root == tmp_path
    assert found.classes == ("cat, small", "dog", "고양이")
    assert listed(path) == [
        ("a b/one,1;x.jpg", "dog", "all"),
        ("고양이\nline.png", "고양이", "all"),
        ("c", "cat, small", "all"),
    ]
    assert found.parts["all"][0].path == tmp_path / "a b" / "one,1;x.jpg"


@pytest.mark.parametrize("column", ["split", "part", "SPLIT"])
def test_parts_and_other_columns_in_any_order(tmp_path: Path, column: str) -> None:
    path = table(
        tmp_path / "pets.csv",
        ("width", "Label", column, " PATH "),
        ("3", "dog", "train", "1.png"),
        ("3", "cat", "VAL", "2.png"),
        (),
        ("3", " cat ", " test", "3.png"),
        ("3", "cat", "valid", "4.png"),
    )
    assert listed(path) == [
        ("1.png", "dog", "train"),
        ("2.png", "cat", "validation"),
        ("4.png", "cat", "validation"),
        ("3.png", "cat", "test"),
    ]
    assert scan_table(path).classes == ("cat", "dog")


def test_loaded_as_the_same_folder_is(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"cat": 20, "dog": 20})
    rows = [(f"{name}/{i:03}.png", name) for name in ("cat", "dog") for i in range(20)]
    path = table(tmp_path / "pets.csv", ("path", "label"), *rows)
    by_folder, by_list = load(tmp_path, seed=3), load(path, seed=3)
    assert by_list.train.fingerprint() == by_folder.train.fingerprint()
    assert by_list.train.names == by_folder.train.names
    judged = load_for(path, preprocessing=Preprocessing(6, 5, 1), classes=("dog", "cat"))
    assert judged.places.tolist() == [1] * 20 + [0] * 20
    assert judged.name == "pets.csv"
    assert listing(path).parts == scan_table(path).parts


def test_parts_of_a_list(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"a": 12})
    parts = ["train"] * 6 + ["val"] * 2 + ["test"] * 4
    rows = [(f"a/{i:03}.png", ("even", "odd")[i % 2], part) for i, part in enumerate(parts)]
    splits = load(table(tmp_path / "x.csv", ("path", "label", "split"), *rows))
    assert splits.validation is not None
    assert splits.test is not None
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (6, 2, 4)
    np.testing.assert_array_equal(splits.test.images[1, ..., 0], noise(9, 6, 5))
    assert splits.test.places.tolist() == [0, 1, 0, 1]


def test_bad_files_of_a_list(tmp_path: Path) -> None:
    """Whatever a listed file is called, it is to be a picture."""
    picture_folder(tmp_path, {"a": 20})
    write(tmp_path / "notes.txt", b"hello")
    write(tmp_path / "picture.dat", encoded(noise(77, 6, 5)))
    rows = [(f"a/{i:03}.png", ("even", "odd")[i % 2]) for i in range(20)]
    rows += [("notes.txt", "even"), ("picture.dat", "odd"), ("gone.png", "odd"), ("a", "odd")]
    rows += [("zero\0byte.png", "odd")]
    splits = load(table(tmp_path / "x.csv", ("path", "label"), *rows))
    for file, (name, line, reason) in zip(
        splits.quarantined,
        [
            ("notes.txt", 22, "no picture (it begins with b'hello')"),
            ("gone.png", 24, "there is no such file"),
            ("a", 25, "a folder"),
            ("zero\0byte.png", 26, "cannot be read (embedded null"),  # Python's own words go on
        ],
        strict=True,
    ):
        assert file.name == name
        assert file.reason.startswith(reason)
        assert file.reason.endswith(f" (x.csv, line {line})")
    assert splits.notes[0].startswith("4 files cannot be used and are left out, the first: notes")
    with pytest.raises(DataError, match=r"notes\.txt: .*\(x\.csv, line 22\)$"):
        load(tmp_path / "x.csv", bad="error")


def test_paths_that_leave_the_folder_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "secret.png", b"")
    root = tmp_path / "root"
    write(root / "in" / "1.png", b"")
    (root / "out.png").symlink_to(tmp_path / "secret.png")
    (root / "up").symlink_to(tmp_path)
    good = [("in/1.png", "a"), ("in/../in/1.png", "a"), (str(root / "in" / "1.png"), "a")]
    path = table(root / "x.csv", ("path", "label"), *good)
    assert [name for name, _, _ in listed(path)] == ["in/1.png"] * 3
    outside = str(tmp_path / "secret.png")
    for wrong in ("../secret.png", outside, "in/../../secret.png", "..\\secret.png", "C:\\x.png"):
        table(path, ("path", "label"), *good, (wrong, "b"))
        with pytest.raises(DataError, match=r"x\.csv, line 5: .* leads out of the folder .*; move"):
            scan_table(path)


def test_links_that_people_made_are_followed_but_dots_after_them_lead_nowhere(
    tmp_path: Path,
) -> None:
    write(tmp_path / "store" / "deep" / "1.png", b"")
    write(tmp_path / "store" / "secret.png", b"")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path / "store" / "deep")
    (root / "out.png").symlink_to(tmp_path / "store" / "secret.png")
    rows = ("path", "label"), ("link/1.png", "a"), ("out.png", "b"), ("link/../secret.png", "b")
    found = scan_table(table(root / "x.csv", *rows)).parts["all"]
    assert [file.path.exists() for file in found] == [True, True, False]
    assert found[2].path == root / "secret.png"  # not the one beside what the link leads to


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"its first line is ''; expected a first line that names the columns, path,label"),
        (
            b"1.png,cat\n2.png,dog\n",
            r"its first line is '1\.png,cat', a picture already; expected a first",
        ),
        (b"width,height,size\n", "its first line is 'width,height,size'; .*--path-column"),
        (b"path,label,path\n1,2,3\n", "its first line is"),
        (b"path,label,split,part\n1,2,3\n", "its first line is"),
        (b"\x1b[31m" + b"x" * 900, r"its first line is '\\x1b\[31mxxx"),
        (b"path,label\n\n\n", "no pictures, only a first line; add a line for each"),
        (b"path,label\n1.png,a\n2.png\n", "line 3: the label is missing"),
        (b"path,label\n1.png,a\n,b\n", "line 3: the path is missing"),
        (b"path,label,split\n1.png,a,tarin\n", "line 2: unknown part 'tarin'; expected train, val"),
        (b"path,label,split\n1.png,a\n", "line 2: unknown part ''"),
        (b"path,label\n1.png,caf\xe9\n", "line 2: the text is not UTF-8; save it as CSV with"),
        ("path,label\n1.png,a\n".encode("utf-16"), "line 1: the text is not UTF-8"),
        (b"path,label" + b"x" * 200_000 + b"\n1.png,a\n", r"line 1: field larger than field limit"),
        (b'path,label\n"' + b"x" * 200_000 + b'",a\n', r"line 2: field larger than field limit"),
    ],
)
def test_lists_that_cannot_be_read(tmp_path: Path, content: bytes, message: str) -> None:
    path = write(tmp_path / "x\n.csv", content)
    with pytest.raises(DataError, match=rf"x\\n\.csv(, |: ){message}") as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_list_of_any_length_is_not_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pellucid.data.table.LARGEST", 1 << 20)
    (tmp_path / "list.csv").write_bytes(b"path,label\n" + b"x" * (1 << 20))
    with pytest.raises(DataError, match=r"list\.csv: more than 1 MiB"):
        scan_table(tmp_path / "list.csv")


def test_a_list_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    path = table(tmp_path / "x.csv", ("path", "label"))
    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(DataError, match=r"x\.csv: cannot be read \(Permission denied\)"):
        load(path)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("filename", "class"), ("image", "label"), ("file", "target"), ("Image_Path", "Category"),
        ("file_name", "labels"), ("img", "anything"), ("anything", "label"),
    ],
)  # fmt: skip
def test_common_names_of_columns(tmp_path: Path, first: str, second: str) -> None:
    write(tmp_path / "1.png", b"")
    found = scan_table(table(tmp_path / "x.csv", (first, second), ("1.png", "cat")))
    assert [(file.name, file.class_name) for file in found.parts["all"]] == [("1.png", "cat")]
    (note,) = found.notes
    assert f"'{first}'" in note
    assert f"'{second}'" in note


def test_the_plainest_name_counts_and_all_can_be_named(tmp_path: Path) -> None:
    rows = ("id", "path", "class", "label"), ("9", "1.png", "cat", "0")
    path = table(tmp_path / "x.csv", *rows)
    assert listed(path) == [("1.png", "0", "all")]
    (file,) = scan_table(path, label_column="Class").parts["all"]
    assert file.class_name == "cat"
    (file,) = scan_table(path, path_column="id", label_column="class").parts["all"]
    assert (file.name, file.class_name) == ("9", "cat")
    with pytest.raises(ArgumentError, match=r"no column 'kind'.*id, path, class, label"):
        scan_table(path, label_column="kind")
    for wrong in ("", 3, b"x"):
        with pytest.raises(ArgumentError, match="label_column is"):
            load(path, label_column=wrong)  # type: ignore[arg-type]
    sources: tuple[Any, ...] = ("mnist", {"x": [], "y": []}, tmp_path)
    for source in sources:
        with pytest.raises(ArgumentError, match="no CSV file"):
            load(source, path_column="path")


def test_columns_go_all_the_way(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"a": 40})
    rows = [(f"a/{i:03}.png", ("even", "odd")[i % 2], "x") for i in range(40)]
    path = table(tmp_path / "x.csv", ("where", "what", "label"), *rows)
    named = {"path_column": "where", "label_column": "what"}
    assert load(path, **named).train.classes == ("even", "odd")  # type: ignore[arg-type]
    judged = load_for(
        path,
        preprocessing=Preprocessing(6, 5, 1),
        classes=("even", "odd"),
        **named,  # type: ignore[arg-type]
    )
    assert len(judged) == 40
    assert len(listing(path, **named).parts["all"]) == 40
    assert inspect(path, near=False, **named).pictures == 40  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "written",
    [
        " a/b/1.png ",
        "a\\b\\1.png",
        " a\\b\\1.png",
        "./a/b/1.png",
        "1.png",
        "1",
        "b/1",
        "root/a/b/1.png",
    ],
)
def test_paths_that_are_nearly_right(tmp_path: Path, written: str) -> None:
    root = tmp_path / "root"
    write(root / "a" / "b" / "1.png", b"")
    write(root / "runs" / "x" / "config.json", b"")
    (found,) = scan_table(table(root / "x.csv", ("path", "label"), (written, "c"))).parts["all"]
    assert found.path == root / "a" / "b" / "1.png"
    assert found.name == "a/b/1.png"


def test_what_is_really_called_so_is_that_file(tmp_path: Path) -> None:
    names = (" 1.png", "a\\1.png", "2")
    for name in (*names, "1.png", "a/1.png", "2.png"):
        write(tmp_path / name, b"")
    found = scan_table(table(tmp_path / "x.csv", ("path", "label"), *((n, "c") for n in names)))
    assert [file.path.name for file in found.parts["all"]] == [*names]


def test_several_pictures_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("train/1.png", "test/1.png", "2.jpg", "2.png"):
        write(tmp_path / name, b"")
    called = table(tmp_path / "Train.csv", ("id", "label"), ("1", "c"))
    assert [name for name, _, _ in listed(called)] == ["train/1.png"]
    for written, message in (("1.png", "write the folder"), ("2", "write the ending")):
        path = table(tmp_path / "x.csv", ("path", "label"), (written, "c"))
        with pytest.raises(DataError, match=rf"line 2: {written} can be .*; {message}"):
            scan_table(path)


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("is_valid", ("0", "1"), ("train", "validation")),
        ("Is_Valid", ("False", "TRUE"), ("train", "validation")),
        ("is_test", ("no", "1.0"), ("train", "test")),
        ("is_train", ("1", "0"), ("train", "test")),
        ("set", ("train", "dev"), ("train", "validation")),
        ("split", ("0", "1"), ("train", "validation")),
        ("split", ("0", "2"), ("train", "test")),
    ],
)
def test_parts_as_numbers_and_flags(
    tmp_path: Path, column: str, values: tuple[str, str], expected: tuple[str, str]
) -> None:
    rows = [(f"{i}.png", "ab"[i % 2], values[i == 9]) for i in range(10)]
    found = scan_table(table(tmp_path / "x.csv", ("path", "label", column), *rows))
    assert {part: len(files) for part, files in found.parts.items()} == {
        expected[0]: 9,
        expected[1]: 1,
    }


def test_parts_that_cannot_be_told_apart(tmp_path: Path) -> None:
    rows = [(f"{i}.png", "ab"[i % 2], "1" if i else "0") for i in range(10)]
    path = table(tmp_path / "x.csv", ("path", "label", "split"), *rows)
    with pytest.raises(DataError, match="most pictures are in part 1; which is to train with"):
        scan_table(path)
    path = table(tmp_path / "x.csv", ("path", "label", "is_valid"), ("1.png", "a", "maybe"))
    with pytest.raises(DataError, match="line 2: is_valid is 'maybe'; expected 1 or 0"):
        scan_table(path)


@pytest.mark.parametrize("joint", ["|", ",", ", "])
def test_several_labels_a_picture_are_said(tmp_path: Path, joint: str) -> None:
    rows = [("1.png", "cat"), ("2.png", f"cat{joint}pet"), ("3.png", f"ship{joint}water")]
    (note,) = scan_table(table(tmp_path / "x.csv", ("path", "label"), *rows)).notes
    assert "2 pictures seem to have several labels" in note
    rows = [("1.png", "cat"), ("1.png", "pet"), ("2.png", "cat"), ("2.png", "cat")]
    path = table(tmp_path / "x.csv", ("path", "label"), *rows)
    (note,) = scan_table(path, task="single-label").notes
    assert "several labels (1.png: cat, pet)" in note


def test_names_of_several_words_are_one_label(tmp_path: Path) -> None:
    rows = [("1.png", "dog"), ("2.png", "hot dog"), ("3.png", "cat, small"), ("4.png", "owl")]
    assert scan_table(table(tmp_path / "x.csv", ("path", "label"), *rows)).notes == ()
