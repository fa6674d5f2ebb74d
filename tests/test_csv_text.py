"""CSV that spreadsheets cannot take for formulas, and that can be read back."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import pellucid as pl
from pellucid.cli.run_report import write_quarantined
from pellucid.csv_text import csv_text, defused, undefused
from pellucid.data.quarantine import BadFile
from pellucid.evaluation.model_comparison import compare_models

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset

FORMULAS = ("=1+1", "+1+1", "-1+cmd", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("x")', "＝1")


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_is_text_and_comes_back(name: str) -> None:
    ((cell,),) = cells(csv_text([[name]]))
    assert cell == f"'{name}"
    assert undefused(cell) == name


@pytest.mark.parametrize(
    "name", ["", "cat", "'", "'cat", "'=x", "''=x", "a=b", "-5", "-0.5", "+1e-3"]
)
def test_what_comes_back_is_what_was_there(name: str) -> None:
    assert undefused(defused(name)) == name


def test_numbers_stay_numbers() -> None:
    assert csv_text([[-0.5, "-0.500000", -3, None, 1e-7]]) == "-0.5,-0.500000,-3,,1e-07\n"


def test_every_table_with_names_from_users(digits: tuple[Dataset, Dataset], tmp_path: Path) -> None:
    test = digits[1].subset(range(60))
    names = ("=1+1", "+2", "-cmd", "@x", *"456789")
    hostile = replace(
        test.with_classes(classes=names, label_kind="text"), names=("=evil.png",) * 60
    )
    one = pl.ImageClassifier(epochs=1, seed=0).fit(hostile)
    report = one.evaluate(hostile)
    report.write(tmp_path)
    compared = compare_models(one, one, hostile)
    (tmp_path / "comparison.csv").write_text(compared.to_csv(), encoding="utf-8")
    write_quarantined(tmp_path, [BadFile("=evil.png", "-broken", "=1+1", "all")])
    read = {path.name: cells(path.read_text(encoding="utf-8")) for path in tmp_path.glob("*.csv")}
    assert set(read) == {
        "comparison.csv", "confusion.csv", "per_class.csv", "quarantined.csv", "summary.csv",
        "wrong.csv",
    }  # fmt: skip
    for rows in read.values():
        for cell in (cell for row in rows for cell in row):
            assert cell[:1] not in "=@\t\r" or not cell
            if cell[:1] in ("+", "-"):
                float(cell)
    assert [undefused(cell) for cell in read["confusion.csv"][0][1:]] == list(names)
    assert read["quarantined.csv"][1] == ["'=evil.png", "'=1+1", "all", "'-broken"]
