"""``pellucid train --resume``: after any end, the same result as without it."""

from __future__ import annotations

import inspect
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

import pellucid.cli.train as module
from pellucid.cli.app import app
from pellucid.training.saved_run import read_saved_run
from tests.cli.running import command
from tests.training.runs import outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pellucid.cli.train_options import TrainOptions
    from tests.cli.conftest import Command

KILLS = int(os.environ.get("PELLUCID_KILLS", "3"))
"""How often a training is killed; a number such as 50 takes some minutes."""

SETTINGS = ["--architecture", "lecture", "--seed", 3, "--ema", 0.99, "--augment", "digits"]
SETTINGS += ["--no-report", "--save-every", 0.001]
EPOCHS = 40


def begin(pictures: Path, out: Path) -> list[object]:
    return ["train", pictures, *SETTINGS, "--epochs", EPOCHS, "--out", out]


@pytest.fixture(scope="module")
def whole(picture_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without a break."""
    path = tmp_path_factory.mktemp("whole") / "run"
    subprocess.run(command(*begin(picture_folder, path)), check=True, capture_output=True)
    return path


def started(arguments: list[object], at: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*arguments), stderr=subprocess.PIPE, text=True, encoding="utf-8", cwd=at
    )


def lines_until(process: subprocess.Popen[str], start: str) -> Iterator[str]:
    assert process.stderr is not None
    for line in process.stderr:
        yield line
        if line.startswith(start):
            return


STOPPED = """
import signal, sys
from pellucid.cli import main
from pellucid.training.epochs import Epochs

report_step, number = Epochs._report_step, int(sys.argv.pop(1))

def reported(epochs):
    report_step(epochs)
    if (len(epochs.trained.history), epochs._tally.batch) == (2, 1):
        signal.raise_signal(number)

Epochs._report_step = reported
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
main()
"""
"""A command that gets a signal amid its third epoch: from outside it might come after the end."""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_it_with_everything_kept(
    number: signal.Signals, code: int, pellucid: Command, whole: Path, picture_folder: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    arguments = [str(each) for each in begin(picture_folder, tmp_path / "my run")]
    stopped = subprocess.run(
        [sys.executable, "-c", STOPPED, str(int(number)), *arguments],
        capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, check=False,
    )  # fmt: skip
    assert stopped.returncode == code, stopped.stderr
    assert "epoch 2/" in stopped.stderr
    assert "epoch 3/" not in stopped.stderr
    last = stopped.stderr.splitlines()[-1]
    assert last.startswith("pellucid: stopped ")
    assert last.endswith(
        f"nothing is lost, go on with: pellucid train --resume '{tmp_path}/my run'"
    )
    (tmp_path / "elsewhere").mkdir()
    done = subprocess.run(
        command("train", "--resume", tmp_path / "my run"),
        capture_output=True, text=True, encoding="utf-8", cwd=tmp_path / "elsewhere", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "epoch 2/" not in done.stderr
    assert f"epoch {EPOCHS}/{EPOCHS}" in done.stderr
    assert not (tmp_path / "my run" / "report.html").exists()  # it was begun with --no-report
    assert outcome(tmp_path / "my run") == outcome(whole)


def test_killed_at_any_moment(whole: Path, picture_folder: Path, tmp_path: Path) -> None:
    """Each time the state is kept every few steps, and the process dies somewhere in between."""
    moments = random.Random(KILLS)
    path = tmp_path / "run"
    arguments = begin(picture_folder, path)
    for _ in range(KILLS):
        if (path / "last.safetensors").exists():
            arguments = ["train", "--resume", path]
        elif path.exists():
            arguments = [*begin(picture_folder, path), "--overwrite"]
        with started(arguments, tmp_path) as process:
            remarks = list(lines_until(process, "the run is kept in"))
            assert remarks[-1].startswith("the run is kept in"), remarks
            time.sleep(moments.uniform(0.0, 1.0))
            process.kill()
    how = (
        ["--resume", path]
        if (path / "last.safetensors").exists()
        else [*begin(picture_folder, path)[1:], "--overwrite"]  # killed before a state was kept
    )
    subprocess.run(command("train", *how), check=True, capture_output=True)
    assert outcome(path) == outcome(whole)


def contents(run: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in run.iterdir() if file.is_file()}


def test_settings_are_the_run_s_own_or_refused(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    pellucid("train", picture_folder, "--epochs", 2, "--no-report", "--out", "run")
    done = pellucid("train", "--resume", "run", "--json")
    assert len(json.loads(done.stdout)["history"]) == 2
    wrong = ["train", picture_folder, "--resume", "run", "--learning-rate", 0.1]
    printed = pellucid(*wrong, code=1).stderr
    assert "--start-from run" in printed
    assert re.search(r"learning_rate: 0\.0\d+ → 0\.1\)", printed)
    assert "--start-from run --epochs 1" in pellucid(*wrong, "--epochs", 3, code=1).stderr
    printed = pellucid("train", "--resume", "run", "--overwrite", code=2).stderr
    assert "leave out --out and" in printed
    assert "no such folder" in pellucid("train", "--resume", "nowhere", code=1).stderr
    file = pellucid("train", "--resume", "run/model.safetensors", code=1).stderr
    assert "model.safetensors: is a file" in file
    assert "no such folder" not in file


def test_every_option_but_those_of_the_call_is_kept(
    pellucid: Command, picture_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a run was begun with decides how it goes on, until the command says otherwise."""
    given = [
        "--no-report",
        "--no-cache",
        "--save-every",
        7,
        "--bad",
        "error",
        "--allow",
        "one-class",
    ]
    pellucid("train", picture_folder, "--epochs", 1, *given, "--out", "run")
    notes = read_saved_run(tmp_path / "run").notes
    parameters = inspect.signature(module.train).parameters
    of_the_call = {"context", "out", "resume", "overwrite", "json"}
    in_the_engines_name = {"precision", "compile_", "channels_last", "sync_batch_norm"}
    assert notes.keys() == parameters.keys() - of_the_call - in_the_engines_name
    taken: list[TrainOptions] = []
    monkeypatch.setattr(module, "train_network", lambda options, *_, **__: taken.append(options))
    resume = ["train", "--resume", str(tmp_path / "run")]
    for more in ([], ["--report", "--save-every", "5", "--bad", "quarantine"]):
        assert CliRunner().invoke(app, [*resume, *more]).exit_code == 0
    names = ("report", "cache", "save_every", "bad", "allow")
    first, second = ([getattr(options, name) for name in names] for options in taken)
    assert first == [False, False, 7, "error", ["one-class"]]
    assert second == [
        True,
        False,
        5,
        "quarantine",
        ["one-class"],
    ]


def test_named_classes_are_taken_over(pellucid: Command, tmp_path: Path) -> None:
    """They are kept as a list, since the file that they may come from can be gone."""
    images = np.arange(40 * 36).reshape(40, 6, 6) % 251
    np.savez(tmp_path / "a.npz", x=images.astype(np.uint8), y=np.arange(40) % 2)
    (tmp_path / "names.txt").write_text("cat\ndog\n")
    out = ["--epochs", 1, "--classes", "names.txt", "--no-report", "--out", "run"]
    pellucid("train", "a.npz", *out)
    (tmp_path / "names.txt").unlink()
    done = pellucid("train", "--resume", "run", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["classes"].keys() == {"cat", "dog"}


def test_defaults_when_it_began_are_still_taken(
    pellucid: Command, picture_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version's defaults change no run that was begun without them."""
    run = tmp_path / "run"
    out = ["train", str(picture_folder), "--no-report", "--out", str(run)]
    with monkeypatch.context() as patch:
        patch.setattr("pellucid.training.recipe.default_learning_rate", lambda *_: 0.03)
        patch.setattr("pellucid.estimators.planning.automatic_batch_size", lambda *_: 24)
        patch.setattr("pellucid.estimators.planning.automatic_epochs", lambda *_: 3)
        assert CliRunner().invoke(app, out).exit_code == 0
    before = read_saved_run(run).provenance["recipe"]
    assert [before[name] for name in ("learning_rate", "batch_size", "epochs")] == [0.03, 24, 3]
    printed = pellucid("train", "--resume", "run").stderr
    assert "learning rate 0.03 (" in printed
    assert "is the default for batches of 24" in printed
    assert read_saved_run(run).provenance["recipe"] == before
    assert (
        "learning_rate: 0.03 → 0.1"
        in pellucid("train", "--resume", "run", "--learning-rate", 0.1, code=1).stderr
    )


def test_a_report_can_be_made_later(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    pellucid("train", picture_folder, "--epochs", 1, "--no-report", "--out", "run")
    pellucid("train", "--resume", "run")
    assert not (tmp_path / "run" / "report.html").exists()
    pellucid("train", "--resume", "run", "--report")
    assert (tmp_path / "run" / "report.html").exists()


def test_pictures_that_have_changed_are_refused(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(picture_folder, tmp_path / "data")
    pellucid("train", "data", "--epochs", 1, "--no-report", "--out", "run")
    next((tmp_path / "data" / "one").iterdir()).unlink()
    printed = pellucid("train", "--resume", "run", code=1).stderr
    assert "(asked for: the training pictures: 48 → 47" in printed


def test_damage_is_reported(pellucid: Command, picture_folder: Path, tmp_path: Path) -> None:
    pellucid("train", picture_folder, "--epochs", 2, "--no-report", "--out", "run")
    before = outcome(tmp_path / "run")
    (tmp_path / "run" / "last.safetensors").write_bytes(b"not a state")
    printed = pellucid("train", "--resume", "run").stderr
    assert "run/last.safetensors: " in printed
    assert "the state before it is used, run/previous.safetensors" in printed
    assert "Warning" not in printed
    assert "epoch 2/2" in printed
    assert outcome(tmp_path / "run") == before


def test_the_folder_is_tried_before_the_pictures(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine")
    for out in ("file", "file/run"):
        assert out in pellucid("train", "nowhere", "--out", out, code=1).stderr
    assert "nowhere" in pellucid("train", "nowhere", "--out", "new/run", code=1).stderr
    assert not (tmp_path / "new").exists()


def test_overwriting_costs_nothing_before_the_first_epoch_is_done(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    pellucid("train", picture_folder, "--epochs", 1, "--out", "run")
    before = contents(tmp_path / "run")
    for wrong in (["nowhere"], [picture_folder, "--architecture", "lenet5"]):
        pellucid("train", *wrong, "--out", "run", "--overwrite", code=1)
        assert contents(tmp_path / "run") == before


def test_small_classes_and_early_ends(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    done = pellucid(
        "train", picture_folder, "--epochs", 50, "--patience", 2, "--learning-rate", 0.02,
        "--schedule", "constant", "--class-weights", "balanced", "--label-smoothing", 0.1,
        "--augment", "photos", "--no-report", "--out", "run",
    )  # fmt: skip
    assert "stopped early: 2 epochs without a better validation" in done.stderr
    recipe = json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))["recipe"]
    assert recipe["patience"] == 2
    assert recipe["batch_size"] == 16
    assert recipe["loss"] == {
        "kind": "cross_entropy", "label_smoothing": 0.1, "class_weights": [1.0, 1.0],
    }  # fmt: skip
    assert recipe["augmentation"]["horizontal_flip"] is True
