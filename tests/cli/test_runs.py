"""``pellucid runs``: what is listed, in which order, and what is said of damaged runs."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from pellucid import ImageClassifier
from pellucid.files.lock import FolderLock
from pellucid.metrics.chance import wilson
from pellucid.tasks import TASKS
from pellucid.training.runs import list_runs
from tests.training.runs import Death, Died

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset
    from pellucid.tasks.task import Task
    from tests.cli.conftest import Command


def train(out: Path, digits: tuple[Dataset, Dataset], *watchers: Any, **settings: Any) -> None:
    notes = {"data": settings.pop("data", "/somewhere/my-photos")}
    classifier = ImageClassifier("lecture", batch_size=16, engine="reference", **settings)
    classifier.fit(
        digits[0].subset(range(64)), validation_data=digits[1].subset(range(40)), out=out,
        watchers=watchers, notes=notes, minutes=0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(digits: tuple[Dataset, Dataset], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of every state, nested, with other programs' files beside them."""
    root = tmp_path_factory.mktemp("runs")
    train(root / "whole", digits, epochs=2)
    with pytest.raises(Died):
        train(root / "deep" / "er" / "stopped", digits, Death(6), epochs=5, data="mnist")
    shutil.copytree(root / "whole", root / "cut")
    model = root / "cut" / "model.safetensors"
    model.write_bytes(model.read_bytes()[:-10])
    shutil.copytree(root / "whole", root / "garbled")
    (root / "garbled" / "config.json").write_text("{", encoding="utf-8")
    (root / "garbled" / "last.safetensors").write_bytes(b"")
    (root / "foreign").mkdir()
    (root / "foreign" / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    (root / "foreign" / "model.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    (root / ".hidden").mkdir()
    shutil.copytree(root / "whole", root / ".hidden" / "run")
    (root / "deep" / "loop").symlink_to(root)
    for days, name in enumerate(("whole", "deep/er/stopped", "cut", "garbled")):
        for file in (root / name).iterdir():
            os.utime(file, (1.6e9 - 86400 * days,) * 2)
    return root


def test_every_run_is_listed_with_what_is_known(folder: Path) -> None:
    found = {run.path.relative_to(folder).as_posix(): run for run in list_runs(folder)}
    assert list(found) == ["whole", "deep/er/stopped", "cut", "garbled"]  # the newest first
    whole, stopped = found["whole"], found["deep/er/stopped"]
    assert (whole.state, whole.data, whole.architecture) == ("finished", "my-photos", "lecture")
    assert (whole.epochs, whole.planned) == (2, 2)
    results = json.loads((folder / "whole" / "config.json").read_text(encoding="utf-8"))
    assert results["validation"]["pictures"] == 40
    assert whole.accuracy is not None
    assert whole.interval == wilson(round(40 * whole.accuracy), 40)
    assert whole.date.timestamp() == 1.6e9
    assert (stopped.state, stopped.data) == ("stopped", "mnist")
    assert (stopped.epochs, stopped.planned) == (1, 5)
    assert found["cut"].state == found["garbled"].state == "damaged"
    assert "model.safetensors" in str(found["cut"].reason)
    assert "config.json" in str(found["garbled"].reason)
    assert "last.safetensors" in str(found["garbled"].reason)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_runs_are_ranked_by_the_first_measure_of_their_task(
    task: type[Task], tmp_path: Path
) -> None:
    results = {f"validation_{name}": 0.5 for name in sorted(task.measures)}
    config = {"recipe": {}, "data": {}, "results": results}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (run,) = list_runs(tmp_path)
    assert tuple(run.measures) == tuple(name for name in task.measures if name != "accuracy")


def test_a_run_that_is_being_written_is_running(folder: Path) -> None:
    lock = FolderLock(folder / "deep" / "er" / "stopped")
    try:
        assert {run.path.name: run.state for run in list_runs(folder)}["stopped"] == "running"
    finally:
        lock.release()
    assert {run.path.name: run.state for run in list_runs(folder)}["stopped"] == "stopped"


def test_only_headers_are_read(folder: Path, tmp_path: Path) -> None:
    """Weights may be anything: hundreds of runs take a moment."""
    for number in range(200):
        shutil.copytree(folder / "whole", tmp_path / f"run-{number}")
    damaged = tmp_path / "run-7" / "model.safetensors"
    content = bytearray(damaged.read_bytes())
    content[-100:] = b"\xff" * 100
    damaged.write_bytes(content)
    found = list_runs(tmp_path)
    assert {run.state for run in found} == {"finished"}
    assert len(found) == 200


def test_the_table_and_the_record(folder: Path, pellucid: Command, tmp_path: Path) -> None:
    done = pellucid("runs", folder)
    lines = done.stdout.splitlines()
    assert all(len(line.rstrip()) <= 80 for line in lines if "damaged: " not in line)
    assert "1/5 stopped" in done.stdout
    assert "my-photos" in done.stdout
    assert str(folder / "cut") in done.stdout
    values = json.loads(pellucid("runs", folder, "--json", "--sort", "name").stdout)
    assert [value["path"] for value in values] == sorted(value["path"] for value in values)
    assert {value["state"] for value in values} == {"finished", "stopped", "damaged"}
    empty = pellucid("runs")
    assert (empty.stdout, "pellucid train DATA" in empty.stderr) == ("", True)
    assert json.loads(pellucid("runs", "--json").stdout) == []
    assert "there is no such folder" in pellucid("runs", "nowhere", code=1).stderr
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "is a file" in pellucid("runs", "file", code=1).stderr
    shutil.copytree(folder / "whole", tmp_path / "runs" / "x")
    assert [run["path"] for run in json.loads(pellucid("runs", "--json").stdout)] == ["runs/x"]
    assert "whole" in pellucid("runs", folder / "whole").stdout
    shutil.copytree(folder / "deep" / "er" / "stopped", tmp_path / "runs" / f"long-{'name-' * 20}")
    narrow = pellucid("runs", COLUMNS="80").stdout.splitlines()
    assert max(len(line.rstrip()) for line in narrow) <= 80
    assert sum("1/5 stopped" in line for line in narrow) == 1
