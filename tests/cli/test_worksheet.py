"""``worksheet`` and ``grade``: from a run to printed sheets, and back to a class's marks."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset
    from tests.cli.conftest import Command


@pytest.fixture
def picture(digits: tuple[Dataset, Dataset], tmp_path: Path) -> str:
    Image.fromarray(digits[1].images[0, ..., 0]).save(tmp_path / "digit.png")
    return "digit.png"


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8-sig").splitlines()


def test_from_sheet_to_marks(
    pellucid: Command, model_path: Path, picture: str, tmp_path: Path
) -> None:
    done = pellucid(
        "worksheet", model_path, picture, "--out", "sheet.html", "--key", "key.html", "--form",
        "form.csv", "--language", "ko", "--label", "3",
    )  # fmt: skip
    sheet, key = (tmp_path.joinpath(name).read_text("utf-8") for name in ("sheet.html", "key.html"))
    rows = list(csv.DictReader(lines(tmp_path / "key.csv")))
    digest = rows[0]["sheet"]
    assert "합성곱" in sheet
    assert digest in sheet
    assert digest in key
    assert digest in done.stderr
    assert done.stdout == ""
    (heads, line) = csv.reader(lines(tmp_path / "form.csv"))
    assert heads[2:] == [row["blank"] for row in rows]
    assert "no answers" in pellucid("grade", "form.csv", "--key", "key.csv", code=1).stderr
    with (tmp_path / "form.csv").open("a", encoding="utf-8") as file:
        csv.writer(file).writerow([line[0], "Kim", *(row["answer"] for row in rows)])
    printed = pellucid("grade", "form.csv", "--key", "key.csv", "--csv", "marks.csv").stdout
    assert "100%" in printed
    assert "Kim" in printed
    marks = list(csv.DictReader(lines(tmp_path / "marks.csv")))
    assert {row["mark"] for row in marks} == {"right"}
    values = json.loads(pellucid("grade", "form.csv", "--key", "key.csv", "--json").stdout)
    assert values["share"] == 1.0
    pellucid("grade", "form.csv", "--key", "key.csv", "--out", "grades.html")
    assert "Kim" in (tmp_path / "grades.html").read_text("utf-8")


def test_both_languages_have_one_key(
    pellucid: Command, model_path: Path, picture: str, tmp_path: Path
) -> None:
    for language in ("en", "ko"):
        options = "--language", language, "--key", f"{language}.csv", "--seed", 5
        printed = pellucid("worksheet", model_path, picture, *options).stdout
        assert ("Convolution" in printed) == (language == "en")
    keys = [(tmp_path / f"{each}.csv").read_text().splitlines()[1:] for each in ("en", "ko")]
    assert {line.rsplit(",", 1)[1] for line in keys[1]} == {"ko"}
    assert [line.rsplit(",", 1)[0] for line in keys[0]] == [
        line.rsplit(",", 1)[0] for line in keys[1]
    ]
    blank, answer = keys[0][0].split(",")[3:5]
    (tmp_path / "class.csv").write_text(f"student,{blank},99z\nKim,{answer},1\nLee,99,\n")
    for language, given, words in (
        ("en", [], "2 students"), ("ko", [], "학생 2명"),
        ("en", ["--language", "ko"], "학생 2명"), ("ko", ["--language", "en"], "2 students"),
    ):  # fmt: skip
        printed = pellucid("grade", "class.csv", "--key", f"{language}.csv", *given).stdout
        assert words in printed
        assert ("채점하지 않은 답이 1개" in printed) == ("학생" in words)
        assert ("그 밖에" in printed) == ("학생" in words)
    assert (
        "--language"
        in pellucid("grade", "class.csv", "--key", "ko.csv", "--language", "fr", code=2).stderr
    )
    values = json.loads(pellucid("worksheet", model_path, picture, "--json", "--seed", 6).stdout)
    assert values["sheet"] not in (tmp_path / "en.csv").read_text()


def test_a_run_brings_its_own_picture(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    pellucid("train", picture_folder, "--epochs", 1, "--out", "run")
    first, again = (
        pellucid("worksheet", "run", "--topic", "softmax", "--topic", "pooling") for _ in range(2)
    )
    assert first.stdout == again.stdout
    assert "picture: " in first.stderr
    assert "Softmax" in first.stdout
    assert "Flattening" not in first.stdout


def test_what_cannot_be_asked(pellucid: Command, model_path: Path, picture: str) -> None:
    assert "PICTURE" in pellucid("worksheet", model_path, code=1).stderr
    assert "pooling" in pellucid("worksheet", model_path, picture, "--topic", "x", code=2).stderr
    told = pellucid("worksheet", model_path, picture, "--language", "de", code=2).stderr
    assert "en, ko" in told
    same = "--out", "a.html", "--key", "a.html"
    assert "own name" in pellucid("worksheet", model_path, picture, *same, code=1).stderr
    assert ".html" in pellucid("worksheet", model_path, picture, "--out", "a.png", code=1).stderr
    pellucid("worksheet", model_path, picture, "--key", "key.csv", "--topic", "pooling")
    assert "no such file" in pellucid("grade", "none.csv", "--key", "key.csv", code=1).stderr
    assert "no text" in pellucid("grade", "key.csv", "--key", model_path, code=1).stderr
    told = pellucid("grade", "key.csv", "--key", "key.csv", "--csv", "key.csv", code=1).stderr
    assert "is read by this command" in told
