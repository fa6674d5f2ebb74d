"""``python -m benchmarks.scaling``: 1 to 64 threads, on paper: time per image against the limit.

Schedules are those of compiled programs, with what each stage does and how it is cut. What stages
cost on one thread is measured here, and so are meetings and bandwidth of one and two threads; for
more, that is assumed to go on in proportion, bandwidth up to a limit.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import machine, tables
from benchmarks.scaling.costs import cost, measure_costs
from benchmarks.scaling.machine_model import MachineModel, measure_machine
from benchmarks.scaling.schedule import schedules_of
from benchmarks.scaling.simulate import Simulated, simulate
from pellucid.engines.native import NativeEngine
from pellucid.engines.step import Step
from pellucid.graph import Network, initial_weights
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD

if TYPE_CHECKING:
    from benchmarks.scaling.costs import Line
    from pellucid.graph import Graph

ROOT = Path(__file__).resolve().parent.parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PICTURE = ROOT / "docs" / "pictures" / "scaling.png"

THREADS = (1, 2, 4, 8, 16, 32, 64)
BATCHES = (1, 16, 64, 256, 1024)
TASKS = ("train", "forward")


@dataclass(frozen=True)
class Case:
    """A network on pictures of a size.

    Attributes:
        network: Its name in :mod:`benchmarks.networks`.
        size: Height and width.
        channels: Of a picture.
        measured: Two numbers of images, for which stages are timed.
    """

    network: str
    size: int
    channels: int
    measured: tuple[int, int]

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.network}, {self.size}×{self.size}"

    def graph(self) -> Graph:
        """The network."""
        from benchmarks.networks import network

        return network(self.network, self.channels, 10).graph((self.size, self.size, self.channels))


CASES = (
    Case("lecture28", 28, 1, (4, 16)),
    Case("resnet20", 32, 3, (4, 16)),
    Case("photo128", 64, 3, (2, 8)),
    Case("photo128", 128, 3, (2, 6)),
    Case("photo128", 512, 3, (1, 2)),
)


@dataclass(frozen=True)
class Row:
    """One network, task, batch and number of threads.

    Attributes:
        case: The network and its pictures.
        task: ``train`` or ``forward``.
        batch: Images.
        threads: Who share the work.
        found: What the simulation says.
    """

    case: str
    task: str
    batch: int
    threads: int
    found: Simulated


def rows_of(
    case: Case, task: str, lines: dict[str, Line], here: MachineModel, batches: tuple[int, ...]
) -> list[Row]:
    """Simulate all batches and numbers of threads."""
    found, training = [], task == "train"
    for batch, threads, schedule in schedules_of(case.graph(), batches, THREADS, training=training):
        costs = {s.name: cost(lines[s.name], schedule.images) for s in schedule.stages}
        result = simulate(schedule, costs, here, threads)
        found.append(Row(case.name, task, batch, threads, result))
    return found


def validate(case: Case, task: str, batch: int, turns: int, seconds: float) -> dict[int, float]:
    """Seconds of a whole step or pass on one and on two threads, taking turns: the least of all.

    Others who use the machine can only take from it.
    """
    graph = case.graph()
    network = Network(graph, initial_weights(graph, 0))
    step = Step.of(graph, CrossEntropy(), SGD(momentum=0.9)) if task == "train" else None
    pixels = np.random.default_rng(0).integers(0, 256, (batch, *graph.input_shape), np.uint8)
    labels = np.zeros(batch, np.int64)
    programs = {n: NativeEngine(threads=n).load(network, step) for n in (1, 2)}

    def run(threads: int) -> None:
        if step is None:
            programs[threads].forward(pixels)
        else:
            programs[threads].train_step(pixels, labels, 0.0)

    best = dict.fromkeys(programs, float("inf"))
    for turn in range(turns + 1):
        for threads in programs:
            began = now = time.perf_counter()
            while now == began or now - began < seconds:
                before = now
                run(threads)
                now = time.perf_counter()
                if turn:  # the first fetches code and memory
                    best[threads] = min(best[threads], now - before)
    return best


HEAD = ["network", "task", "batch", "µs an image, one thread",
        *(f"{n}" for n in THREADS[1:]), "at 64: what costs most", "which stages"]  # fmt: skip


def table_rows(found: list[Row]) -> list[list[str]]:
    """A row for each network, task and batch: efficiency by number of threads."""
    keys = dict.fromkeys((row.case, row.task, row.batch) for row in found)
    made = []
    for key in keys:
        mine = [row for row in found if (row.case, row.task, row.batch) == key]
        one, most = mine[0], mine[-1]
        reasons = sorted(most.found.lost.items(), key=lambda item: -item[1])
        reason, lost = reasons[0]
        why = f"{reason}, {lost / most.found.seconds:.0%} of the time"
        worst = ", ".join(name for name, _ in most.found.worst[:2])
        made.append([
            key[0], key[1], str(key[2]), f"{1e6 * one.found.seconds / key[2]:,.0f}",
            *(f"{_gain(one, row):.1f}" for row in mine[1:]), why, worst,
        ])  # fmt: skip
    return made


def _gain(one: Row, row: Row) -> float:
    """How many times as fast as one thread."""
    return one.found.seconds / row.found.seconds


VALIDATED_HEAD = ["network", "task", "batch", "2 threads ÷ 1, simulated", "measured", "error",
                  "1 thread, simulated ÷ measured"]  # fmt: skip


def main() -> None:
    """Measure, simulate, print, write table and picture."""
    given = _parse()
    here = machine.describe()
    cases = [case for case in CASES if given.network is None or case.network in given.network]
    model = measure_machine()
    found: list[Row] = []
    checked: list[dict[str, Any]] = []
    for case in cases:
        for task in TASKS:
            lines = measure_costs(case.graph(), case.measured, training=task == "train")
            rows = rows_of(case, task, lines, model, tuple(given.batch))
            found += rows
            print(*(" | ".join(row) for row in table_rows(rows)), sep="\n", flush=True)
            for batch in (b for b in given.validate if b * case.size**2 <= given.most_pixels):
                measured = validate(case, task, batch, given.turns, given.seconds)
                pair = {n: _seconds(rows, batch, n) for n in measured}
                checked.append(
                    {"case": case.name, "task": task, "batch": batch,
                     "measured": measured, "simulated": pair}
                )  # fmt: skip
                print(" | ".join(validated_rows(checked[-1:])[0]), flush=True)
    _write(given.out, given.picture, here, model, found, checked)


def _seconds(rows: list[Row], batch: int, threads: int) -> float:
    return next(r.found.seconds for r in rows if (r.batch, r.threads) == (batch, threads))


def validated_rows(checked: list[dict[str, Any]]) -> list[list[str]]:
    """A row for each comparison of simulated with measured times."""
    made = []
    for one in checked:
        simulated, measured = one["simulated"], one["measured"]
        gain, real = simulated[1] / simulated[2], measured[1] / measured[2]
        made.append([
            one["case"], one["task"], str(one["batch"]), f"{gain:.2f}", f"{real:.2f}",
            f"{gain / real - 1:+.0%}".replace("-", "−"), f"{simulated[1] / measured[1]:.2f}",
        ])  # fmt: skip
    return made


def _write(
    folder: Path,
    picture: Path,
    here: dict[str, str],
    model: MachineModel,
    found: list[Row],
    checked: list[dict[str, Any]],
) -> None:
    from benchmarks.scaling.picture import draw

    folder.mkdir(parents=True, exist_ok=True)
    here = {**here, "load in the minute before": f"{os.getloadavg()[0]:.1f}"}
    facts = [f"- {name}: {value}" for name, value in here.items()]
    facts += [f"- {line}" for line in model.lines()]
    table = tables.markdown(HEAD, table_rows(found))
    text = "\n".join(["# Scaling, simulated", "", *facts, "", table, ""])
    if checked:
        text += f"\n{tables.markdown(VALIDATED_HEAD, validated_rows(checked))}\n"
    (folder / "scaling.md").write_text(text, encoding="utf-8")
    values = {
        "machine": {"facts": here, "model": model.to_dict()},
        "rows": [asdict(replace(row, found=row.found.shortened())) for row in found],
        "validated": checked,
    }
    (folder / "scaling.json").write_text(
        json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    draw(found, picture)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Simulate compiled schedules on many threads.")
    names = list(dict.fromkeys(case.network for case in CASES))
    parser.add_argument("--network", nargs="+", choices=names, help="default: all")
    parser.add_argument("--batch", nargs="+", type=int, default=list(BATCHES))
    parser.add_argument("--validate", nargs="*", type=int, default=[1, 16, 64],
                        help="batches that are measured on one and two threads too")  # fmt: skip
    parser.add_argument("--most-pixels", type=int, default=1 << 20, help="of such a batch")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.2, help="of a turn, at least one run")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for what was found")
    parser.add_argument("--picture", type=Path, default=PICTURE, help="the file that is drawn")
    return parser.parse_args()


if __name__ == "__main__":
    main()
