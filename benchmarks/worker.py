"""The process in which one contender runs: asked over a pipe to measure.

    python -m benchmarks.worker CONTENDER WORKLOAD TASK THREADS

It answers in lines of JSON: first when its first result is there, then once for every line of
input, which says how many seconds to measure. Between measurements it waits for its input and uses
no processor, so that contenders do not disturb each other. The task ``check`` gives one answer, see
:mod:`benchmarks.check`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.contenders import TRAINING, entry
from benchmarks.workloads import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Callable

WARM_UP_RUNS, WARM_UP_SECONDS = 3, 0.3


def main() -> None:
    """Prepare what the command line names; then answer each line of input with one measurement."""
    name, workload, task, threads = sys.argv[1:]
    if task == "check":
        from benchmarks.check import answers

        _tell(dict(answers(name, WORKLOADS[workload], int(threads))))
        return
    prepare = _task if task == "tasks" else _network
    began = time.perf_counter()
    run, count, imported = prepare(name, workload, task, int(threads))
    run()
    ready = time.perf_counter()
    _tell({"importing": imported - began, "preparing": ready - imported})
    for line in sys.stdin:
        seconds = float(line)
        start = time.perf_counter()
        for _ in range(WARM_UP_RUNS):
            run()
            if time.perf_counter() - start > WARM_UP_SECONDS:
                break
        rounds, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < seconds:
            run()
            rounds += 1
        _tell({"images_per_second": rounds * count / elapsed, "peak_memory": peak_memory()})


Prepared = tuple["Callable[[], object]", int, float]
"""What is measured, the pictures that it takes each time, and when imports were done."""


def _network(name: str, workload_name: str, task: str, threads: int) -> Prepared:
    """A contender with one of the workloads."""
    workload = WORKLOADS[workload_name]
    contender = entry(name).make()
    imported = time.perf_counter()
    contender.prepare(workload, training=task in TRAINING, threads=threads, weights=None)
    random = np.random.default_rng(0)
    count = 1 if task == "latency" else workload.batch
    images = random.integers(0, 256, (count, *workload.input_shape), dtype=np.uint8)
    labels = random.integers(0, workload.classes, count)

    def run() -> None:
        if task in TRAINING:
            contender.train_step(images, labels)
        else:
            contender.forward(images)

    return run, count, imported


def _task(name: str, task_name: str, _: str, threads: int) -> Prepared:
    """A contender that learns a task."""
    from benchmarks.twins.prepare import prepare

    imported = time.perf_counter()
    learner, count = prepare(name, task_name, threads)
    return learner.step, count, imported


def peak_memory() -> int:
    """The most bytes of memory that this process ever held at once."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage counts what the parent held when it started this process
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _tell(values: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
