"""What is said of classes at the start: their counts, odd names, single pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.data import load
from pellucid.data.check import inspect
from pellucid.data.class_notes import class_notes, odd_names
from tests.data.made_files import noise, picture_folder

if TYPE_CHECKING:
    from pathlib import Path


def test_few_classes_with_their_counts() -> None:
    assert class_notes({"cat": 40, "ship": 40}) == ("2 classes: cat 40, ship 40",)
    assert class_notes({"cat": 40})[0] == "1 class: cat 40"
    (line,) = class_notes({"a": 3, "b": 90})
    assert line == "2 classes: a 3, b 90; the largest is 30 times the smallest"


def test_many_classes_are_shortened() -> None:
    counts = {f"class {k}": 10 + k for k in range(50)}
    (line,) = class_notes(counts)
    assert line.startswith("50 classes: class 49: 59, class 48: 58, class 47: 57 … ")
    assert "class 0: 10" in line
    assert len(line) < 160


def test_single_pictures_are_named() -> None:
    *_, line = class_notes({"a": 1, "b": 1, "c": 9})
    assert line.startswith("2 classes of one picture only")
    assert line.endswith(": a, b")


@pytest.mark.parametrize("name", ["NaN", "nan", "None", "null", "N/A", "<NA>"])
def test_names_of_missing_labels(name: str) -> None:
    ((names, words),) = odd_names({name: 3, "cat": 5})
    assert names == (name,)
    assert "3 pictures" in words


def test_names_that_differ_only_in_case_or_blanks() -> None:
    ((names, words),) = odd_names({"Cat": 1, "cat": 2, "sea_lion": 3, "wolf": 1})
    assert names == ("Cat", "cat")
    assert "Cat 1, cat 2" in words
    assert odd_names({"sea lion": 1, "sea_lion": 2, "Sea-Lion": 3})[0][0] == (
        "sea lion", "sea_lion", "Sea-Lion",
    )  # fmt: skip


def test_every_source_says_so(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"Cat": 20, "cat": 20, "NaN": 20})
    notes = load(tmp_path).notes
    assert "3 classes: Cat 20, NaN 20, cat 20" in notes
    assert len([note for note in notes if note.startswith(("Cat, cat: ", "NaN: "))]) == 2
    assert len(inspect(tmp_path, near=False).by_kind()["odd-names"]) == 2
    arrays = {"x": noise(0, 60, 6, 5, 1), "y": np.array(["None", "a", "A"] * 20)}
    notes = load(arrays).notes
    assert "3 classes: A 20, None 20, a 20" in notes
    assert len([note for note in notes if note.startswith(("A, a: ", "None: "))]) == 2
