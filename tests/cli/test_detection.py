"""Boxes at the command line: train, resume, find a rate."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.cli.run_report import RunReport
from pellucid.training import Stopped
from tests.data.box_layouts import Sample, write_voc
from tests.data.made_files import encoded
from tests.estimators.test_detector import body, scene

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

FAST = "--epochs", 1, "--engine", "reference"


def write_scenes(root: Path, counts: dict[str, int]) -> Path:
    """Pictures with dark and light rectangles, 96×64 with borders at their sides, as Pascal VOC."""
    samples, number = [], 0
    for part, count in counts.items():
        for _ in range(count):
            pixels, rows = scene(number)
            wide = Image.new("RGB", (96, 64), (125, 125, 125))
            wide.paste(Image.fromarray(pixels), (16, 0))
            moved = [(n, x0 + 16, y0, x1 + 16, y1, skip) for n, x0, y0, x1, y1, skip in rows]
            samples.append(Sample(part, f"{number}", encoded(wide), (96, 64), moved))
            number += 1
    return write_voc(root, samples)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``scenes``, and with a body for their pictures, ``body.safetensors``."""
    folder = tmp_path_factory.mktemp("boxes")
    write_scenes(folder / "scenes", {"train": 8, "val": 4})
    images = [scene(n)[0] for n in range(4)]
    made = pl.ImageClassifier(body, epochs=1, verbose=0, engine="reference")
    made.fit(np.stack(images), ["a", "b"] * 2)
    made.save(folder / "body.safetensors")
    return folder


@pytest.mark.parametrize("option", ["--from", "--start-from"])
def test_both_ways_to_begin_with_a_body_learn_everything(
    pellucid: Command, files: Path, tmp_path: Path, option: str
) -> None:
    done = pellucid(
        "train", files / "scenes", option, files / "body.safetensors", "--out", "run", *FAST
    )
    assert "object detection" in done.stderr
    assert "8 of" in done.stderr
    config = json.loads((tmp_path / "run" / "config.json").read_text("utf-8"))
    assert config["preprocessing"]["resize"] == "pad"
    assert config["start_from"]["name"] == "body.safetensors"
    assert config["recipe"]["augmentation"]["scale"] > 0
    assert "head_epochs" not in config["recipe"] or not config["recipe"]["head_epochs"]


def test_a_detector_in_two_stages(pellucid: Command, files: Path, tmp_path: Path) -> None:
    given = "train", files / "scenes", "--from", files / "body.safetensors", *FAST
    pellucid(*given, "--detector", "faster-rcnn", "--lr", "1e-4", "--out", "run", "--no-report")
    loaded = pl.load(tmp_path / "run")
    assert isinstance(loaded, pl.ObjectDetector)
    assert loaded.model_.task.kind == "region-detection"
    (picture, *_) = sorted((files / "scenes").rglob("*.png"))
    (answer,) = json.loads(
        pellucid("predict", "run", picture, "--json", "--threshold", 0.05).stdout
    )
    assert len(answer["boxes"])
    judged = json.loads(pellucid("evaluate", "run", files / "scenes", "--json").stdout)
    assert 0 <= judged["map50"] <= 1
    pellucid("train", files / "scenes", "--start-from", "run", "--out", "on", "--no-report", *FAST)
    assert pl.load(tmp_path / "on").model_.task.kind == "region-detection"


def test_the_architecture_that_is_given_counts(
    pellucid: Command, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[object] = []

    def fit(self: pl.ObjectDetector, *_: object, **__: object) -> None:
        met.append(self.architecture)
        raise Stopped("stopped", 143)

    monkeypatch.setattr(pl.ObjectDetector, "fit", fit)
    for given in (["-a", "lecture"], []):
        pellucid("train", files / "scenes", *given, code=143)
    assert met == ["lecture", "resnet20"]


def test_a_run_that_is_stopped_goes_on_to_the_same_bits(
    pellucid: Command, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = "train", files / "scenes", "--from", files / "body.safetensors", "--no-report"
    given = *common, "--epochs", 2, "--batch-size", 4, "--engine", "reference"
    pellucid(*given, "--out", "whole")
    steps: list[int] = []

    def stop(self: RunReport, progress: object) -> None:
        steps.append(1)
        if len(steps) == 3:  # of four
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(RunReport, "after_step", stop)
        pellucid(*given, "--out", "stopped", code=143)
    pellucid(*given, "--out", "stopped", code=1)  # there is a run already
    pellucid("train", "--resume", "stopped", "--no-report")
    whole, again = (pl.ObjectDetector.load(tmp_path / name) for name in ("whole", "stopped"))
    for name, array in whole.model_.network.weights.items():
        np.testing.assert_array_equal(again.model_.network.weights[name], array)
    pellucid(*given, "--out", "stopped", "--overwrite")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--from", "body.safetensors", "--fine-tune", "1"], "--fine-tune"),
        (["--from", "body.safetensors", "--folds", "3"], "--folds"),
        (["--class-weights", "balanced"], "--class-weights"),
        (["--loss", "huber"], "--loss"),
        (["--detector", "fast-rcnn"], "faster-rcnn"),
        (["--augment", "photos,mixup=0.2"], "mixup"),
        (["--from", "body.safetensors", "--start-from", "body.safetensors"], "--start-from"),
        (["--from", "body.safetensors", "-a", "lenet5"], "lenet5"),
    ],
)
def test_what_detectors_do_not_take(
    pellucid: Command, files: Path, given: list[str], words: str
) -> None:
    given = [str(files / each) if each.endswith(".safetensors") else each for each in given]
    done = pellucid("train", files / "scenes", *given, code=1)
    assert words in done.stderr.splitlines()[-1]


def test_a_rate_is_found(pellucid: Command, files: Path) -> None:
    few = "-a", "lecture", "--steps", 20, "--seeds", 2, "--batch-size", 1
    done = pellucid("find-rate", files / "scenes", *few)
    assert "pellucid train" in done.stderr
