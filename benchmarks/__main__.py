"""``python -m benchmarks``: check, measure, print Markdown tables, write benchmarks/results/."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import learn_digits, machine, twins
from benchmarks.contenders import CONTENDERS
from benchmarks.int8 import int8_contenders, int8_table
from benchmarks.measure import ContenderError
from benchmarks.reading import SIDE
from benchmarks.tasks import (
    SPEED_TASKS,
    Options,
    check_all,
    learned_table,
    reading_table,
    task_table,
    twins_table,
    write,
)
from benchmarks.workloads import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Iterable

TASKS = (
    "train", "forward", "latency", "cold-train", "cold-forward", "digits", "reading", "tasks",
    "int8",
)  # fmt: skip
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Parse, check that everybody computes the same, measure, report."""
    options = _parse()
    try:
        with tempfile.TemporaryDirectory() as folder:
            _run(options, Path(folder))
    except ContenderError as error:
        sys.exit(str(error))


def _run(given: argparse.Namespace, files: Path) -> None:
    options = Options(given.threads, given.turns, given.seconds, files)
    here = machine.examine(given.threads)
    print("\n".join(f"- {line}" for line in here.lines()), flush=True)
    print(
        f"- {given.turns} turns of {given.seconds:g} s, taken in turn; {given.threads} threads each"
    )
    contenders = {
        task: int8_contenders(given.contender)
        if task == "int8"
        else [
            name
            for name, entry in CONTENDERS.items()
            if entry.can(task)
            and (name in given.contender if given.contender else entry.by_default)
        ]
        for task in given.task
    }
    named = [name for task in SPEED_TASKS for name in contenders.get(task, [])]
    if set(given.task) & set(SPEED_TASKS):
        check_all(list(dict.fromkeys(named)), _of(given.workload, WORKLOADS), options)
    for task in given.task:
        here = here.again()
        print(f"\n## {task}\n", flush=True)
        if task == "digits":
            names = [name for name in contenders[task] if name in learn_digits.SCRIPTS]
            table, values = learned_table(names, options)
        elif task == "reading":
            table, values = reading_table(given.folder, given.side, options)
        elif task == "int8":
            named = [w for w in _of(given.workload, WORKLOADS) if WORKLOADS[w].learned]
            table, values = int8_table(contenders[task], named, options, given.folder)
        elif task == "tasks":
            names = [name for name in twins.CONTENDERS if name in (given.contender or [name])]
            table, values = twins_table(names, _of(given.workload, twins.TASKS), options)
        else:
            named = _of(given.workload, WORKLOADS)
            table, values = task_table(task, contenders[task], named, here, options)
        write(given.out, task, here, options, table, values)


def _of(given: list[str] | None, known: Iterable[str]) -> list[str]:
    """Those of the workloads that were named, or all."""
    return [name for name in known if given is None or name in given]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Compare speeds side by side. Without arguments: everything, in half an hour."
    )
    parser.add_argument("--task", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument(
        "--workload", nargs="+", choices=[*WORKLOADS, *twins.TASKS], help="default: all of a task"
    )
    parser.add_argument(
        "--contender", nargs="+", choices=list(dict.fromkeys([*CONTENDERS, *twins.CONTENDERS])),
        help="default: all that are installed",
    )  # fmt: skip
    parser.add_argument("--threads", type=int, default=2, help="of each contender")
    parser.add_argument("--turns", type=int, default=5, help="how often each is measured")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each turn")
    parser.add_argument("--folder", type=Path,
        help="of pictures: to read, default made ones; in int8, photographs to learn, a folder for "
        "each class",
    )  # fmt: skip
    parser.add_argument(
        "--side", type=int, default=SIDE, help="height and width that those are brought to"
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for what was found")
    return parser.parse_args()


if __name__ == "__main__":
    main()
