"""MNIST to 99 %: the time from starting a process to a saved model that is as good as that."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.contenders import entry
from benchmarks.digits import RATE
from benchmarks.figures import Learned
from benchmarks.measure import ROOT, ContenderError, environment

if TYPE_CHECKING:
    from pathlib import Path

SCRIPTS = {
    "native": "benchmarks.digits.native",
    "pytorch-channels-last": "benchmarks.digits.pytorch",
}
"""Who learns, by name; PyTorch in the layout that is faster here."""

GOAL = 0.99
MOST_EPOCHS = 8

Run = tuple[float, float, int]
"""Seconds, accuracy, bytes of memory."""


def learn_digits(contenders: list[str], *, threads: int, turns: int, files: Path) -> list[Learned]:
    """Let each learn, with the fewest epochs that reach the goal.

    The schedule of the learning rate must know the number of epochs beforehand: so each number is
    tried from the start, with several seeds, until their median is good enough. All contenders take
    turns.

    Args:
        contenders: Names of :data:`SCRIPTS`.
        threads: For each.
        turns: How many seeds: 0, 1, 2 and so on.
        files: A folder for pictures and models.
    """
    _write_pictures(files)
    done: dict[str, Learned] = {}
    for epochs in range(1, MOST_EPOCHS + 1):
        left = [name for name in contenders if name not in done or done[name].accuracy < GOAL]
        runs: dict[str, list[Run]] = {name: [] for name in left}
        for seed in range(turns):
            for name in left:
                runs[name].append(
                    run_script(SCRIPTS[name], name, epochs, seed, RATE, threads, files)
                )
        for name, found in runs.items():
            seconds, accuracies, memory = ([*column] for column in zip(*found, strict=True))
            done[name] = Learned(name, epochs, seconds, accuracies, int(statistics.median(memory)))
    return [done[name] for name in contenders]


def run_script(
    module: str, contender: str, epochs: int, seed: int, rate: float, threads: int, files: Path
) -> Run:
    """One script, from nothing; the clock stops when the model is saved.

    Raises:
        ContenderError: If it fails.
    """
    arguments = [epochs, seed, files / f"{contender}.model", files, rate, threads]
    own = {"PELLUCID_CACHE": "off", **entry(contender).environment}
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", _WITH_MEMORY, module, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(threads, files, own),
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        seconds = time.perf_counter() - began
        lines += process.stdout.readlines()
    if process.returncode:
        raise ContenderError(f"{contender} on digits: ended with exit code {process.returncode}")
    values = {key: value for line in lines for key, value in json.loads(line).items()}
    return seconds, float(values["accuracy"]), int(values["peak_memory"])


_WITH_MEMORY = """
import json, runpy, sys
module = sys.argv.pop(1)
runpy.run_module(module, run_name="__main__", alter_sys=True)
from benchmarks.worker import peak_memory
print(json.dumps({"peak_memory": peak_memory()}))
"""
"""Runs a module, and tells afterwards how much memory its process took."""


def _write_pictures(files: Path) -> None:
    from pellucid.data import load

    data = load("mnist", validation=0)
    assert data.test is not None
    for part, pictures in (("train", data.train), ("test", data.test)):
        np.save(files / f"{part}-images.npy", pictures.images)
        np.save(files / f"{part}-labels.npy", pictures.places.astype(np.int64))
