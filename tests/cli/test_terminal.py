"""Where the output goes: narrow encodings, full disks, pipes that close, Ctrl-C, odd names."""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from rich.console import Console

import pellucid as package
from pellucid.evaluation import Report
from pellucid.evaluation.calibration import calibrate
from pellucid.show.document import Document
from pellucid.show.report import confusion_table
from pellucid.show.terminal import print_document
from tests.cli.running import command

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

ODD = os.fsdecode(b"caf\xe9\n.png")
"""A file's name that is no text, and more than a line."""


@pytest.fixture
def odd_picture(picture_folder: Path, tmp_path: Path) -> Path:
    picture = next((picture_folder / "one").iterdir())
    shutil.copy(picture, tmp_path / ODD)
    return tmp_path / ODD


def test_letters_that_an_encoding_lacks(
    pellucid: Command, model_path: Path, picture_folder: Path
) -> None:
    picture = next((picture_folder / "naught — 영").iterdir())
    for encoding in ("ascii", "cp1252"):
        output = pellucid("predict", model_path, picture, PYTHONIOENCODING=encoding).stdout
        assert "\\uc601/" in output
        assert "####" in output
        for arguments in (["lecture"], ["summary", "lecture"], ["train", "--help"]):
            assert len(pellucid(*arguments, PYTHONIOENCODING=encoding).stdout) > 1000
        answer = pellucid("predict", model_path, picture, "--json", PYTHONIOENCODING=encoding)
        assert json.loads(answer.stdout)[0]["picture"] == str(picture)
    failed = pellucid("predict", model_path, "영.png", code=1, PYTHONIOENCODING="ascii")
    assert "\\uc601.png: there is no such file" in failed.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_text(
    pellucid: Command, model_path: Path, odd_picture: Path, tmp_path: Path
) -> None:
    output = pellucid("predict", model_path, ODD).stdout
    assert output.splitlines()[0] == "caf\\udce9\\n.png"
    answer = json.loads(pellucid("predict", model_path, ODD, "--json").stdout)
    assert os.fsencode(answer[0]["picture"]) == b"caf\xe9\n.png"

    for name in ("0", "1"):
        (tmp_path / "data" / name).mkdir(parents=True)
        shutil.copy(odd_picture, tmp_path / "data" / name / ODD)
    report = json.loads(pellucid("evaluate", model_path, "data", "--out", "out", "--json").stdout)
    (wrong,) = report["wrong"]  # the same picture cannot be both
    assert os.fsencode(wrong["name"]).endswith(b"/caf\xe9\n.png")
    table = (tmp_path / "out" / "wrong.csv").read_text(encoding="utf-8").splitlines()
    assert len(table) == 2
    assert "/caf\\udce9\\n.png," in table[1]


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_output_to_a_full_disk() -> None:
    for arguments in (["lecture"], ["lecture", "--json"], ["summary", "lenet5"], ["--help"]):
        with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
            done = subprocess.run(
                command(*arguments), stdout=full, stderr=subprocess.PIPE, text=True, check=False
            )
        assert done.stderr == "pellucid: the output: No space left on device\n"
        assert done.returncode == 1


def test_a_reader_that_has_seen_enough() -> None:
    for arguments in (["lecture"], ["lecture", "--json"], ["--help"]):
        with subprocess.Popen(
            command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == ""
            assert process.wait() == 0


def test_ctrl_c_leaves_what_was_learned(picture_folder: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        command("train", picture_folder, "--epochs", 10_000, "--out", "run"),
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("epoch 2/"):
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait() == 130
    assert "Traceback" not in rest
    assert rest.splitlines()[-1].startswith("pellucid: stopped ")
    assert len((tmp_path / "run" / "history.csv").read_text().splitlines()) >= 3
    assert package.load(tmp_path / "run").model_.provenance["results"]["epoch"] >= 1


def files_of(run: Path) -> list[Path]:
    """A run's files; what shows how its training goes lies in a folder."""
    return [each for each in run.iterdir() if each.name != "live"]


def test_a_disk_that_fills_up_while_training(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    """As far as a limit on files shows it: the second run's larger model does not fit."""
    train = ["train", picture_folder, "--epochs", 2, "--batch-size", 8, "--out", "run"]
    pellucid(*train, "--image-size", "4x4")
    before = {file.name: file.read_bytes() for file in files_of(tmp_path / "run")}
    most = len(before["model.safetensors"]) + 1000

    done = subprocess.run(
        command(*train, "--image-size", "16x16", "--overwrite"),
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("pellucid: run/model.safetensors: cannot be")
    after = {file.name: file.read_bytes() for file in files_of(tmp_path / "run")}
    assert after.keys() == before.keys()
    for name in ("model.safetensors", "last.safetensors", "history.csv"):
        assert after[name] == before[name]


# --------------------------------------------------------------------------- tables and their room


def printed_confusion(names: list[str], width: int = 80, count: int = 12) -> list[str]:
    classes = len(names)
    report = Report(
        classes=tuple(names), count=1, accuracy=0.5, error=0.5, top_k={}, mean_squared_error=0.0,
        cross_entropy=0.0, confusion=np.full((classes, classes), count, np.int64), per_class=(),
        wrong=(), calibration=calibrate(np.ones(1), np.ones(1, bool)),
    )  # fmt: skip
    console = Console(file=io.StringIO(), width=width, soft_wrap=True)
    print_document(console, Document("", [confusion_table(report)], printed=False))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("names", [["cat", "dog"], [f"animal {k}" for k in range(10)]])
def test_a_confusion_matrix_is_never_cut(names: list[str]) -> None:
    lines = printed_confusion(names, count=123)
    assert max(map(len, lines)) <= 80
    assert "…" not in "".join(lines)
    for name in names:
        (row,) = [line for line in lines if line.startswith("│") and name in line]
        assert row.count("123") == len(names)
    assert ("0 animal 0" in "".join(lines)) == (len(names) == 10)


def test_a_confusion_matrix_that_is_too_wide() -> None:
    (line,) = printed_confusion([f"animal {k}" for k in range(30)])
    assert line == "the confusion matrix is wider than this terminal: see --out or --json"
