"""``python -m benchmarks.command_memory``: the most memory that commands hold.

Each command runs in a process of its own, with an empty cache of code, on ``vgg-small`` and made
photographs: 40 to learn from and 40 to judge by, 20 to answer.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import machine, tables
from benchmarks.measure import ROOT, environment
from benchmarks.reading import Made, make_photographs

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS = Path(__file__).parent / "results"
SIDES = (128, 256, 512)
DETAIL = ((4, 60), (16, 30), (64, 12))
MB = 2**20

COMMANDS = {
    "`train --no-report` (batches of 16)": "train {data} -a vgg-small --epochs 1 --batch-size 16"
    " --image-size {side} --no-report --out {out}",
    "the report at its end, or `evaluate --out`": "evaluate {run} {data} --out {out}",
    "`evaluate`": "evaluate {run} {data}",
    "`compare`": "compare {run} {run} {data}",
    "`predict` (20 pictures)": "predict {run} {twenty}",
    "`find-rate`": "find-rate {data} -a vgg-small --batch-size 16 --image-size {side} --steps 20"
    " --seeds 2",
    "`surgery --data`": "surgery {run} --mute conv1:0 --data {data}",
    "`surgery`, one picture": "surgery {run} {one} --mute conv1:0",
    "`trace`": "trace {run} {one}",
    "`backward`": "backward {run} {one} --label cat",
    "`lecture`": "lecture {run} {one} --label cat",
    "`explain`: evidence": "explain {run} {one} --method evidence --out {out}.png",
    "`explain`: Grad-CAM": "explain {run} {one} --method grad-cam --out {out}.png",
    "`explain`: integrated gradients": "explain {run} {one} --method integrated-gradients"
    " --out {out}.png",
    "`explain`: SmoothGrad": "explain {run} {one} --method smoothgrad --out {out}.png",
    "`explain`: occlusion": "explain {run} {one} --method occlusion --out {out}.png",
    "`kernels`": "kernels {run} --out {out}.png",
    "`summary`": "summary {run}",
    "`check`": "check {data}",
}
"""What is measured, for people, and its words."""


def peak(words: Sequence[str], threads: int, files: Path) -> int:
    """The most bytes that a command holds.

    Args:
        words: After ``pellucid``.
        threads: That it may use.
        files: An empty folder, for what it keeps.

    Raises:
        RuntimeError: If it fails, with what it said.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.command_memory", "--one", *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
        env=environment(threads, files, {}),
    )  # fmt: skip
    text, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"pellucid {' '.join(words)}: exit code {process.returncode}\n{text}")
    return int(text.rsplit("\n", 2)[-2])


def run_one(words: Sequence[str]) -> None:
    """The same, in this process; what it held is the last line that it writes."""
    from benchmarks.worker import peak_memory
    from pellucid.cli import main as pellucid

    sys.argv = ["pellucid", *words]
    try:
        pellucid()
    except SystemExit as ended:
        if ended.code:
            raise
    print(f"\n{peak_memory()}", flush=True)


def measure(side: int, names: Sequence[str], threads: int, folder: Path) -> dict[str, int]:
    """Bytes of each command at one size of pictures."""
    data, run = folder / "data", folder / "run"
    make_photographs(data / "train", Made("photographs", 80, side, side, 90, DETAIL, side))
    for path in sorted(data.glob("train/*/*.jpg"))[::2]:
        judged = data / "test" / path.parent.name / path.name
        judged.parent.mkdir(parents=True, exist_ok=True)
        path.rename(judged)
    pictures = sorted(map(str, data.glob("test/cat/*.jpg")))
    where = {
        "data": str(data), "run": str(run), "one": pictures[0], "side": str(side),
        "twenty": "{twenty}",
    }  # fmt: skip
    found = {}
    first, *_ = COMMANDS
    for number, name in enumerate(dict.fromkeys([first, *names])):
        out = str(run if name == first else folder / f"out{number}")
        words = [word.format(**where, out=out) for word in COMMANDS[name].split()]
        if "{twenty}" in words:
            words[words.index("{twenty}") :] = pictures[:20]
        files = folder / f"files{number}"
        files.mkdir()
        most = peak(words, threads, files)
        print(f"{side}: {name} {most / MB:,.0f} MB", file=sys.stderr, flush=True)
        if name in names:
            found[name] = most
    return found


def table(found: dict[str, dict[str, int]]) -> str:
    """A row for each command, a column for each size."""
    rows = [
        [name, *(f"{found[side][name] / MB:,.0f}" if name in found[side] else tables.NOTHING
                 for side in found)]
        for name in COMMANDS
    ]  # fmt: skip
    return tables.markdown(["command", *(f"{side}×{side}" for side in found)], rows, texts=1)


def main() -> None:
    """Measure, print and write a table."""
    given = _parse()
    if given.one:
        run_one(given.one)
        return
    here, found = machine.describe(), {}
    for side in given.side:
        with tempfile.TemporaryDirectory() as folder:
            found[str(side)] = measure(side, list(COMMANDS), given.threads, Path(folder))
    print(table(found))
    write(given.out, here, given.threads, found)


def write(
    folder: Path, here: dict[str, Any], threads: int, found: dict[str, dict[str, int]]
) -> None:
    """Write what was found as a table and as numbers."""
    facts = "\n".join(f"- {name}: {value}" for name, value in here.items())
    text = f"# Memory of commands, MB, {threads} threads\n\n{facts}\n\n{table(found)}\n"
    (folder / "command-memory.md").write_text(text, encoding="utf-8")
    values = {"machine": here, "threads": threads, "results": found}
    (folder / "command-memory.json").write_text(
        json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Memory of commands on pictures.")
    parser.add_argument("--side", nargs="+", type=int, default=SIDES)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for what was found")
    parser.add_argument("--one", nargs=argparse.REMAINDER, help="for processes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
