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

    traced = json.loads(pellucid("trace", run, one, "--json").stdout)
    assert traced["answer"] == answers[0]["text"]
    assert [each["name"] for each in traced["written"]] == traced["answer"].split()
    asked = one, "--second", 0.2, "--target", "ho"
    opened = json.loads(pellucid("trace", run, *asked[:3], "--json").stdout)
    assert opened["record"] == "value"
    why = json.loads(pellucid("explain", run, *asked, "--json").stdout)
    assert why["target"] == "ho"
    assert pellucid("explain", run, one, "--word", 40, code=1).stderr.count("\n") == 1
    lost = json.loads(pellucid("backward", run, one, "--label", "ha ho", "--json").stdout)
    assert (lost["label"], lost["loss"] > 0) == ("ha ho", True)
    pellucid("export", run, "-o", tmp_path / "net.onnx")
    pellucid("verify", run, tmp_path / "net.onnx")
    both = json.loads(pellucid("compare", run, run, listed, "--json").stdout)
    assert both["word_error"] == {"difference": 0.0, "interval": [0.0, 0.0]}
    pellucid("page", run, listed, "-o", tmp_path / "net.html")
    held = (tmp_path / "net.html").read_text()
    assert '"steps":{"units":"words"' in held
    assert f'"texts":["{rows[0]["said"]}"' in held


def test_units_are_chosen_for_all_that_reads_data(pellucid: Command, listed: Path) -> None:
    letters = json.loads(pellucid("check", listed, "--units", "characters", "--json").stdout)
    assert letters["task"] == "speech to text"
    refused = pellucid("check", listed, "--units", "letters", code=1)
    assert "characters" in refused.stdout + refused.stderr
    assert "--units" in pellucid("find-rate", "--help").stdout


def test_options_of_other_tasks_are_refused(pellucid: Command, listed: Path) -> None:
    for option in (
        ("--image-size", "32"), ("--loss", "huber"), ("--class-weights", "balanced"),
        ("--folds", "5", "--from", "efficientnet-lite0"),
    ):  # fmt: skip
        refused = pellucid("train", listed, *SETTINGS, *option, code=1)
        assert option[0] in refused.stdout + refused.stderr
