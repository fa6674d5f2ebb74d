"""``python -m benchmarks``: measure, print a Markdown table, write benchmarks/results/."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks import machine
from benchmarks.contenders import CONTENDERS
from benchmarks.measure import Measured, measure
from benchmarks.workloads import WORKLOADS

RESULTS = Path(__file__).parent / "results"
BASELINES = ("pytorch", "pytorch-channels-last")


def main() -> None:
    """Parse, measure, report."""
    parser = argparse.ArgumentParser(description="Compare speeds side by side.")
    parser.add_argument("--task", choices=["train", "forward", "latency"], default="train")
    parser.add_argument("--workload", nargs="+", choices=list(WORKLOADS), default=list(WORKLOADS))
    parser.add_argument("--contender", nargs="+", choices=list(CONTENDERS), default=None)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each turn")
    parser.add_argument("--out", type=Path, default=None, help="default: results/TASK.json")
    options = parser.parse_args()
    contenders = options.contender or list(CONTENDERS)

    peak = machine.matrix_product_speed()
    print(f"matrix product: {peak:.0f} GFLOP/s\n")
    print("| workload | contender | images/s | spread | ÷ best PyTorch | memory |")
    print("|---|---|---|---|---|---|")
    results = {}
    for workload in options.workload:
        measured = measure(
            contenders,
            workload,
            options.task,
            threads=options.threads,
            turns=options.turns,
            seconds=options.seconds,
        )
        results[workload] = [one.to_dict() for one in measured]
        for line in _lines(workload, measured):
            print(line, flush=True)
    out = options.out or RESULTS / f"{options.task}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "machine": machine.describe(),
        "matrix_product_gflops": peak,
        "task": options.task,
        "threads": options.threads,
        "turns": options.turns,
        "seconds": options.seconds,
        "results": results,
    }
    out.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _lines(workload: str, measured: list[Measured]) -> list[str]:
    best = max((one.median for one in measured if one.contender in BASELINES), default=None)
    return [
        f"| {workload} | {one.contender} | {one.median:,.0f} | {one.spread:.0%} | "
        f"{'–' if best is None else format(one.median / best, '.2f')} | "
        f"{one.peak_memory / 2**20:,.0f} MB |"
        for one in measured
    ]


if __name__ == "__main__":
    main()
