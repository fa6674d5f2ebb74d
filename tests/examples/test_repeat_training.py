"""Several seeds of one training, told apart and together."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from tests.cli.running import Completed, here

if TYPE_CHECKING:
    from pellucid import Dataset

EXAMPLE = Path(__file__).parents[2] / "examples" / "repeat_training.py"


def repeat(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(EXAMPLE), *map(str, arguments)],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def divided(digits: tuple[Dataset, Dataset], tmp_path: Path) -> Path:
    """Zeros and ones, ``root/<part>/<class>/<index>.png``: 40 to learn and 20 for the test."""
    root = tmp_path / "pictures"
    for label, name in ((0, "naught"), (1, "one")):
        for i, index in enumerate(np.flatnonzero(digits[0].places == label)[:30]):
            target = root / ("train" if i < 20 else "test") / name / f"{i}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(digits[0].images[index, ..., 0]).save(target)
    return root


def test_two_seeds(
    divided: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its commands run in this process, each as in one of its own."""

    def run(command: list[str], **_: object) -> Completed:
        assert command[:3] == [sys.executable, "-m", "pellucid"]
        return here(tuple(command[3:]), tmp_path, {})

    monkeypatch.chdir(tmp_path)
    main = runpy.run_path(str(EXAMPLE))["main"]
    monkeypatch.setattr(subprocess, "run", run)
    options = ["--epochs", "4", "--validation", "0", "--batch-size", "4", "--image-size", "16x16"]
    main(2, str(divided), options)
    *each, last = capsys.readouterr().out.splitlines()
    found = [re.fullmatch(r"seed (\d): test (\d+\.\d\d)%, \d+\.\d s", line) for line in each]
    assert [match and match[1] for match in found] == ["0", "1"]
    accuracies = [float(match[2]) for match in found if match]
    assert last == f"median of 2: {median(accuracies):.2f}%"
    assert median(accuracies) > 80  # zeros and ones are easily told apart
    runs = tmp_path / "runs" / "seeds"
    assert [(runs / str(seed) / "model.safetensors").exists() for seed in range(2)] == [True, True]


def test_what_training_says_is_passed_on(divided: Path, tmp_path: Path) -> None:
    done = repeat(tmp_path, 1, divided, "--architecture", "lenet")
    assert done.returncode == 1
    assert "unknown architecture 'lenet'" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("mnist",), ("mnist", "3")])
def test_its_use(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = repeat(tmp_path, *arguments)
    assert done.returncode == 1
    assert "repeat_training.py 5 mnist" in done.stderr
