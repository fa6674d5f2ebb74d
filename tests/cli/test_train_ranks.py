"""``torchrun … -m pellucid train``: one process dies, and the run goes on with another number."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.npz import ARRAYS_SUFFIX
from tests.cli.dying_rank import LAST
from tests.cli.running import here

ROOT = Path(__file__).parents[2]

EPOCHS = 12

OPTIONS = (
    "--engine", "torch", "--architecture", "lenet5", "--batch-size", "8", "--epochs", str(EPOCHS),
    "--validation", "0", "--no-report", "--save-every", "0",
)  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_rank_that_dies_ends_all_and_fewer_go_on(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    labels = np.arange(20) % 2
    images = random.integers(0, 200, (20, 12, 12)).astype(np.uint8) + 50 * labels[:, None, None]
    data = tmp_path / f"few{ARRAYS_SUFFIX}"
    np.savez(data, x=images.astype(np.uint8), y=labels)
    kept, logs = tmp_path / "run", tmp_path / "logs"
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2",
         "--redirects", "3", "--log-dir", str(logs),
         "-m", "tests.cli.dying_rank", "train", str(data), "--out", str(kept), *OPTIONS],
        capture_output=True, cwd=ROOT, timeout=600, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode != 0
    said = _said(logs)
    assert "Traceback" not in said
    assert said.count("pellucid: ") == 1
    assert "lost another rank" in said
    assert "--resume" in said
    epochs = len(_losses(kept))
    assert 0 < epochs <= LAST
    # One process goes on where two were stopped, and learns what one alone does.
    assert here(("train", "--resume", str(kept)), tmp_path, {}).returncode == 0
    alone = tmp_path / "alone"
    assert here(("train", str(data), "--out", str(alone), *OPTIONS), tmp_path, {}).returncode == 0
    assert len(_losses(kept)) == EPOCHS
    np.testing.assert_allclose(_losses(kept)[: epochs + 3], _losses(alone)[: epochs + 3], atol=1e-4)


def _said(logs: Path) -> str:
    files = sorted(logs.rglob("stderr.log")) + sorted(logs.rglob("stdout.log"))
    return "\n".join(file.read_text() for file in files)


def _losses(folder: Path) -> list[float]:
    with (folder / "history.csv").open() as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]
