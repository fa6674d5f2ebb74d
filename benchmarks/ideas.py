"""``python -m benchmarks.ideas``: what each idea of the native engine brings, by leaving it out."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine, tables
from benchmarks.measure import measure
from benchmarks.workloads import WORKLOADS

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Idea:
    """Something that makes the engine fast or small.

    Attributes:
        name: For people.
        contender: The engine without it.
        tasks: Where it matters.
    """

    name: str
    contender: str
    tasks: tuple[str, ...]


IDEAS = (
    Idea("tiles: 6 × 2 vectors of sums, not 1", "Tiles", ("train", "forward")),
    Idea("tiles two vectors wide, not one", "WideTiles", ("train", "forward")),
    Idea("Winograd's algorithm", "Winograd", ("train", "forward")),
    Idea("fusion", "Fusion", ("train", "forward")),
    Idea("weights stay in the kernels' order", "Layout", ("train",)),
    Idea("bytes go in, not floats", "Bytes", ("train", "forward")),
    Idea("few channels: columns and taps share the lanes", "FewChannels", ("train", "forward")),
    Idea("what bottlenecks widen to stays in the caches", "Bands", ("forward",)),
    Idea("half vectors where filters fill no more", "HalfVectors", ("train", "forward")),
    Idea("batch norms folded", "Folding", ("forward",)),
    Idea("a single image cut for all threads", "Single", ("latency",)),
    Idea("buffers share memory", "Sharing", ("train",)),
)
"""Threads are left out by giving the engine one."""

THREADS = "two threads, not one"


def main() -> None:
    """Measure, print and write a table."""
    given = _parse()
    here = machine.examine(given.threads)
    print("\n".join(f"- {line}" for line in here.lines()), flush=True)
    head = ["task", "idea", *given.workload]
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as files:
        for task in given.task:
            for row in _rows(task, given, Path(files)):
                rows.append([task, *row])
                print(" | ".join(rows[-1]), flush=True)
    table = tables.markdown(head, rows)
    facts = "\n".join(f"- {line}" for line in here.lines())
    text = (
        f"# What each idea brings\n\n{facts}\n- {given.turns} turns of {given.seconds:g} s; "
        "speed with the idea ÷ speed without it, median over turns; "
        "where it saves memory, that without ÷ with\n"
    )
    (given.out / "ideas.md").write_text(f"{text}\n{table}\n", encoding="utf-8")


def _rows(task: str, given: argparse.Namespace, files: Path) -> list[list[str]]:
    """A row for each idea that matters for a task."""
    ideas = [idea for idea in IDEAS if task in idea.tasks]
    contenders = ["native", *(f"benchmarks.contenders.without:{i.contender}" for i in ideas)]
    cells: dict[str, list[str]] = {}
    for workload in given.workload:
        settings = {"turns": given.turns, "seconds": given.seconds, "files": files}
        # Who comes first compiles, and needs memory for it; the others find it in the cache.
        measure(["native"], workload, task, threads=given.threads, **{**settings, "turns": 1})
        whole, *without = measure(contenders, workload, task, threads=given.threads, **settings)
        for idea, figures in zip(ideas, without, strict=True):
            cell = f"{whole.times(figures):.2f}"
            if idea.contender == "Sharing":
                cell += f" ({figures.peak_memory / whole.peak_memory:.2f} memory)"
            cells.setdefault(idea.name, []).append(cell)
        if task != "latency":
            (one,) = measure(["native"], workload, task, threads=1, **settings)
            ratio = whole.median / statistics.median(one.speeds)
            cells.setdefault(THREADS, []).append(f"{ratio:.2f}")
    return [[name, *row] for name, row in cells.items()]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--task", nargs="+", choices=("train", "forward", "latency"),
        default=["train", "forward", "latency"],
    )  # fmt: skip
    parser.add_argument("--workload", nargs="+", choices=list(WORKLOADS), default=list(WORKLOADS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.6)
    parser.add_argument("--out", type=Path, default=RESULTS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
