"""The process in which one contender runs: told over a pipe when to measure.

Between measurements it waits for its input and uses no processor, so that contenders do not disturb
each other.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from importlib import import_module

import numpy as np

from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.workloads import WORKLOADS


def main() -> None:
    """Prepare what the command line names; then answer each line of input with one measurement."""
    contender_name, workload_name, task, threads = sys.argv[1:]
    module, _, attribute = CONTENDERS[contender_name].partition(":")
    contender: Contender = getattr(import_module(module), attribute)()
    workload = WORKLOADS[workload_name]
    began = time.perf_counter()
    contender.prepare(workload, training=task == "train", threads=int(threads))

    random = np.random.default_rng(0)
    count = 1 if task == "latency" else workload.batch
    images = random.integers(0, 256, (count, *workload.input_shape), dtype=np.uint8)
    labels = random.integers(0, workload.classes, count)

    def run() -> None:
        if task == "train":
            contender.train_step(images, labels)
        else:
            contender.forward(images)

    run()
    _tell({"ready": time.perf_counter() - began})
    for line in sys.stdin:
        seconds = float(line)
        for _ in range(3):
            run()
        rounds, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < seconds:
            run()
            rounds += 1
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        _tell({"images_per_second": rounds * count / elapsed, "peak_memory": memory})


def _tell(values: dict[str, float]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
