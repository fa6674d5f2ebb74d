"""What is done for each task: check, measure, make a table, write both down."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import tables
from benchmarks.check import disagreement
from benchmarks.contenders import COLD, entry
from benchmarks.learn_digits import GOAL, learn_digits
from benchmarks.measure import ContenderError, check, measure, measure_starts
from benchmarks.reading import (
    LARGE,
    READERS,
    READING_HEAD,
    SMALL,
    Made,
    make_photographs,
    measure_reading,
    reading_rows,
)
from benchmarks.twins import TASKS
from benchmarks.workloads import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.machine import Machine

SPEED_TASKS = ("train", "forward", "latency", *COLD)


@dataclass(frozen=True)
class Options:
    """How to measure.

    Attributes:
        threads: Of each contender.
        turns: How often each is measured.
        seconds: Of each turn.
        files: A folder for what contenders keep.
    """

    threads: int
    turns: int
    seconds: float
    files: Path


def check_all(contenders: list[str], workloads: list[str], options: Options) -> None:
    """Compare what each contender computes with the reference engine.

    Raises:
        ContenderError: If one computes something else.
    """
    others = [name for name in contenders if name != "reference" and not entry(name).cold_only]
    for workload in workloads:
        expected = check("reference", workload, options.threads, options.files)
        for name in others:
            found = check(name, workload, options.threads, options.files)
            if wrong := disagreement(found, expected):
                raise ContenderError(f"{name} on {workload} computes something else: {wrong}")
    print(f"- checked against the reference engine: {', '.join(others)}", flush=True)


def task_table(
    task: str, contenders: list[str], workloads: list[str], here: Machine, options: Options
) -> tuple[str, dict[str, Any]]:
    """One task on all workloads: a table, printed as it grows, and the figures in it."""
    rows: list[list[str]] = []
    values: dict[str, Any] = {}
    head = HEADS[task]
    for line in tables.markdown(head, []).splitlines():
        print(line)
    for workload in workloads:
        new, values[workload] = _measure(task, contenders, workload, here, options)
        rows += new
        for line in tables.markdown(head, new).splitlines()[2:]:
            print(line, flush=True)
    legend = tables.legend(contenders)
    print(f"\n{legend}", flush=True)
    return f"{tables.markdown(head, rows)}\n\n{legend}", values


def _measure(
    task: str, contenders: list[str], name: str, here: Machine, options: Options
) -> tuple[list[list[str]], list[dict[str, Any]]]:
    workload = WORKLOADS[name]
    threads, turns, files = options.threads, options.turns, options.files
    if task in COLD:
        starts = measure_starts(contenders, name, task, threads=threads, turns=turns, files=files)
        return tables.cold_rows(name, starts), [one.to_dict() for one in starts]
    figures = measure(
        contenders, name, task,
        threads=threads, turns=turns, seconds=options.seconds, files=files,
    )  # fmt: skip
    values = [one.to_dict() for one in figures]
    if task == "train":
        return tables.training_rows(name, figures, workload.training_flops, here.peak), values
    if task == "forward":
        return tables.forward_rows(name, figures, workload.forward_flops, here.peak), values
    return tables.latency_rows(name, figures), values


HEADS = {
    "train": tables.TRAINING_HEAD,
    "forward": tables.FORWARD_HEAD,
    "latency": tables.LATENCY_HEAD,
    "cold-train": tables.COLD_HEAD,
    "cold-forward": tables.COLD_HEAD,
}


def learned_table(contenders: list[str], options: Options) -> tuple[str, dict[str, Any]]:
    """MNIST to 99 %: a table, printed, and the figures in it."""
    learned = learn_digits(
        contenders, threads=options.threads, turns=options.turns, files=options.files
    )
    table = tables.markdown(tables.LEARNED_HEAD, tables.learned_rows(learned, GOAL))
    print(table, flush=True)
    return table, {"digits": [one.to_dict() for one in learned]}


def reading_table(
    folder: Path | None, side: int, options: Options, made: Sequence[Made] = (LARGE, SMALL)
) -> tuple[str, dict[str, Any]]:
    """From a folder of pictures to batches: a table, printed, and the figures in it by folder.

    Args:
        folder: Pictures, one folder per class; None to make some.
        side: Height and width that those are brought to.
        options: How to measure.
        made: What is made where there is no folder.
    """
    folders = [] if folder is None else [(folder, side)]
    if folder is None:
        for pictures in made:
            folders.append((options.files / pictures.name, pictures.side))
            make_photographs(folders[-1][0], pictures)
    rows: list[list[str]] = []
    values: dict[str, Any] = {}
    for where, to in folders:
        reads = measure_reading(
            where, READERS,
            side=to, turns=options.turns, threads=options.threads, files=options.files,
        )  # fmt: skip
        rows += reading_rows(where.name, reads)
        values[where.name] = [one.to_dict() for one in reads]
    table = tables.markdown(READING_HEAD, rows)
    print(table, flush=True)
    return table, values


def twins_table(
    contenders: list[str], names: list[str], options: Options
) -> tuple[str, dict[str, Any]]:
    """Training of every task beside the same network in PyTorch: a table, and its figures.

    Args:
        contenders: Names of :data:`benchmarks.twins.CONTENDERS`.
        names: Of the tasks.
        options: How to measure.
    """
    rows: list[list[str]] = []
    values: dict[str, Any] = {}
    ratios: list[float] = []
    for name in names:
        figures = measure(
            contenders, name, "tasks",
            threads=options.threads, turns=options.turns, seconds=options.seconds,
            files=options.files,
        )  # fmt: skip
        values[name] = [one.to_dict() for one in figures]
        rows += tables.twin_rows(TASKS[name].what, figures)
        ratios += tables.twin_ratio(figures)
        print(tables.markdown(tables.TWINS_HEAD, rows[-len(figures) :]), flush=True)
    table = tables.markdown(tables.TWINS_HEAD, rows)
    if ratios:
        mean = statistics.geometric_mean(ratios)
        words = f"Native ÷ the best of PyTorch: geometric mean {mean:.2f}, least {min(ratios):.2f}."
        print(f"\n{words}", flush=True)
        table += f"\n\n{words}"
    return table, values


def write(
    folder: Path, task: str, here: Machine, options: Options, table: str, values: dict[str, Any]
) -> None:
    """Write a task's table and its figures, each with the machine they are of."""
    folder.mkdir(parents=True, exist_ok=True)
    how = f"{options.turns} turns of {options.seconds:g} s, {options.threads} threads each"
    facts = "\n".join(f"- {line}" for line in (*here.lines(), how))
    (folder / f"{task}.md").write_text(f"# {task}\n\n{facts}\n\n{table}\n", encoding="utf-8")
    report = {
        "task": task,
        "machine": here.to_dict(),
        "threads": options.threads,
        "turns": options.turns,
        "seconds": options.seconds,
        "results": values,
    }
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    (folder / f"{task}.json").write_text(text, encoding="utf-8")
