"""``pellucid train`` watched and steered from outside; alone, and as several processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.data.npz import ARRAYS_SUFFIX
from pellucid.files import load_state
from pellucid.training.live import (
    LiveProgress,
    read_progress,
    read_steps,
    renew_wanted,
    write_control,
)
from pellucid.training.replay import read_replay
from pellucid.training.snapshot import Snapshot, read_snapshot
from tests.cli.running import command

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
OPTIONS = (
    "--architecture", "lenet5", "--batch-size", "8", "--validation", "0", "--no-report",
    "--no-cache",
)  # fmt: skip
LONG = 100_000


@pytest.fixture
def data(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    labels = np.arange(40) % 2
    images = random.integers(0, 200, (40, 12, 12)).astype(np.uint8) + 50 * labels[:, None, None]
    path = tmp_path / f"few{ARRAYS_SUFFIX}"
    np.savez(path, x=images.astype(np.uint8), y=labels)
    return path


def until(
    run: Path, process: subprocess.Popen[str], holds: Callable[[LiveProgress], bool]
) -> LiveProgress:
    end = time.monotonic() + 200
    while True:
        found = read_progress(run)
        if found is not None and holds(found):
            return found
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, found
        time.sleep(0.02)


def started(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*arguments), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        encoding="utf-8",
    )  # fmt: skip


def test_a_process_is_watched_paused_changed_and_stopped(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with started("train", data, "--out", run, "--epochs", LONG, *OPTIONS, "--replay") as process:
        found = until(run, process, lambda found: found.step > 0)
        assert found.pid == process.pid
        snapshot: Snapshot | None = None
        while snapshot is None:
            renew_wanted(run)
            until(run, process, lambda _: True)
            snapshot = read_snapshot(run)
        assert snapshot.step is not None
        write_control(run, paused=True)
        paused = until(run, process, lambda found: found.paused)
        assert snapshot.step <= paused.step
        steps = [paused.step]
        asked = write_control(run, rate_factor=0.5)
        steps.append(until(run, process, lambda found: found.control == asked.number).step)
        assert steps[0] == steps[1]  # it waits
        write_control(run, paused=False)
        until(run, process, lambda found: found.step > paused.step and found.rate_factor == 0.5)
        write_control(run, stop=True)
        _, printed = process.communicate(timeout=100)
    assert process.returncode == 143
    assert "pellucid train --resume" in printed.splitlines()[-1]
    assert "Traceback" not in printed
    last = read_progress(run)
    assert last is not None
    assert last.ended == "stopped"
    assert read_steps(run)[-1].step == last.step
    values = load_state(run / "last.safetensors")[1]
    assert (
        values["rate_changes"]
        == [{"epoch": 1 + paused.step // 5, "batch": paused.step % 5, "factor": 0.5}]
        or paused.step % 5 == 0
    )  # between two epochs it is the next one's
    replay = read_replay(run)
    assert replay is not None
    assert replay.epochs[0] == 0
    with started("train", "--resume", run) as process:
        found = until(run, process, lambda found: found.step > last.step)
        assert (found.rate_factor, found.paused) == (0.5, False)
        write_control(run, paused=True)
        until(run, process, lambda found: found.paused)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=100)
    assert process.returncode == 143
    left = [path.name for path in run.rglob("*") if path.name.endswith(".tmp")]
    assert left == []


def test_killed_processes_leave_nothing_that_stays(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with started("train", data, "--out", run, "--epochs", LONG, *OPTIONS, "--save-every", 0) as one:
        until(run, one, lambda found: found.step > 3)
        one.kill()
    (run / "live" / ".pellucid-0123456789abcdef.tmp").write_text("as a killed writer leaves it")
    with started("train", "--resume", run) as process:
        until(run, process, lambda found: found.ended == "" and found.pid == process.pid)
        write_control(run, stop=True)
        process.communicate(timeout=100)
    assert [path.name for path in run.rglob("*") if path.name.endswith(".tmp")] == []


def test_several_processes_pause_change_and_stop_together(data: Path, tmp_path: Path) -> None:
    run, logs = tmp_path / "run", tmp_path / "logs"
    launch = (
        sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--redirects", "3",
        "--log-dir", str(logs), "-m", "pellucid",
    )  # fmt: skip
    with subprocess.Popen(
        [*launch, "train", str(data), "--out", str(run), "--engine", "torch", "--epochs", str(LONG),
         *OPTIONS],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        until(run, process, lambda found: found.step > 2)
        write_control(run, paused=True)
        paused = until(run, process, lambda found: found.paused)
        asked = write_control(run, rate_factor=0.25)
        found = until(run, process, lambda found: found.control == asked.number)
        assert (found.step, found.rate_factor) == (paused.step, 0.25)
        write_control(run, paused=False)
        until(run, process, lambda found: found.step > paused.step + 5)
        renew_wanted(run)
        while read_snapshot(run) is None:
            renew_wanted(run)
            time.sleep(0.1)
            assert process.poll() is None
        write_control(run, stop=True)
        process.communicate(timeout=200)
    said = "\n".join(file.read_text() for file in logs.rglob("std*.log"))
    assert "Traceback" not in said
    assert said.count("nothing is lost, go on with") == 1
    values = load_state(run / "last.safetensors")[1]
    assert [each["factor"] for each in values["rate_changes"]] == [0.25]  # type: ignore[union-attr,index,call-overload]
    last = read_progress(run)
    assert last is not None
    assert last.ended == "stopped"
