"""``python -m benchmarks.docs_tables``: write what was measured into README and the documentation.

A table stands between two comments, and no figure in it is typed by hand::

    <!-- benchmark: training -->
    …
    <!-- end of benchmark -->

What stands there is made of ``benchmarks/results/`` by one of :data:`TABLES`.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import tables
from benchmarks.contenders import entry
from benchmarks.figures import Figures
from benchmarks.workloads import WORKLOADS
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.workloads import Workload

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGES = tuple(
    ROOT / name
    for name in ("README.md", "docs/native-engine.md", "docs/memory.md", "docs/quantise.md")
)

PLACE = re.compile(r"(<!-- benchmark: ([\w-]+) -->\n).*?(<!-- end of benchmark -->)", re.DOTALL)

NAMES = {
    "lenet5": "LeNet-5, 28×28",
    "lecture28": "the lecture's network, 28×28",
    "lecture64": "the lecture's network, 64×64",
    "vggsmall": "a small VGG, 32×32",
    "resnet20": "ResNet-20, 32×32",
    "photo128": "photographs, 128×128",
    "efficientnet-lite0": "EfficientNet-Lite0, 224×224",
}
"""Workloads, for people."""

OWN = "native"

SPEEDS = ("train", "forward", "latency")
"""Tasks of which all contenders stand side by side."""


def rendered(text: str, results: Path = RESULTS) -> str:
    """A page with its tables made of results.

    Args:
        text: The page.
        results: The folder of what was measured.

    Raises:
        KeyError: If it asks for a table that there is none of.
    """
    return PLACE.sub(lambda m: f"{m[1]}{TABLES[m[2]](results)}\n{m[3]}", text)


def summary(results: Path) -> str:
    """Training beside the best of all others, for README."""
    found = _read(results, "train")
    rows = []
    for name, figures in _figures(found).items():
        own, best = _own(figures), tables.best_peer(figures)
        beside = [tables.NOTHING] * 3
        if best is not None:
            beside = [_count(best.median), f"`{best.contender}`", f"{own.times(best):.1f}"]
        rows.append([NAMES[name], _count(own.median), *beside])
    head = ["", "Pellucid", "best other", "which", "ratio"]
    return f"{_numbers_right(head, rows, text=(0, 3))}\n\n{_conditions(found)}"


def training(results: Path) -> str:
    """Images a second of all in training; share of the peak, memory."""
    found = _read(results, "train")
    figures = _figures(found)

    def memory(name: str) -> str:
        peers = [one.peak_memory for one in figures[name] if entry(one.contender).peer]
        own = _own(figures[name]).peak_memory
        return f"{own / min(peers):.2f}" if peers else tables.NOTHING

    more = {
        "native, of the peak": _shares(found, lambda workload: workload.training_flops),
        "native's memory ÷ least peer's": [memory(name) for name in figures],
    }
    return _beside(found, _rate, "native ÷ best peer", _times, more)


def forward(results: Path) -> str:
    """Images a second of all forward; share of the peak."""
    found = _read(results, "forward")
    shares = _shares(found, lambda workload: workload.forward_flops)
    return _beside(found, _rate, "native ÷ best peer", _times, {"native, of the peak": shares})


def latency(results: Path) -> str:
    """Microseconds of all for one image."""
    found = _read(results, "latency")
    return _beside(
        found, lambda one: _count(1e6 / one.median), "native's time ÷ best peer's",
        lambda own, best: f"{1 / own.times(best):.2f}", {}, what="µs an image",
    )  # fmt: skip


def int8(results: Path) -> str:
    """Whole numbers of 8 bits beside floats and beside the best of ONNX Runtime's; accuracy."""
    found = _read(results, "int8")
    rows = []
    for name, figures in _figures(found).items():
        each = {one.contender: one for one in figures}
        own, best = each["native-int8"], tables.best_peer([
            one for one in figures if "int8" in one.contender
        ])  # fmt: skip
        beside = [tables.NOTHING] * 2
        if best is not None:
            beside = [_count(best.median), f"{own.times(best):.2f}"]
        judged = {one["contender"]: one.get("accuracy") for one in found["results"][name]}
        before, after = judged.get(OWN), judged.get("native-int8")
        accuracy = [tables.NOTHING] * 2
        if before is not None and after is not None:
            accuracy = [f"{after:.2%}", f"{100 * (before - after):.2f}"]
        floats = each[OWN]
        rows.append([
            NAMES[name], _count(own.median), _count(floats.median), beside[0],
            f"{own.times(floats):.2f}", beside[1], *accuracy,
        ])  # fmt: skip
    head = [
        "", "Pellucid int8", "Pellucid float", "ONNX Runtime int8, its best mode", "int8 ÷ float",
        "int8 ÷ ONNX Runtime int8", "accuracy of int8", "points lost",
    ]  # fmt: skip
    return f"{_numbers_right(head, rows, text=(0,))}\n\n{_conditions(found)}"


def contenders(results: Path) -> str:
    """What is measured of each that took part."""
    every = [who for task in SPEEDS for who in _contenders(_read(results, task))]
    return tables.legend(list(dict.fromkeys(every)))


def as_it_is(
    name: str, number: int = 0, only: Callable[[list[str]], bool] = lambda _: True
) -> Callable[[Path], str]:
    """What makes a table that stands in a page as in its file of results.

    Args:
        name: Of the file, without its ending.
        number: Which of the file's tables, from 0.
        only: Whether a row is wanted, by its cells.
    """

    def table(results: Path) -> str:
        text = (results / f"{name}.md").read_text(encoding="utf-8")
        found = [part.splitlines() for part in text.split("\n\n") if part.startswith("|")]
        head, rule, *rows = found[number]
        return "\n".join([head, rule, *(row for row in rows if only(cells_of(row)))])

    return table


def cells_of(row: str) -> list[str]:
    """The cells of a table's row."""
    return [cell.strip() for cell in row.strip("|").split("|")]


def _batches_for_readers(cells: list[str]) -> bool:
    """Of the many rows on scaling: batches of 64, and answers for one image."""
    return cells[2] == "64" or cells[1:3] == ["forward", "1"]


TABLES: dict[str, Callable[[Path], str]] = {
    "summary": summary,
    "training": training,
    "forward": forward,
    "latency": latency,
    "contenders": contenders,
    "int8": int8,
    "digits": as_it_is("digits"),
    "ideas": as_it_is("ideas"),
    "winograd-accuracy": as_it_is("winograd-accuracy"),
    "scaling": as_it_is("scaling", only=_batches_for_readers),
    "large-pictures": as_it_is("large-pictures"),
    "command-memory": as_it_is("command-memory"),
}
"""What makes each table, of the folder of results."""


def _read(results: Path, task: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((results / f"{task}.json").read_text(encoding="utf-8"))
    return found


def _figures(found: dict[str, Any]) -> dict[str, list[Figures]]:
    """What was measured, by workload."""
    return {
        name: [Figures(one["contender"], one["speeds"], one["peak_memory"]) for one in each]
        for name, each in found["results"].items()
    }


def _own(figures: Sequence[Figures]) -> Figures:
    return next(one for one in figures if one.contender == OWN)


def _peak(found: dict[str, Any]) -> float:
    """GFLOP/s of the threads that were used."""
    return float(max(found["machine"]["peaks"].values()))


def _contenders(found: dict[str, Any]) -> list[str]:
    """All that took part, in their order."""
    every = [one["contender"] for each in found["results"].values() for one in each]
    return list(dict.fromkeys(every))


def _beside(
    found: dict[str, Any],
    cell: Callable[[Figures], str],
    compared: str,
    times: Callable[[Figures, Figures], str],
    more: dict[str, list[str]],
    what: str = "images/s",
) -> str:
    """A row for each contender, and rows that compare the package's own with the best peer.

    Args:
        found: What was measured.
        cell: A contender's figure on a workload.
        compared: What the comparison is called.
        times: The comparison of the package's figures with a peer's.
        more: Further rows, by what they are called.
        what: The unit.
    """
    figures = _figures(found)
    rows = []
    for who in _contenders(found):
        own = [[one for one in each if one.contender == who] for each in figures.values()]
        rows.append([f"`{who}`", *(cell(one[0]) if one else tables.NOTHING for one in own)])
    pairs = [(_own(each), tables.best_peer(each)) for each in figures.values()]
    rows.append([compared, *(times(a, b) if b else tables.NOTHING for a, b in pairs)])
    rows += [[name, *cells] for name, cells in more.items()]
    table = _numbers_right(["", *(f"`{name}`" for name in figures)], rows, text=(0,))
    return f"{table}\n\n{_conditions(found, what)}"


def _rate(one: Figures) -> str:
    return _count(one.median)


def _times(own: Figures, best: Figures) -> str:
    return f"{own.times(best):.2f}"


def _shares(found: dict[str, Any], flops: Callable[[Workload], int]) -> list[str]:
    """What share of the peak the package reaches on each workload."""
    speeds = {name: _own(figures).median for name, figures in _figures(found).items()}
    peak = 1e9 * _peak(found)
    return [f"{speed * flops(WORKLOADS[name]) / peak:.0%}" for name, speed in speeds.items()]


def _conditions(found: dict[str, Any], what: str = "images/s") -> str:
    """On what machine, with what, and how often it was measured; a sentence."""
    facts, load = found["machine"]["facts"], found["machine"]["load"]
    used = " ".join(who.partition("-")[0] for who in _contenders(found))
    packages = {
        "PyTorch": "pytorch", "ONNX Runtime": "onnxruntime", "OpenVINO": "openvino", "JAX": "jax",
        "Keras": "keras",
    }  # fmt: skip
    versions = [f"{name} {facts[name]}" for name, short in packages.items() if short in used]
    return (
        f"*{what}, {counted(found['threads'], 'thread')} of {facts['processor']} "
        f"({facts['vectors']}; "
        f"{_peak(found):.0f} GFLOP/s of multiply-adds at most; {load:.1f} other programs wanted to "
        f"run in the minute before); {', '.join(versions)}; medians of {found['turns']} turns of "
        f"{found['seconds']:g} s, taken in turn.*"
    )


def _numbers_right(head: Sequence[str], rows: Sequence[Sequence[str]], text: Sequence[int]) -> str:
    """A table whose columns stand to the right, some of text excepted."""
    rule = ["---" if column in text else "---:" for column in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _count(number: float) -> str:
    """With narrow spaces between thousands."""
    return f"{number:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def main() -> None:
    """Write the pages; with ``--check`` only report those that are behind the results."""
    behind = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        new = rendered(text)
        if new != text:
            behind.append(page.name)
            if "--check" not in sys.argv:
                page.write_text(new, encoding="utf-8")
    print(f"changed: {', '.join(behind)}" if behind else "all tables are those of the results")
    if behind and "--check" in sys.argv:
        sys.exit(1)


if __name__ == "__main__":
    main()
