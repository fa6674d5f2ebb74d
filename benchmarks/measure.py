"""Measuring contenders side by side: each in its own process, taking turns."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from typing import IO, Any, Self


@dataclass
class Measured:
    """A contender's figures on one workload.

    Attributes:
        contender: Its name.
        ready: Seconds from nothing to the first result: build, compile, run once.
        speeds: Images/s of each turn.
        peak_memory: Bytes, of its process.
    """

    contender: str
    ready: float
    speeds: list[float] = field(default_factory=list)
    peak_memory: float = 0.0

    @property
    def median(self) -> float:
        """Images/s."""
        return statistics.median(self.speeds)

    @property
    def spread(self) -> float:
        """(Fastest − slowest turn) / median."""
        return (max(self.speeds) - min(self.speeds)) / self.median

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "contender": self.contender,
            "images_per_second": self.median,
            "spread": self.spread,
            "turns": self.speeds,
            "seconds_to_first_result": self.ready,
            "peak_memory": self.peak_memory,
        }


class _Worker:
    def __init__(self, contender: str, workload: str, task: str, threads: int) -> None:
        environment = {**os.environ, **dict.fromkeys(THREAD_SETTINGS, str(threads))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", contender, workload, task, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.measured = Measured(contender, self._answer()["ready"])

    def measure(self, seconds: float) -> None:
        to: IO[str] | None = self._process.stdin
        assert to is not None
        to.write(f"{seconds}\n")
        to.flush()
        answer = self._answer()
        self.measured.speeds.append(answer["images_per_second"])
        self.measured.peak_memory = answer["peak_memory"]

    def _answer(self) -> dict[str, float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a contender failed with exit code {self._process.wait()}")
        values: dict[str, float] = json.loads(line)
        return values

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


THREAD_SETTINGS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "PELLUCID_THREADS",
)


def measure(
    contenders: list[str], workload: str, task: str, *, threads: int, turns: int, seconds: float
) -> list[Measured]:
    """All contenders on one workload, interleaved: A B C, A B C and so on.

    Args:
        contenders: Their names.
        workload: Its name.
        task: ``train``, ``forward`` (batches) or ``latency`` (one image at a time).
        threads: For each.
        turns: How often each is measured.
        seconds: How long a turn lasts.
    """
    workers: list[_Worker] = []
    try:
        workers.extend(_Worker(name, workload, task, threads) for name in contenders)
        for _ in range(turns):
            for worker in workers:
                worker.measure(seconds)
    finally:
        for worker in workers:
            worker.__exit__()
    return [worker.measured for worker in workers]
