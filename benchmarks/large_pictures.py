"""``python -m benchmarks.large_pictures``: memory of networks on pictures of 512×512 pixels.

What the plan of memory needs is read off it, for any batch; what processes hold at most is measured
for batches that a small machine has room for, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import machine, tables
from benchmarks.contenders import entry
from benchmarks.measure import ROOT, environment
from benchmarks.worker import peak_memory
from benchmarks.workloads import Workload

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS = Path(__file__).parent / "results"

NETWORK, SIDE, CLASSES = "photo128", 512, 10
BATCHES = (1, 4, 16, 64)
CONTENDERS = ("native", "pytorch", "pytorch-channels-last")
TASKS = ("train", "forward")
MB = 2**20


def workload(batch: int) -> Workload:
    """The network on a batch of large pictures."""
    return Workload(NETWORK, (SIDE, SIDE, 3), batch, CLASSES)


def planned(batch: int, task: str, threads: int) -> int:
    """Bytes of all buffers and weights of the compiled program."""
    from benchmarks.scaling.schedule import schedule_of
    from pellucid.engines.native.runtime.host.this_machine import host_target

    graph, target = workload(batch).graph, host_target(threads)
    return schedule_of(graph, target, batch, training=task == "train").arena


def held(contender: str, batch: int, task: str, threads: int) -> tuple[int, int]:
    """Bytes that a process holds when the network is loaded, and at most after two runs."""
    with tempfile.TemporaryDirectory() as files:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.large_pictures", "--one", contender, task,
             str(batch), str(threads)],
            stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT,
            env=environment(threads, Path(files), entry(contender).environment),
        )  # fmt: skip
    before, most = json.loads(done.stdout)
    return before, most


def run_one(contender: str, task: str, batch: int, threads: int) -> tuple[int, int]:
    """The same, in this process."""
    what, made = workload(batch), entry(contender).make()
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (batch, *what.input_shape), dtype=np.uint8)
    labels = random.integers(0, what.classes, batch)
    made.prepare(what, training=task == "train", threads=threads, weights=None)
    before = peak_memory()
    for _ in range(2):
        if task == "train":
            made.train_step(images, labels)
        else:
            made.forward(images)
    return before, peak_memory()


HEAD = ["", "batch", "plan, MB", "plan, MB an image", "process of native, MB", "pytorch, MB",
        "pytorch-channels-last, MB", "native ÷ least"]  # fmt: skip


def rows(found: Sequence[dict[str, Any]]) -> list[list[str]]:
    """A row for each task and batch."""
    made = []
    for one in found:
        peaks = [one["held"].get(who) for who in CONTENDERS]
        peers = [peak for peak in peaks[1:] if peak is not None]
        ratio = f"{peaks[0] / min(peers):.2f}" if peers and peaks[0] else tables.NOTHING
        plan = one["plan"] / MB
        made.append([
            "training" if one["task"] == "train" else "forward",
            str(one["batch"]), f"{plan:,.0f}", f"{plan / one['batch']:,.1f}",
            *(tables.NOTHING if peak is None else f"{peak / MB:,.0f}" for peak in peaks), ratio,
        ])  # fmt: skip
    return made


def main() -> None:
    """Plan, measure, print and write a table."""
    given = _parse()
    if given.one:
        contender, task, batch, threads = given.one
        json.dump(run_one(contender, task, int(batch), int(threads)), sys.stdout)
        return
    found = []
    for task in TASKS:
        for batch in BATCHES:
            measured = CONTENDERS if batch <= given.most else ()
            peaks = {who: held(who, batch, task, given.threads)[1] for who in measured}
            plan = planned(batch, task, given.threads)
            found.append({"task": task, "batch": batch, "plan": plan, "held": peaks})
            print(" | ".join(rows(found[-1:])[0]), flush=True)
    here = machine.describe()
    facts = "\n".join(f"- {name}: {value}" for name, value in here.items())
    title = f"# Memory of `{NETWORK}` at {SIDE}×{SIDE}, {given.threads} threads"
    text = f"{title}\n\n{facts}\n\n{tables.markdown(HEAD, rows(found))}\n"
    (given.out / "large-pictures.md").write_text(text, encoding="utf-8")
    values = {"machine": here, "threads": given.threads, "results": found}
    (given.out / "large-pictures.json").write_text(
        json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Memory of networks on large pictures.")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--most", type=int, default=16, help="largest batch that is measured")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for what was found")
    parser.add_argument(
        "--one", nargs=4, metavar=("CONTENDER", "TASK", "BATCH", "THREADS"), help="for processes"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
