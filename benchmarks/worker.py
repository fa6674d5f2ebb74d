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
from typing import Any

import numpy as np

from benchmarks.contenders import TRAINING, entry
from benchmarks.workloads import WORKLOADS

WARM_UP_RUNS, WARM_UP_SECONDS = 3, 0.3


def main() -> None:
    """Prepare what the command line names; then answer each line of input with one measurement."""
    name, workload_name, task, threads = sys.argv[1:]
    workload = WORKLOADS[workload_name]
    if task == "check":
        from benchmarks.check import answers

        _tell(dict(answers(name, workload, int(threads))))
        return
    began = time.perf_counter()
    contender = entry(name).make()
    imported = time.perf_counter()
    contender.prepare(workload, training=task in TRAINING, threads=int(threads), weights=None)

    random = np.random.default_rng(0)
    count = 1 if task == "latency" else workload.batch
    images = random.integers(0, 256, (count, *workload.input_shape), dtype=np.uint8)
    labels = random.integers(0, workload.classes, count)

    def run() -> None:
        if task in TRAINING:
            contender.train_step(images, labels)
        else:
            contender.forward(images)

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
