"""``pellucid train``, and what others make of its result."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from pellucid import data, load
from pellucid.architectures import ARCHITECTURES
from pellucid.cli import main
from pellucid.cli.run_report import judge
from pellucid.metrics.chance import wilson

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.cli.conftest import Command


def test_a_folder_of_pictures_from_end_to_end(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    train = ["train", picture_folder, "--epochs", 4, "--batch-size", 8, "--no-report"]
    done = pellucid(*train, "--out", "run")
    assert "run/model.safetensors" in done.stdout
    assert "epoch 4/4" in done.stderr
    assert "learning rate 0.013 (default for batches of 8)" in done.stderr
    config = json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))
    assert config["classes"] == ["naught — 영", "one"]
    assert config["recipe"]["learning_rate"] == 0.013
    with (tmp_path / "run" / "history.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2", "3", "4"]

    report = json.loads(pellucid("evaluate", "run", picture_folder, "--json").stdout)
    assert report["accuracy"] > 0.9

    picture = next((picture_folder / "one").iterdir())
    answer = json.loads(pellucid("predict", "run", picture, "--top", 1, "--json").stdout)
    assert answer[0]["guesses"][0]["class"] == "one"
    shown = pellucid("predict", "run/model.safetensors", picture).stdout
    assert shown.splitlines()[1].split()[0] == "one"


def test_a_report_shows_how_training_went(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    train = ["train", picture_folder, "--epochs", 2, "--batch-size", 8, "--no-report"]
    pellucid(*train, "--out", "run")
    done = pellucid("evaluate", "run", picture_folder, "--out", "run")
    assert "report written to run/report.html" in done.stderr
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Loss by epoch: " in page
    assert "set aside for the test, 6 of 60 pictures" in page
    assert "naught — 영" in page
    assert "&quot;architecture&quot;: &quot;lecture&quot;" in page

    (tmp_path / "run" / "history.csv").write_text("epoch,loss\n1,low\n")
    done = pellucid("evaluate", "run", picture_folder, "--out", "other")
    assert "the course of training is left out: run/history.csv: line 2" in done.stderr
    page = (tmp_path / "other" / "report.html").read_text(encoding="utf-8")
    assert "Loss by epoch: " not in page


def test_json_result(pellucid: Command, picture_folder: Path) -> None:
    train = ["train", picture_folder, "--epochs", 1, "--no-report", "--json"]
    done = pellucid(*train)
    result = json.loads(done.stdout)
    assert result["model"].startswith("runs/")
    assert len(result["history"]) == 1
    again = json.loads(pellucid(*train).stdout)
    assert again["model"] != result["model"]


def test_a_run_is_not_overwritten_unasked(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    train = ["train", picture_folder, "--epochs", 1, "--no-report", "--out", "run"]
    pellucid(*train)
    before = (tmp_path / "run" / "model.safetensors").read_bytes()
    done = pellucid(*train, code=1)
    assert "run holds a run already" in done.stderr
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == before
    pellucid(*train, "--overwrite")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere"),
        (["mnist", "--architecture", "lectur"], "did you mean 'lecture'"),
        (["mnist", "--optimizer", "lion"], "unknown optimizer 'lion'"),
        (["mnist", "--schedule", "zigzag"], "unknown schedule 'zigzag'"),
        (["mnist", "--engine", "abacus"], "unknown engine 'abacus'"),
        (["mnist", "--learning-rate", "nan"], "learning_rate must be a finite number"),
        (["mnist", "--image-size", "32x32"], "mnist"),
    ],
)
def test_what_fails_says_why(pellucid: Command, arguments: list[str], message: str) -> None:
    assert message in pellucid("train", *arguments, "--epochs", 1, code=1).stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["mnist", "--epochs", "0"],
        ["mnist", "--image-size", "big"],
        ["mnist", "--validation", "1.5"],
        ["mnist", "--no-such-option"],
        ["mnist", "--seed", "-1"],
    ],
)
def test_wrong_use_is_exit_code_2(pellucid: Command, arguments: list[str]) -> None:
    pellucid("train", *arguments, code=2)


def test_bad_folders(pellucid: Command, picture_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "empty" in pellucid("train", "empty", code=1).stderr
    (tmp_path / "single" / "only").mkdir(parents=True)
    Image.new("L", (8, 8)).save(tmp_path / "single" / "only" / "a.png")
    assert "only" in pellucid("train", "single", code=1).stderr
    (tmp_path / "bad" / "a").mkdir(parents=True)
    (tmp_path / "bad" / "b").mkdir()
    Image.new("L", (8, 8)).save(tmp_path / "bad" / "a" / "good.png")
    (tmp_path / "bad" / "b" / "broken.png").write_bytes(b"<html>")
    assert "broken.png" in pellucid("train", "bad", code=1).stderr


def test_pictures_too_small_for_the_network(pellucid: Command, picture_folder: Path) -> None:
    done = pellucid("train", picture_folder, "--architecture", "lenet5", code=1)
    assert "layer 'C3'" in done.stderr
    assert "the smallest image that works is 12×12×1" in done.stderr


def test_output_that_cannot_be_written(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine")
    for out, reason in (("file/run", "Not a directory"), ("file", "a file of that name is in")):
        done = pellucid("train", picture_folder, "--epochs", 1, "--out", out, code=1)
        assert f"{out}: the folder cannot be made: {reason}" in done.stderr
    assert (tmp_path / "file").read_text() == "mine"


def test_the_folder_is_the_run_s_until_its_report_is_written(
    pellucid: Command, picture_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is in this process, so that others can be tried in the midst of its report."""
    others: list[str] = []

    def judging(*arguments: Any) -> Any:
        others.extend(
            pellucid("train", *other, "--epochs", 1, code=1).stderr
            for other in ([picture_folder, "--out", "run", "--overwrite"], ["--resume", "run"])
        )
        return judge(*arguments)

    monkeypatch.setattr("pellucid.cli.train_network.judge", judging)
    monkeypatch.chdir(tmp_path)
    arguments = ["train", str(picture_folder), "--epochs", "1", "--out", "run"]
    monkeypatch.setattr(sys, "argv", ["pellucid", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    assert not left.value.code
    assert len(others) == 2
    assert all("run: another training is writing in this folder" in printed for printed in others)
    assert (tmp_path / "run" / "report.html").stat().st_size > 0
    assert "report written to run/report.html" in pellucid("train", "--resume", "run").stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_report_that_is_broken_off_is_made_by_resuming(
    pellucid: Command, picture_folder: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    script = "import signal, pellucid.cli.train_network as train; from pellucid.cli import main; "
    script += "signal.signal(signal.SIGINT, signal.default_int_handler); "
    script += f"train.judge = lambda *_: signal.raise_signal({int(number)}); main()"
    train = ["train", str(picture_folder), "--epochs", "1", "--out", "run"]
    done = subprocess.run(
        [sys.executable, "-c", script, *train],
        cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert done.stderr.splitlines()[-1] == (
        "pellucid: stopped while the report was made; the model is whole, go on with: pellucid "
        "train --resume run"
    )
    assert done.stdout == ""
    before = (tmp_path / "run" / "model.safetensors").read_bytes()
    assert not (tmp_path / "run" / "report.html").exists()
    assert "--start-from run" in pellucid("train", "--resume", "run").stderr  # it has ended
    assert (tmp_path / "run" / "report.html").exists()
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == before


def test_a_run_that_diverges(pellucid: Command, picture_folder: Path, tmp_path: Path) -> None:
    """One line, no warnings of NumPy's, and an earlier model is as it was."""
    train = ["train", picture_folder, "--batch-size", 8, "--epochs", 3, "--out", "run"]
    pellucid(*train, "--no-report")
    before = (tmp_path / "run" / "model.safetensors").read_bytes()
    absurd = ["--learning-rate", 10000, "--schedule", "constant", "--overwrite"]
    *remarks, last = pellucid(*train, *absurd, code=1).stderr.splitlines()
    assert last.startswith("pellucid: training diverged: the loss is ")
    assert last.endswith("whose peak is 10000: leave --learning-rate out for the default")
    assert not [line for line in remarks if "Warning" in line]
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == before


def without_commands(text: str) -> dict[str, Any]:
    """A report's JSON as Python gives it, which knows no paths to explain mistakes by."""
    report: dict[str, Any] = json.loads(text)
    for wrong in report["wrong"]:
        assert "pellucid explain 'my run'" in wrong["command"]
        wrong["command"] = ""
    return report


@pytest.mark.parametrize("validation", ["0.1", "7", "0"])
def test_a_model_is_judged_by_what_it_has_not_seen(
    pellucid: Command, picture_folder: Path, tmp_path: Path, validation: str
) -> None:
    """Of the folder that it learned from, the test part; of any other, all pictures."""
    arguments = ["--epochs", 1, "--seed", 4, "--validation", validation, "--no-report"]
    done = pellucid("train", picture_folder, *arguments, "--out", "my run")
    assert f"judge it: pellucid evaluate 'my run' {picture_folder}" in done.stderr
    judged = pellucid("evaluate", "my run", picture_folder, "--json")
    assert "set aside for the test, 6 of 60 pictures" in judged.stderr
    share = float(validation) if "." in validation else int(validation)
    test = data.load(picture_folder, validation=share, seed=4).test
    assert test is not None
    assert len(test) == 6
    expected = load(tmp_path / "my run").evaluate(test).to_dict()
    assert without_commands(judged.stdout) == expected

    shutil.copytree(picture_folder, tmp_path / "copy")
    again = pellucid("evaluate", "my run", "copy", "--json")
    assert without_commands(again.stdout) == expected  # it is the pictures that count
    next((tmp_path / "copy" / "one").iterdir()).unlink()
    other = pellucid("evaluate", "my run", "copy")
    assert other.stderr == "task: single-label classification\n"
    assert "59 pictures: copy" in other.stdout


def test_the_folder_one_is_in(pellucid: Command, picture_folder: Path, tmp_path: Path) -> None:
    for name in ("naught — 영", "one"):
        shutil.copytree(picture_folder / name, tmp_path / name)
    done = pellucid("train", ".", "--epochs", 1, "--no-report")
    run = f"runs/{tmp_path.name}-lecture"
    assert f"the run is kept in {run}" in done.stderr
    shutil.copytree(tmp_path / "one", tmp_path / "more" / "one")
    judged = pellucid("evaluate", run, "more/../more/.").stdout
    assert "30 pictures: more" in judged


def test_help_names_defaults_that_depend(pellucid: Command) -> None:
    text = " ".join(pellucid("train", "--help", COLUMNS="200").stdout.split())
    for words in (
        "without it, runs/DATA-",
        "[default: the architecture's default]",
        "[default: the data's default]",
        "sgd, adam, adamw.",
        "reference",
    ):
        assert words in text
    unbroken = text.replace(" ", "")
    assert all(name in unbroken for name in ARCHITECTURES)


def test_an_accuracy_comes_with_its_interval_and_guessing(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    train = ["train", picture_folder, "--epochs", 1, "--validation", 20, "--batch-size", 8]
    done = pellucid(*train, "--out", "run", "--json")
    values = json.loads(done.stdout)
    found = values["validation"]
    right = round(values["best"]["validation_accuracy"] * 20)
    assert (found["accuracy"], found["count"], found["guessing"]) == (right / 20, 20, 0.5)
    assert (found["low"], found["high"]) == wilson(right, 20)
    line = f"{right / 20:.2%} right (95% interval {found['low']:.2%} to {found['high']:.2%}; always"
    assert line in done.stderr
    assert line in pellucid(*train, "--no-report", "--out", "other").stderr
    judged = json.loads(pellucid("evaluate", "run", picture_folder, "--json").stdout)
    assert (
        judged["chance"]["low"]
        == wilson(round(judged["accuracy"] * judged["count"]), judged["count"])[0]
    )
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert f"95% interval {found['low']:.2%} to {found['high']:.2%}" in page
