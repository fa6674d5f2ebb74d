"""``pellucid train --start-from``: from a model to another."""

from __future__ import annotations

import json
import shutil
import wave
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pellucid.files import load_model, save_model
from pellucid.training.saved_run import read_saved_run
from tests.estimators.test_detector import made, scenes
from tests.transfer.made import body_model

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


def test_from_one_run_to_the_next(pellucid: Command, picture_folder: Path, tmp_path: Path) -> None:
    common = ["--epochs", 1, "--batch-size", 16, "--no-report"]
    pellucid("train", picture_folder, *common, "-a", "vgg-small", "--out", "first")
    printed = pellucid("train", picture_folder, *common, "--start-from", "first", "--out", "second")
    assert "starts from first (vgg-small): 15 of 15 layers with weights" in printed.stderr
    config = json.loads((tmp_path / "second" / "config.json").read_text(encoding="utf-8"))
    assert config["architecture"] == "vgg-small"
    assert config["start_from"]["from_scratch"] == []

    other = tmp_path / "other"
    for name, level in (("a", 40), ("b", 120), ("c", 220)):
        (other / name).mkdir(parents=True)
        for i in range(10):
            Image.new("RGB", (40, 50), (level, i, 9 * i)).save(other / name / f"{i}.png")
    model = "second/model.safetensors"
    printed = pellucid("train", other, *common, "--start-from", model, "--out", "third")
    assert "from scratch: conv1 (what it takes is of another shape)" in printed.stderr
    assert "(the classes are others)" in printed.stderr
    assert "pictures: 8×8, colour" in printed.stderr
    kept = read_saved_run(tmp_path / "third")
    assert kept.notes["start_from"] == str(tmp_path / model)
    assert kept.notes["image_size"] == "8x8"
    before = (tmp_path / "third" / "model.safetensors").read_bytes()
    shutil.rmtree(tmp_path / "second")  # what it started from is not needed any more
    pellucid("train", "--resume", "third", "--report")
    assert (tmp_path / "third" / "report.html").exists()
    assert (tmp_path / "third" / "model.safetensors").read_bytes() == before


def test_networks_of_others_go_on_reading_pictures_in_their_own_way(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    own = replace(body_model().preprocessing, filter="bicubic", margin=4)
    save_model(tmp_path / "theirs.safetensors", replace(body_model(), preprocessing=own))
    common = ["--epochs", 1, "--batch-size", 16, "--no-report"]
    start = ["--start-from", "theirs.safetensors", "--out", "run"]
    pellucid("train", picture_folder, *common, *start)
    before = (tmp_path / "run" / "model.safetensors").read_bytes()
    model = load_model(tmp_path / "run" / "model.safetensors")
    assert model.preprocessing == own
    (tmp_path / "theirs.safetensors").unlink()
    pellucid("train", "--resume", "run", "--report")  # reads the pictures for validation again
    assert (tmp_path / "run" / "report.html").exists()
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == before


def test_what_is_refused(pellucid: Command, picture_folder: Path, tmp_path: Path) -> None:
    common = ["train", picture_folder, "--epochs", 1, "--no-report"]
    pellucid(*common, "--out", "run")
    before = (tmp_path / "run" / "model.safetensors").read_bytes()
    start = [*common, "--start-from", "run"]
    for more, words, code in (
        (["-a", "lenet5"], "is of the architecture lecture, but lenet5 is asked for", 1),
        (["--out", "run"], "is read by this command", 2),
        (["--out", "run", "--overwrite"], "is read by this command", 2),
        (["--resume", "run"], "the run has started already", 2),
        (["--start-from", "nothing"], "no such file", 1),
        (["--start-from", "run/config.json"], "is not a safetensors file", 1),
        (["--start-from", "run/last.safetensors"], "is a Pellucid training state", 1),
        (["--start-from", picture_folder], "holds no model.safetensors", 1),
    ):
        printed = " ".join(pellucid(*start, *more, code=code).stderr.replace("│", " ").split())
        assert words in printed, (more, printed)
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == before
    printed = pellucid("train", "--resume", "run", "--epochs", 4, code=1).stderr
    assert f"pellucid train {picture_folder} --start-from run --epochs 3" in printed


def test_a_detector_is_no_start_for_classes(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    made(epochs=1, engine="reference").fit(scenes(0, 8)).save(tmp_path / "boxes.safetensors")
    given = ("train", picture_folder, "--epochs", 1, "--start-from", "boxes.safetensors")
    printed = pellucid(*given, code=1).stderr
    assert "--detector" not in printed  # which nobody gave
    assert "object detection" in printed


def test_recordings_are_no_start_from_pictures(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    pellucid("train", picture_folder, "--epochs", 1, "--no-report", "--out", "run")
    (tmp_path / "heard").mkdir()
    random = np.random.default_rng(0)
    for n in range(4):
        with wave.open(str(tmp_path / "heard" / f"{n}.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(random.integers(-9999, 9999, 2400).astype("<i2").tobytes())
        (tmp_path / "heard" / f"{n}.txt").write_text("one two")
    printed = pellucid("train", "heard", "--start-from", "run", "--epochs", 1, code=1).stderr
    assert "recordings" in printed
    assert "learned from pictures" in printed
