"""``torchrun … -m pellucid train``: one process dies, and the run goes on with another number."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.npz import ARRAYS_SUFFIX
from tests.cli.running import here

OPTIONS = (
    "--engine", "torch", "--architecture", "lenet5", "--batch-size", "8", "--epochs", "150",
    "--validation", "0", "--no-report", "--save-every", "0",
)  # fmt: skip


def _rank(launcher: int, rank: int) -> int | None:
    """The process of a rank that a launcher started."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            mine = parent == launcher and f"\0RANK={rank}\0" in (folder / "environ").read_text()
        except OSError:
            continue
        if mine:
            return int(folder.name)
    return None


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_a_rank_that_dies_ends_all_and_fewer_go_on(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    labels = np.arange(20) % 2
    images = random.integers(0, 200, (20, 12, 12)).astype(np.uint8) + 50 * labels[:, None, None]
    data = tmp_path / f"few{ARRAYS_SUFFIX}"
    np.savez(data, x=images.astype(np.uint8), y=labels)
    kept, logs = tmp_path / "run", tmp_path / "logs"
    started = subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2",
         "--redirects", "3", "--log-dir", str(logs),
         "-m", "pellucid", "train", str(data), "--out", str(kept), *OPTIONS],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    limit = time.monotonic() + 240
    victim = None
    while not (kept / "history.csv").exists() and time.monotonic() < limit:
        assert started.poll() is None, _said(logs)
        victim = victim or _rank(started.pid, 1)
        time.sleep(0.02)
    assert victim is not None
    os.kill(victim, signal.SIGKILL)
    assert started.wait(timeout=120) != 0
    said = _said(logs)
    assert "Traceback" not in said
    assert said.count("pellucid: ") == 1
    assert "lost another rank" in said
    assert "--resume" in said
    done = len(_losses(kept))
    assert 0 < done < 150
    # One process goes on where two were stopped, and learns what one alone does.
    assert here(("train", "--resume", str(kept)), tmp_path, {}).returncode == 0
    alone = tmp_path / "alone"
    assert here(("train", str(data), "--out", str(alone), *OPTIONS), tmp_path, {}).returncode == 0
    assert len(_losses(kept)) == 150
    np.testing.assert_allclose(_losses(kept)[: done + 3], _losses(alone)[: done + 3], atol=1e-4)


def _said(logs: Path) -> str:
    files = sorted(logs.rglob("stderr.log")) + sorted(logs.rglob("stdout.log"))
    return "\n".join(file.read_text() for file in files)


def _losses(folder: Path) -> list[float]:
    with (folder / "history.csv").open() as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]
