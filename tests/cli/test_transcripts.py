"""Recordings with texts from data to answers, by commands alone."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from tests.data.sound.spoken import RATE, recordings, spoken
from tests.data.sound.tones import wav

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

SETTINGS = ("--sound", "mels=8,hop=0.03,window=0.06", "--epochs", 2, "--units", "words")


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recordings(tmp_path_factory.mktemp("spoken"), {"train": 16, "val": 4, "test": 4})


def test_from_recordings_to_texts(pellucid: Command, listed: Path, tmp_path: Path) -> None:
    run, one = tmp_path / "run", listed.parent / "test0.wav"
    checked = json.loads(pellucid("check", listed, "--json").stdout)
    assert (checked["noun"], checked["task"]) == ("recording", "speech to text")
    done = pellucid("train", listed, *SETTINGS, "--out", run)
    assert "task: speech to text" in done.stderr
    assert "word error" in done.stderr
    config = json.loads((run / "config.json").read_text())
    assert config["task"]["vocabulary"] == ["ha", "ho", "hu"]
    assert config["recipe"]["loss"]["kind"] == "ctc_loss"
    assert config["preprocessing"]["sound"]["part"] == "whole"
    resumed = pellucid("train", "--resume", run)
    assert "this run has ended" in resumed.stderr

    out = tmp_path / "judged"
    judged = json.loads(pellucid("evaluate", run, listed, "--json", "--out", out).stdout)
    assert (judged["record"], judged["count"]) == ("transcript report", 4)
    rows = list(csv.DictReader(io.StringIO((out / "transcripts.csv").read_text())))
    assert [row["path"] for row in rows] == [f"test{k}.wav" for k in range(4)]
    assert sum(int(row["errors"]) for row in rows) == round(judged["word_error"] * judged["words"])
    page = (out / "report.html").read_text()
    assert "recording" in page
    assert "word error" in page
    answers = json.loads(pellucid("predict", run, one, "--json").stdout)
    assert answers[0]["text"] == " ".join(word["word"] for word in answers[0]["words"])
    pellucid("predict", run, listed.parent, "--out", tmp_path / "all.csv")
    table = list(csv.DictReader(io.StringIO((tmp_path / "all.csv").read_text())))
    assert len(table) == 24
    assert {row["text"] for row in table if row["picture"] == str(one)} == {answers[0]["text"]}

    long = tmp_path / "long.wav"
    long.write_bytes(wav(spoken("ha " * 20), RATE))
    assert "cut it into pieces" in pellucid("predict", run, long, code=1).stderr
    for command in (
        ("trace", run, one), ("page", run, "-o", tmp_path / "net.html"), ("explain", run, one),
        ("export", run, "-o", tmp_path / "net.onnx"), ("backward", run, one),
    ):  # fmt: skip
        refused = pellucid(*command, code=1)
        assert "the model is for speech to text" in refused.stdout + refused.stderr


def test_options_of_other_tasks_are_refused(pellucid: Command, listed: Path) -> None:
    for option in (
        ("--image-size", "32"), ("--loss", "huber"), ("--class-weights", "balanced"),
        ("--folds", "5", "--from", "efficientnet-lite0"),
    ):  # fmt: skip
        refused = pellucid("train", listed, *SETTINGS, *option, code=1)
        assert option[0] in refused.stdout + refused.stderr
