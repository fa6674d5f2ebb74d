"""``pellucid predict`` at work: folders, lists, bad files, tables."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pellucid.evaluation.prediction_files import csv_parts
from pellucid.evaluation.predictions import Prediction, dataset_predictions, predictions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pellucid import Dataset, ImageClassifier
    from tests.cli.conftest import Command


@pytest.fixture
def new(digits: tuple[Dataset, Dataset], tmp_path: Path) -> Path:
    """Twelve pictures, an empty one and one that is cut short."""
    folder = tmp_path / "new"
    folder.mkdir()
    for i in range(12):
        Image.fromarray(digits[1].images[i, ..., 0]).save(folder / f"{i}.png")
    (folder / "5b.png").write_bytes(b"")
    (folder / "cut.png").write_bytes((folder / "3.png").read_bytes()[:60])
    return folder


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_bad_file_costs_no_other(
    pellucid: Command, model_path: Path, new: Path, tmp_path: Path, classifier: ImageClassifier,
    digits: tuple[Dataset, Dataset],
) -> None:  # fmt: skip
    done = pellucid("predict", model_path, "new", "-o", "predictions.csv", code=1)
    assert "new/5b.png: empty" in done.stderr
    assert "new/cut.png" in done.stderr
    head, *table = rows(tmp_path / "predictions.csv")
    assert head == ["picture", "class", *classifier.model_.classes]
    assert [row[0] for row in table] == [f"new/{i}.png" for i in range(12)]
    expected = classifier.predict_proba(digits[1].images[:12])
    found = np.array([[float(cell) for cell in row[2:]] for row in table])
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-30)
    assert [row[1] for row in table] == [str(k) for k in classifier.predict(digits[1].images[:12])]


def test_json_has_every_probability_and_every_error(
    pellucid: Command, model_path: Path, new: Path, tmp_path: Path, classifier: ImageClassifier
) -> None:
    printed = json.loads(
        pellucid("predict", model_path, "new", "none.png", "--json", "--top", 2, code=1).stdout
    )
    assert len(printed) == 14
    answered = [each for each in printed if "error" not in each]
    assert len(answered) == 12
    for each in answered:
        assert list(each["probabilities"]) == list(classifier.model_.classes)
        assert sum(each["probabilities"].values()) == pytest.approx(1)
        assert each["guesses"][0]["class"] == each["class"]
        assert len(each["guesses"]) == 2
    pellucid("predict", model_path, "new", "-o", "p.json", "--top", 2, code=1)
    assert json.loads((tmp_path / "p.json").read_text()) == printed


def test_nothing_that_is_read_is_replaced(
    pellucid: Command, model_path: Path, new: Path, tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text("path\nnew/1.png\n")
    before = (tmp_path / "list.csv").read_bytes()
    done = pellucid("predict", model_path, "list.csv", "-o", "list.csv", code=1)
    assert "list.csv" in done.stderr
    assert (tmp_path / "list.csv").read_bytes() == before
    pellucid("predict", model_path, "new/1.png", "-o", "out.jpg", code=1)
    (tmp_path / "new" / "odd.csv").write_bytes((new / "1.png").read_bytes())
    (tmp_path / "names.csv").write_text("path\nnew/odd.csv\n")
    pellucid("predict", model_path, "names.csv", "-o", "new/odd.csv", code=1)
    assert (tmp_path / "new" / "odd.csv").read_bytes() == (new / "1.png").read_bytes()


def test_many_pictures_have_a_line_each(
    pellucid: Command, model_path: Path, new: Path, tmp_path: Path
) -> None:
    for i in range(12, 30):
        (new / f"{i}.png").write_bytes((new / "1.png").read_bytes())
    lines = pellucid(
        "predict", model_path, "new/[0-9].png", "new/[12][0-9].png"
    ).stdout.splitlines()
    assert len(lines) == 30
    assert lines[9].startswith("new/9.png  ")
    assert lines[10].startswith("new/10.png  ")
    assert lines[10].endswith("%")


def test_where_there_is_nothing(pellucid: Command, model_path: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for argument in ("empty", "*.jpg", "none.png", "mnist:test:99999", "mnist:foo:1"):
        done = pellucid("predict", model_path, argument, code=1)
        assert done.stdout == ""
        assert argument.split(":")[0] in done.stderr


def test_pictures_are_read_a_few_at_a_time(
    new: Path, classifier: ImageClassifier, digits: tuple[Dataset, Dataset]
) -> None:
    paths = [new / f"{i % 12}.png" for i in range(5000)]
    found = predictions(classifier, paths)
    first = next(found)
    assert first.picture == str(paths[0])
    whole = [first, *found]
    assert [each.picture for each in whole] == [str(path) for path in paths]
    expected = classifier.predict_proba(digits[1].images[:12])
    assert whole[4999].probabilities == pytest.approx(expected[4999 % 12], abs=1e-7)
    of_data = list(dataset_predictions(classifier, digits[1].subset(range(100))))
    assert of_data[7].probabilities == pytest.approx(expected[7], abs=1e-7)


def test_the_table_is_safe_and_names_its_columns_once() -> None:
    def answers() -> Iterator[Prediction]:
        yield Prediction("=1+1.png", np.array([0.25, 0.75]))
        yield Prediction("bad.png", None, "bad.png: damaged")

    text = b"".join(csv_parts(answers(), ["class", "-cat"])).decode()
    assert text == "picture,class,probability of class,'-cat\n'=1+1.png,'-cat,0.25,0.75\n"


def test_the_right_class_is_marked_everywhere(
    pellucid: Command, model_path: Path, picture_folder: Path, tmp_path: Path
) -> None:
    pictures = sorted((picture_folder / "one").iterdir())[:2]
    done = pellucid("predict", model_path, *pictures, "--label", "3", "--top", 2, "--json")
    assert [each["true"] for each in json.loads(done.stdout)] == ["3", "3"]
    done = pellucid("predict", model_path, *pictures, "--label", "3", "--top", 2)
    assert done.stdout.count("right") == 2
    done = pellucid("predict", model_path, "mnist:test:0", "--top", 10)
    (marked,) = [line for line in done.stdout.splitlines() if line.endswith("right")]
    assert marked.split()[0] == "7"
    pellucid("predict", model_path, *pictures, "--label", "3", "--out", "g.csv")
    with (tmp_path / "g.csv").open(encoding="utf-8") as file:
        assert [row["true"] for row in csv.DictReader(file)] == ["3", "3"]
    assert "'33'" in pellucid("predict", model_path, *pictures, "--label", "33", code=1).stderr


def test_pictures_above_their_guesses(
    pellucid: Command, model_path: Path, picture_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "no.png").write_bytes(b"text")
    pictures = [*sorted((picture_folder / "one").iterdir())[:2], tmp_path / "no.png"]
    pellucid("predict", model_path, *pictures, "--out", "guesses.png", code=1)
    with Image.open(tmp_path / "guesses.png") as picture:
        assert picture.format == "PNG"
    pellucid("predict", model_path, *pictures[:2], "--label", "1", "--out", "guesses.html")
    page = (tmp_path / "guesses.html").read_text(encoding="utf-8")
    assert page.count("<img") == 2
    assert "right" in page
    done = pellucid("predict", model_path, *pictures, "--out", pictures[0], code=1)
    assert "is read by this command" in done.stderr
