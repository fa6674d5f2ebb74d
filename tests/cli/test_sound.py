"""Recordings from data to answers, by commands alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.sound import Sound
from tests.data.made_files import encoded
from tests.data.sound.tones import sweep, sweeps

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

SETTINGS = ("--sound", "mels=24,hop=0.02", "--epochs", 3, "--seed", 1, "--group", "*_s{group}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sweeps(tmp_path_factory.mktemp("sweeps"), each=24)


def test_from_recordings_to_answers(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    checked = json.loads(pellucid("check", folder, "--json", *SETTINGS[:2]).stdout)
    assert (checked["noun"], checked["pictures"]) == ("recording", 48)
    pellucid("check", folder, "--show-batch", tmp_path / "batch.png", "--augment", "sound")
    done = pellucid("train", folder, *SETTINGS, "--out", run)
    assert "recordings of 0.5 s at 8000 Hz" in done.stderr
    config = json.loads((run / "config.json").read_text())
    sound = Sound(8000, 0.5, mels=24, hop=0.02)
    assert config["preprocessing"]["sound"] == sound.to_dict()
    assert config["recipe"]["augmentation"]["time_mask"] > 0

    judged = json.loads(pellucid("evaluate", run, folder, "--json").stdout)
    assert judged["count"] == 12
    assert judged["accuracy"] > 0.9

    one = folder / "up" / "3_s3.wav"
    answers = json.loads(pellucid("predict", run, one, folder / "down", "--json").stdout)
    assert len(answers) == 25
    model = pl.load(run)
    probability = model.predict_proba(sweep(500, 1500, 0.4))  # samples, as a program has them
    assert model.classes_[probability.argmax()] == "up"
    assert np.allclose(model.predict_proba(one), model.predict_proba(one.read_bytes()))

    assert "up" in pellucid("trace", run, one).stdout
    pellucid("explain", run, one, "--out", tmp_path / "why.png")
    page = tmp_path / "net.html"
    pellucid("page", run, folder, "-o", page)
    assert page.stat().st_size > 100_000

    (tmp_path / "x.png").write_bytes(encoded(np.zeros((9, 9), np.uint8)))
    refused = pellucid("predict", run, tmp_path / "x.png", code=1)
    assert "no recording" in refused.stdout + refused.stderr
    assert "photos" not in pellucid("train", folder, "--augment", "photos", code=1).stdout


def test_a_further_run_hears_as_the_model_did(
    pellucid: Command, folder: Path, tmp_path: Path
) -> None:
    first = pl.ImageClassifier(epochs=1, sound="mels=24,seconds=0.3").fit(str(folder))
    first.save(tmp_path / "first.safetensors")
    pellucid(
        "train", folder, "--start-from", tmp_path / "first.safetensors", "--epochs", 1,
        "--no-report", "--out", tmp_path / "run",
    )  # fmt: skip
    again = pl.load(tmp_path / "run").model_.preprocessing
    assert again == first.model_.preprocessing
    assert again.sound == Sound(8000, 0.3, mels=24)
    resumed = pellucid("train", "--resume", tmp_path / "run")
    assert "this run has ended" in resumed.stderr
