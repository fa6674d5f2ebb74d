"""``pellucid train``, and what others make of its result."""

from __future__ import annotations

import csv
import json
import os
from typing import TYPE_CHECKING

import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


def test_a_folder_of_pictures_from_end_to_end(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    done = pellucid("train", picture_folder, "--epochs", 4, "--out", "run", "--batch-size", 8)
    assert "run/model.safetensors" in done.stdout
    assert "epoch 4/4" in done.stderr
    config = json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))
    assert config["classes"] == ["naught — 영", "one"]
    with (tmp_path / "run" / "history.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2", "3", "4"]

    report = json.loads(pellucid("evaluate", "run", picture_folder, "--json").stdout)
    assert report["accuracy"] > 0.9

    picture = next((picture_folder / "one").iterdir())
    answer = json.loads(pellucid("predict", "run", picture, "--top", 1, "--json").stdout)
    assert answer[0]["guesses"][0]["class"] == "one"
    shown = pellucid("predict", "run/model.safetensors", picture).stdout
    assert shown.splitlines()[1].split()[0] == "one"


def test_json_result(pellucid: Command, picture_folder: Path) -> None:
    done = pellucid("train", picture_folder, "--epochs", 1, "--json")
    result = json.loads(done.stdout)
    assert result["model"].startswith("runs/")
    assert len(result["history"]) == 1
    again = json.loads(pellucid("train", picture_folder, "--epochs", 1, "--json").stdout)
    assert again["model"] != result["model"]


def test_a_run_is_not_overwritten_unasked(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    pellucid("train", picture_folder, "--epochs", 1, "--out", "run")
    before = (tmp_path / "run" / "model.safetensors").read_bytes()
    done = pellucid("train", picture_folder, "--epochs", 1, "--out", "run", code=1)
    assert "run holds a run already" in done.stderr
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == before
    pellucid("train", picture_folder, "--epochs", 1, "--out", "run", "--overwrite")


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
    done = pellucid("train", picture_folder, "--epochs", 1, "--out", "file/run", code=1)
    assert "file/run" in done.stderr
    if os.path.exists("/dev/full"):  # noqa: PTH110 - a device, not a file
        assert (tmp_path / "file").read_text() == "mine"
