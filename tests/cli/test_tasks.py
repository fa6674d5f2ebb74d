"""Several labels and numbers on the command line: from a list of pictures to judged answers."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

import pellucid as pl
from tests.data.made_files import encoded, write
from tests.data.test_table import table
from tests.estimators.test_other_tasks import bars

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

HEAD = ("path", "label")
COUNT = 90


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures with two lists: which bars there are, and how bright they are."""
    root = tmp_path_factory.mktemp("bars")
    pixels, marks, levels = bars(5, COUNT)
    for i in range(COUNT):
        write(root / "pictures" / f"{i}.png", encoded(pixels[i, ..., 0]))
    names = [f"pictures/{i}.png" for i in range(COUNT)]
    texts = [";".join(np.array(["left", "top"])[row == 1]) or ";" for row in marks]
    table(root / "labels.csv", HEAD, *zip(names, texts, strict=True))
    table(root / "levels.csv", HEAD, *((n, f"{v:.4f}") for n, v in zip(names, levels, strict=True)))
    return root


RUN = ("--epochs", 6, "--batch-size", 16, "--architecture", "lecture", "--image-size", "8")


@pytest.mark.parametrize("kind", ["labels", "levels"])
def test_from_a_list_to_judged_answers(
    pellucid: Command, folder: Path, tmp_path: Path, kind: str
) -> None:
    source, run = folder / f"{kind}.csv", tmp_path / "run"
    task = {"labels": "multi-label", "levels": "regression"}[kind]
    title = {"labels": "multi-label classification", "levels": "regression"}[kind]

    checked = pellucid("check", source, "--json")
    assert json.loads(checked.stdout)["task"] == title
    assert title in pellucid("check", source).stdout

    trained = pellucid("train", source, *RUN, "--out", run, "--json")
    assert f"task: {title}" in trained.stderr
    values = json.loads(trained.stdout)
    assert values["task"] == task
    assert len(values["history"]) == 6
    rank = {"labels": "validation_mean_average_precision", "levels": "validation_r2"}[kind]
    assert values["best"][rank] == max(row[rank] for row in values["history"])
    assert not any("accuracy" in name for name in values["best"])
    with (run / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row[rank]) for row in rows] == [row[rank] for row in values["history"]]
    page = (run / "report.html").read_text()
    assert "Confusion" not in page
    assert "accuracy" not in page

    refused = pellucid("add-class", run, folder, "--out", tmp_path / "more", code=1).stderr
    assert title in refused
    assert "--data" not in refused

    judged = json.loads(pellucid("evaluate", run, source, "--json", "--out", tmp_path / "e").stdout)
    report = pl.load(run).evaluate(pl.data.load(source).test)
    assert judged == report.to_dict()
    assert judged["count"] == 9
    printed = pellucid("evaluate", run, source)
    assert f"task: {title}" in printed.stderr
    assert {"labels": "micro F1", "levels": "R²"}[kind] in printed.stdout
    with (tmp_path / "e" / "predictions.csv").open() as file:
        answers = list(csv.reader(file))
    assert len(answers) == 10
    heads = {
        "labels": ["picture", "true", "labels", "left", "top"],
        "levels": ["picture", "true label", "predicted label"],
    }
    assert answers[0] == heads[kind]

    listed = json.loads(pellucid("runs", tmp_path, "--json").stdout)
    assert listed[0]["measures"][rank.removeprefix("validation_")] == values["best"][rank]
    assert pellucid("runs", tmp_path).stdout

    resumed = pellucid("train", "--resume", run)
    assert "this run has ended" in resumed.stderr


@pytest.mark.parametrize("kind", ["labels", "levels"])
def test_answers(pellucid: Command, folder: Path, tmp_path: Path, kind: str) -> None:
    source, run = folder / f"{kind}.csv", tmp_path / "run"
    pellucid("train", source, *RUN, "--out", run)
    model = pl.load(run)
    pictures = [folder / "pictures" / f"{i}.png" for i in range(4)]
    expected = model.predict(pictures)
    values = json.loads(pellucid("predict", run, *pictures, "--json").stdout)
    for value, answer, path in zip(values, expected, pictures, strict=True):
        assert value["picture"] == str(path)
        if kind == "labels":
            assert value["labels"] == [n for n, y in zip(("left", "top"), answer, strict=True) if y]
            assert value["threshold"] == model.model_.task.threshold
        else:
            assert value["numbers"]["label"] == pytest.approx(answer)
    pellucid("predict", run, *pictures, "--out", tmp_path / "p.csv")
    with (tmp_path / "p.csv").open() as file:
        rows = list(csv.reader(file))
    assert len(rows) == 5
    assert pictures[0].name in pellucid("predict", run, *pictures).stdout
    assert "90 pictures" in pellucid(
        "predict", run, folder / "pictures", "--out", tmp_path / "all.json"
    ).stdout  # fmt: skip

    for command in (("predict", run, pictures[0], "--top", 3),):
        refused = pellucid(*command, code=1)
        assert model.model_.task.title in refused.stderr
        assert refused.stderr.count("\n") == 1


def test_what_has_no_meaning_for_numbers(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    for options in (("--label-smoothing", 0.1), ("--class-weights", "balanced")):
        refused = pellucid("train", folder / "levels.csv", *RUN, *options, code=1)
        assert options[0] in refused.stderr.splitlines()[-1]
    refused = pellucid("train", folder / "labels.csv", *RUN, "--loss", "huber", code=1)
    assert "--loss" in refused.stderr.splitlines()[-1]
    assert not (tmp_path / "runs").exists()


def test_two_models_of_different_tasks(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    for kind in ("labels", "levels"):
        pellucid("train", folder / f"{kind}.csv", *RUN, "--out", tmp_path / kind, "--no-report")
    refused = pellucid(
        "compare", tmp_path / "labels", tmp_path / "levels", folder / "levels.csv", code=1
    )
    assert "regression" in refused.stderr
    wrong = pellucid("evaluate", tmp_path / "levels", folder / "labels.csv", code=1)
    assert "finite number" in wrong.stderr


@pytest.mark.parametrize("kind", ["labels", "levels"])
def test_two_models_are_compared(
    pellucid: Command, folder: Path, tmp_path: Path, kind: str
) -> None:
    """The same seed sets the same pictures aside."""
    source, options = folder / f"{kind}.csv", () if kind == "labels" else ("--loss", "huber")
    for name, epochs in (("short", 1), ("long", 8)):
        pellucid(
            "train", source, *RUN, "--epochs", epochs, "--out", tmp_path / name, "--no-report",
            *options,
        )  # fmt: skip
    models = tmp_path / "short", tmp_path / "long"
    found = json.loads(
        pellucid("compare", *models, source, "--json", "--out", tmp_path / "c").stdout
    )
    assert len(found["images"]) == 9
    score = {"labels": "mean_average_precision", "levels": "r2"}[kind]
    assert found["second"][score] >= found["first"][score]
    errors = np.array([[each["error_a"], each["error_b"]] for each in found["images"]])
    nearer = found["nearer"]
    assert nearer["first"] == (errors[:, 0] < errors[:, 1]).sum()
    assert nearer["second"] == (errors[:, 1] < errors[:, 0]).sum()
    assert 0 < nearer["p_value"] <= 1
    assert {path.name for path in (tmp_path / "c").iterdir()} == {
        "comparison.csv", "comparison.html",
    }  # fmt: skip
    assert "Judges" in pellucid("compare", *models, source).stdout


def test_find_rate_understands_numbers(pellucid: Command, folder: Path) -> None:
    done = pellucid(
        "find-rate", folder / "levels.csv", *RUN[2:], "--steps", 20, "--seeds", 2, "--json"
    )
    assert "task: regression" in done.stderr
    assert json.loads(done.stdout)["rates"]
