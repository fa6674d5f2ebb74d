"""Contenders run in processes of their own, and take turns."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest
from benchmarks.contenders import CONTENDERS, entry
from benchmarks.measure import ROOT, ContenderError, Worker, measure, measure_starts

from tests.benchmarks.fake import NOTES

if TYPE_CHECKING:
    from pathlib import Path

FAKE, OTHER, BROKEN = (f"tests.benchmarks.fake:{name}" for name in ("Fake", "Other", "Broken"))


def notes(folder: Path) -> list[tuple[int, Any]]:
    """What fakes were asked for: the process, and what."""
    return [tuple(json.loads(line)) for line in (folder / NOTES).read_text().splitlines()]


def test_turns_are_measured_in_one_process(tmp_path: Path) -> None:
    (figures,) = measure(
        [FAKE], "lenet5", "train", threads=3, turns=4, seconds=0.02, files=tmp_path
    )
    assert len(figures.speeds) == 4
    assert min(figures.speeds) > 0
    assert figures.peak_memory > 2**20
    printed = notes(tmp_path)
    assert len({process for process, _ in printed}) == 1
    assert printed[0][1] == ["lenet5", True, 3, "3", True]
    assert {json.dumps(what) for _, what in printed[1:]} == {
        json.dumps(["train", [128, 28, 28, 1], "uint8", [128]])
    }


def test_latency_is_of_one_picture(tmp_path: Path) -> None:
    measure([FAKE], "resnet20", "latency", threads=1, turns=1, seconds=0.01, files=tmp_path)
    prepared, *runs = [what for _, what in notes(tmp_path)]
    assert prepared == ["resnet20", False, 1, "1", True]
    assert all(run == ["forward", [1, 32, 32, 3], "uint8"] for run in runs)


def test_contenders_take_turns(tmp_path: Path) -> None:
    measure([FAKE, OTHER], "lenet5", "forward", threads=1, turns=3, seconds=0.01, files=tmp_path)
    processes = [process for process, what in notes(tmp_path) if what[0] == "forward"]
    first, second = dict.fromkeys(processes)
    # Both run once to be ready, then three times each.
    assert [process for process, _ in groupby(processes)] == [first, second] * 4


def test_starts_are_counted_but_the_first(tmp_path: Path) -> None:
    (starts,) = measure_starts([FAKE], "lenet5", "cold-train", threads=1, turns=2, files=tmp_path)
    assert len(starts.seconds) == len(starts.preparing) == 2
    assert all(0 <= p < s for p, s in zip(starts.preparing, starts.seconds, strict=True))
    printed = notes(tmp_path)
    assert len({process for process, _ in printed}) == 3
    assert [what[0] for _, what in printed] == ["lenet5", "train"] * 3


def test_a_contender_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContenderError, match="Broken on lenet5, forward: ended with exit code 3"):
        Worker(BROKEN, "lenet5", "forward", 1, tmp_path)


def test_memory_is_not_the_parents(tmp_path: Path) -> None:
    """A process starts with its parent's peak, as getrusage counts; this one must not."""
    code = (
        "import sys; sys.path[:0] = ['src', '.']\n"
        "import numpy as np; from pathlib import Path\n"
        "from benchmarks.measure import measure\n"
        "ballast = np.ones(2**27, np.uint8)\n"
        f"(f,) = measure([{FAKE!r}], 'lenet5', 'train', threads=1, turns=1, seconds=0.01, "
        f"files=Path({str(tmp_path)!r}))\n"
        "print(f.peak_memory)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert int(done.stdout) < 2**27


def test_only_who_can_is_asked() -> None:
    assert entry(FAKE).target == FAKE
    trains = {name for name, one in CONTENDERS.items() if one.can("train")}
    assert {"native", "pytorch", "pytorch-channels-last"} <= trains
    assert not any("onnx" in name for name in trains)
    assert not CONTENDERS["native-uncached"].can("train")
    assert CONTENDERS["native-uncached"].can("cold-train")


def test_the_command_measures_and_writes_it_down(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable, "-m", "benchmarks", "--task", "train", "latency",
            "--workload", "lenet5", "--contender", "native", "--turns", "1", "--seconds", "0.05",
            "--threads", "1", "--out", str(tmp_path),
        ],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert "checked against the reference engine: native" in done.stdout
    assert "FMA peak, one thread" in done.stdout
    for task in ("train", "latency"):
        table = (tmp_path / f"{task}.md").read_text(encoding="utf-8")
        assert "| lenet5 | native |" in table
        assert "| lenet5 | native |" in done.stdout
        report = json.loads((tmp_path / f"{task}.json").read_text(encoding="utf-8"))
        (figures,) = report["results"]["lenet5"]
        assert figures["contender"] == "native"
        assert report["machine"]["peaks"]["1"] > 0
