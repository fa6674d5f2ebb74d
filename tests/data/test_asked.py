"""Which pictures are meant by files, folders, patterns, lists and parts of data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pellucid.data.asked import find_pictures
from pellucid.data.ours import drawing
from pellucid.data.reference import DataPicture, Reference
from pellucid.data.table import scan_table
from pellucid.errors import DataError
from pellucid.evaluation.prediction_files import csv_parts
from pellucid.evaluation.predictions import Prediction

if TYPE_CHECKING:
    from pellucid import Dataset


def no_part(reference: Reference) -> Dataset:
    raise AssertionError(reference)


def names(*arguments: str) -> list[str]:
    found = find_pictures(arguments, no_part)
    assert not found.problems
    return [str(picture) for picture in found.pictures if isinstance(picture, Path)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("new/10.png", "new/9.png", "new/deep/a 1.JPG", "new/.hidden.png", "new/notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(path, "PNG") if "txt" not in name else (
            path.write_text("notes")
        )
    return tmp_path


def test_a_folder_is_sorted_by_numbers_in_names() -> None:
    assert names("new") == ["new/9.png", "new/10.png", "new/deep/a 1.JPG"]


def test_patterns() -> None:
    assert names("new/*.png") == ["new/9.png", "new/10.png"]
    assert names("new/**/*") == ["new/9.png", "new/10.png", "new/deep/a 1.JPG"]
    assert names("new/[1-9].png") == ["new/9.png"]


def test_a_file_is_taken_by_its_name(folder: Path) -> None:
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder / "a[1]*.png")
    assert names("a[1]*.png") == ["a[1]*.png"]
    (folder / "mnist:test[3]").write_bytes((folder / "new" / "9.png").read_bytes())
    assert names("mnist:test[3]") == ["mnist:test[3]"]
    assert names("new/notes.txt") == ["new/notes.txt"]  # opening it says what is wrong


def test_what_is_named_again_is_answered_once() -> None:
    found = find_pictures(["new/10.png", "new", "./new/10.png"], no_part)
    assert [str(p) for p in found.pictures] == ["new/10.png", "new/9.png", "new/deep/a 1.JPG"]
    assert any("2 pictures" in note for note in found.notes)


@pytest.mark.parametrize(
    "text",
    [
        "path\n9.png\n10.png\n",
        "label;picture\ncat;9.png\ndog;10.png\n",
        "9.png\n10.png\n",
        "\ufefffilename,class\r\n9.png,x\r\n\r\n.\\10.png,y\r\n",
        "id,path\n1,new/9.png\n2,new/10.png\n",
        "id,breed\n9,x\n10,y\n",
        "picture,class,cat,dog\nnew/9.png,cat,1,0\nnew/10.png,dog,0,1\n",
    ],
)
def test_lists(folder: Path, text: str) -> None:
    (folder / "new" / "list.csv").write_text(text, encoding="utf-8", newline="")
    found = [Path(name).as_posix() for name in names("new/list.csv")]
    assert [name.rpartition("/")[2] for name in found] == ["9.png", "10.png"]
    assert all(Path(name).is_file() for name in found)


def test_a_column_of_another_name(folder: Path) -> None:
    (folder / "list.csv").write_text("where,path\nnew/9.png,x\n")
    assert not Path(names("list.csv")[0]).exists()
    found = find_pictures(["list.csv"], no_part, "Where")
    assert [str(picture) for picture in found.pictures] == ["new/9.png"]
    assert find_pictures(["list.csv"], no_part, "nowhere").problems


def test_a_table_of_predictions_is_a_list(folder: Path) -> None:
    """Also with a name that a spreadsheet would compute, to predict and to learn from."""
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder / "=1+1.png")
    answers = [Prediction("=1+1.png", np.array([0.25, 0.75])), Prediction("new/9.png", np.ones(2))]
    (folder / "p.csv").write_bytes(b"".join(csv_parts(answers, ["cat", "-dog"])))
    assert names("p.csv") == ["=1+1.png", "new/9.png"]
    listed = scan_table(Path("p.csv"))
    assert [file.name for file in listed.parts["all"]] == ["=1+1.png", "new/9.png"]
    assert listed.classes == ("-dog", "cat")


def test_what_gives_no_picture_costs_no_other(folder: Path) -> None:
    (folder / "empty").mkdir()
    (folder / "empty.csv").write_text("")
    (folder / "odd.csv").write_text("colour,size\nred,1\n")
    wrong = ["none.png", "no/*.png", "empty", "empty.csv", "odd.csv", "new/*.txt"]
    found = find_pictures([*wrong, "new/9.png"], no_part)
    assert len(find_pictures([""], no_part).problems) == 1
    assert "no pictures" in found.problems[2]
    assert "cannot be read" not in found.problems[2]
    assert [str(picture) for picture in found.pictures] == ["new/9.png"]
    assert len(found.problems) == len(wrong)
    for argument, problem in zip(wrong, found.problems, strict=True):
        assert problem.startswith(argument)
        assert "\n" not in problem


def test_parts_of_data(digits: tuple[Dataset, Dataset]) -> None:
    few = digits[1].subset(range(3), "test")

    def part(reference: Reference) -> Dataset:
        if reference.data != "mnist":
            raise DataError(f"{reference.data}: no such data")
        return few

    found = find_pictures(["mnist:test:1", "mnist:test", "mnist:test[3]", "x:test[1]"], part)
    assert all(isinstance(picture, DataPicture) for picture in found.pictures)
    assert [p.name for p in found.pictures if isinstance(p, DataPicture)] == [
        "mnist:test[1]", "mnist:test[0]", "mnist:test[2]",
    ]  # fmt: skip
    assert len(found.problems) == 2
    assert "3 pictures" in found.problems[0]


@pytest.mark.parametrize("text", ["new[3]", "new:3", "mnist[3]", "list.csv[3]"])
def test_data_and_a_number_without_a_part(folder: Path, text: str) -> None:
    (folder / "list.csv").write_text("path,label\nnew/9.png,a\n")
    found = find_pictures([text, "new/9.png"], no_part)
    assert found.pictures == [Path("new/9.png")]
    (problem,) = found.problems
    assert ":all[3]" in problem


def test_a_pattern_that_looks_like_a_number_of_data(folder: Path) -> None:
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder / "new3", "PNG")
    (folder / "new3").rename(folder / "new3.png")
    assert names("new[3].png") == ["new3.png"]
    (folder / "a").mkdir()
    (folder / "a3").mkdir()
    found = find_pictures(["a[3]"], no_part)
    assert "the part is missing" not in found.problems[0]


def test_patterns_leave_out_what_pellucid_drew(folder: Path) -> None:
    drawn = folder / "new" / "maps" / "1.png"
    drawn.parent.mkdir()
    drawn.write_bytes(drawing((folder / "new" / "9.png").read_bytes()))
    found = find_pictures(["new/**/*.png"], no_part)
    assert found.pictures == [Path("new/9.png"), Path("new/10.png")]
    assert len(found.notes) == 1
    assert names("new/maps/*.png") == ["new/maps/1.png"]  # nothing else can be meant
