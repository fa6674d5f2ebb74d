"""Measuring contenders side by side: each in its own process, taking turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from benchmarks.contenders import FILES, entry
from benchmarks.figures import Cold, Figures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.check import Answers

ROOT = Path(__file__).resolve().parent.parent

THREAD_SETTINGS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NPROC",  # of XLA, which computes JAX
    "PELLUCID_THREADS",
)

REST = 0.1
"""Seconds between turns, in which a contender's threads go to sleep."""


class ContenderError(Exception):
    """A contender's process ended before it was done."""


class Worker:
    """A contender's process.

    Args:
        contender: Its name.
        workload: What it is to compute.
        task: ``train``, ``forward`` (batches), ``latency`` (one picture at a time) or ``check``.
        threads: How many it may use.
        files: The folder for what contenders keep.
    """

    def __init__(self, contender: str, workload: str, task: str, threads: int, files: Path) -> None:
        self._who = f"{contender} on {workload}, {task}"
        command = [sys.executable, "-m", "benchmarks.worker"]
        began = time.perf_counter()
        self._process = subprocess.Popen(
            [*command, contender, workload, task, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment(threads, files, entry(contender).environment),
        )
        try:
            self.first = self.answer()
        except BaseException:
            self.__exit__()
            raise
        self.seconds = time.perf_counter() - began
        """From nothing to the first answer."""

    def measure(self, seconds: float) -> dict[str, Any]:
        """One turn."""
        to: IO[str] | None = self._process.stdin
        assert to is not None
        to.write(f"{seconds}\n")
        to.flush()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """The next line that the process writes.

        Raises:
            ContenderError: If it ended instead.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ContenderError(f"{self._who}: ended with exit code {self._process.wait()}")
        values: dict[str, Any] = json.loads(line)
        return values

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def environment(threads: int, files: Path, own: Mapping[str, str]) -> dict[str, str]:
    """The environment of a contender's process."""
    path = os.pathsep.join([str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {
        **os.environ,
        "PYTHONPATH": path,
        FILES: str(files),
        "PELLUCID_CACHE": str(files / "cache"),
        **dict.fromkeys(THREAD_SETTINGS, str(threads)),
        **own,
    }


def check(contender: str, workload: str, threads: int, files: Path) -> Answers:
    """What a contender computes, to be compared."""
    with Worker(contender, workload, "check", threads, files) as worker:
        return {"logits": worker.first["logits"], "losses": worker.first["losses"]}


def measure(
    contenders: list[str],
    workload: str,
    task: str,
    *,
    threads: int,
    turns: int,
    seconds: float,
    files: Path,
) -> list[Figures]:
    """All contenders on one workload, interleaved: A B C, A B C and so on.

    Args:
        contenders: Their names.
        workload: Its name.
        task: ``train``, ``forward`` or ``latency``.
        threads: For each.
        turns: How often each is measured.
        seconds: How long a turn lasts.
        files: The folder for what contenders keep.
    """
    workers: dict[str, Worker] = {}
    speeds: dict[str, list[float]] = {name: [] for name in contenders}
    memory = dict.fromkeys(contenders, 0)
    try:
        for name in contenders:
            workers[name] = Worker(name, workload, task, threads, files)
        for _ in range(turns):
            for name, worker in workers.items():
                time.sleep(REST)
                answer = worker.measure(seconds)
                speeds[name].append(answer["images_per_second"])
                memory[name] = answer["peak_memory"]
    finally:
        for worker in workers.values():
            worker.__exit__()
    return [Figures(name, speeds[name], memory[name]) for name in contenders]


def measure_starts(
    contenders: list[str], workload: str, task: str, *, threads: int, turns: int, files: Path
) -> list[Cold]:
    """Start all contenders, in turn and again; a first start of each, not counted, fills caches.

    Args:
        contenders: Their names.
        workload: Its name.
        task: ``cold-train`` or ``cold-forward``: what the first result is of.
        threads: For each.
        turns: How often each starts.
        files: The folder for what contenders keep.
    """
    starts: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
    for turn in range(turns + 1):
        for name in contenders:
            with Worker(name, workload, task, threads, files) as worker:
                if turn:
                    starts[name].append({"seconds": worker.seconds, **worker.first})
    return [
        Cold(
            name,
            [start["seconds"] for start in found],
            [start["preparing"] for start in found],
        )
        for name, found in starts.items()
    ]
