"""Whole numbers of 8 bits beside ONNX Runtime's: how fast, and what accuracy they cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from benchmarks import tables
from benchmarks.contenders import CONTENDERS
from benchmarks.measure import ROOT, ContenderError, environment, measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.figures import Figures
    from benchmarks.tasks import Options

REAL = ("native", "onnxruntime-floats")
"""Contenders with floats, for comparison."""

HEAD = [
    "workload", "contender", "images/s", "spread", "÷ best peer", "accuracy", "points lost",
    "logits apart",
]  # fmt: skip


def int8_contenders(named: Sequence[str] | None) -> list[str]:
    """Who takes part: those for this task, and some with floats beside them."""
    return [
        name
        for name, entry in CONTENDERS.items()
        if entry.installed and (entry.only == "int8" or name in REAL)
        if named is None or name in named
    ]


def int8_table(
    contenders: list[str], workloads: list[str], options: Options, folder: Path | None
) -> tuple[str, dict[str, Any]]:
    """A table, printed, and the figures in it.

    Args:
        contenders: Their names.
        workloads: Theirs.
        options: How to measure.
        folder: Of photographs, a folder for each class, that networks for colours learn; none:
            their accuracy is not known.
    """
    rows: list[list[str]] = []
    values: dict[str, Any] = {}
    for name in workloads:
        judged = _made(name, options, folder)
        figures = measure(
            contenders, name, "int8",
            threads=options.threads, turns=options.turns, seconds=options.seconds,
            files=options.files,
        )  # fmt: skip
        new = int8_rows(name, figures, judged)
        rows += new
        values[name] = [{**one.to_dict(), **judged.get(one.contender, {})} for one in figures]
        print(tables.markdown(HEAD, new), flush=True)
    about = (
        "- accuracy: on MNIST's 10 000 test digits, or on the test part of photographs, after "
        "two epochs; – where weights are as in the middle of training\n"
        "- logits apart: the largest difference from the float model's, as a share of its largest"
    )
    legend = f"{tables.legend(contenders)}\n{about}"
    print(f"\n{legend}", flush=True)
    return f"{tables.markdown(HEAD, rows)}\n\n{legend}", values


def int8_rows(
    workload: str, figures: Sequence[Figures], judged: Mapping[str, Mapping[str, float | None]]
) -> list[list[str]]:
    """A row for each contender.

    Args:
        workload: Its name.
        figures: What was measured.
        judged: Of each contender with a model of its own its ``accuracy``, if it is known, and how
            far its logits are ``apart``.
    """
    before = judged["native"]["accuracy"]
    rows = []
    for one in figures:
        found = judged.get(one.contender, judged["native"])
        after, apart = found["accuracy"], found["apart"]
        accuracy = [tables.NOTHING] * 2
        if after is not None and before is not None:
            accuracy = [f"{100 * after:.2f}%", f"{100 * (before - after):.2f}"]
        difference = tables.NOTHING if apart is None or one.contender in REAL else f"{apart:.1%}"
        speed = tables.speed(workload, one, tables.best_peer(figures))
        rows.append([*speed, *accuracy, difference])
    return rows


def _made(workload: str, options: Options, folder: Path | None) -> dict[str, Any]:
    """Have a workload's models written by another process, whose memory is its own."""
    command = [sys.executable, "-m", "benchmarks.int8_models", workload, str(options.files)]
    command += [] if folder is None else ["--pictures", str(folder.resolve())]
    threads = os.cpu_count() or 1
    done = subprocess.run(
        command, cwd=ROOT, env=environment(threads, options.files, {}), check=False,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise ContenderError(f"the models of {workload} in int8: exit code {done.returncode}")
    found: dict[str, Any] = json.loads((options.files / f"{workload}.json").read_text())
    return found
