"""Tables of made-up figures."""

from __future__ import annotations

import pytest
from benchmarks.contenders import CONTENDERS
from benchmarks.figures import Cold, Figures, Learned
from benchmarks.machine import Machine

from benchmarks import tables

MB = 2**20

OURS = Figures("native", [300.0, 200.0, 250.0], 100 * MB)
FIRST = Figures("pytorch", [100.0, 100.0, 100.0], 400 * MB)
LAST = Figures("pytorch-channels-last", [120.0, 160.0, 125.0], 250 * MB)


def test_training() -> None:
    rows = tables.training_rows("lenet5", [OURS, FIRST, LAST], flops=2_000_000_000, peak=1000.0)
    # turn by turn 300/120, 200/160 and 250/125: the median is 2
    assert rows[0] == ["lenet5", "native", "250", "40%", "2.00", "500", "50%", "100", "0.40"]
    assert rows[1][2:] == ["100", "0%", "0.80", "200", "20%", "400", "1.60"]
    assert rows[2][4] == "1.00"
    assert all(len(row) == len(tables.TRAINING_HEAD) for row in rows)


def test_without_peers_nothing_is_compared() -> None:
    (row,) = tables.training_rows("lenet5", [OURS], flops=1, peak=1.0)
    assert row[4] == row[8] == tables.NOTHING
    assert tables.latency_rows("lenet5", [OURS])[0][4] == tables.NOTHING


def test_forward_and_latency() -> None:
    rows = tables.forward_rows("lenet5", [OURS, FIRST, LAST], flops=4_000_000_000, peak=2000.0)
    assert rows[0] == ["lenet5", "native", "250", "40%", "2.00", "1000", "50%"]
    assert len(rows[0]) == len(tables.FORWARD_HEAD)
    rows = tables.latency_rows("lenet5", [OURS, FIRST, LAST])
    assert rows[0] == ["lenet5", "native", "4,000", "40%", "0.50"]
    assert len(rows[0]) == len(tables.LATENCY_HEAD)


def test_the_best_peer_is_the_best_of_all_modes() -> None:
    floats = Figures("onnxruntime-floats", [200.0, 200.0, 200.0], MB)
    other = Figures("openvino", [150.0, 150.0, 150.0], MB)
    rows = tables.forward_rows("lenet5", [OURS, LAST, floats, other], flops=1, peak=1.0)
    # turn by turn 300/200, 200/200 and 250/200
    assert [row[4] for row in rows] == ["1.25", "0.62", "1.00", "0.75"]


def test_every_mode_says_what_it_includes() -> None:
    assert all(entry.includes for entry in CONTENDERS.values())
    lines = tables.legend(["native", "onnxruntime-floats", "openvino"]).splitlines()
    assert [line.split("`")[1] for line in lines[:-1]] == [
        "native", "onnxruntime-floats", "openvino",
    ]  # fmt: skip
    assert "best peer" in lines[-1]
    assert len(tables.legend(["native"]).splitlines()) == 1


def test_starts() -> None:
    rows = tables.cold_rows(
        "lenet5",
        [Cold("native", [0.5, 0.4, 0.6], [0.1, 0.2, 0.3]), Cold("pytorch", [2.0], [1.0])],
    )
    assert rows[0] == ["lenet5", "native", "0.50", "40%", "0.20", "0.25"]
    assert len(rows[0]) == len(tables.COLD_HEAD)


def test_digits() -> None:
    ours = Learned("native", 1, [5.0, 4.0, 6.0], [0.9891, 0.9911, 0.9905], 300 * MB)
    theirs = Learned("pytorch-channels-last", 2, [40.0], [0.992], 800 * MB)
    never = Learned("reference", 4, [90.0], [0.98], 100 * MB)
    rows = tables.learned_rows([ours, theirs, never], goal=0.99)
    assert rows[0][1:] == ["native", "1", "99.05%", "5.0", "0.12", "300"]
    assert rows[1][5] == "1.00"
    assert rows[2][4] == "missed"
    assert len(rows[0]) == len(tables.LEARNED_HEAD)


def test_markdown() -> None:
    assert tables.markdown(["a", "b", "c"], [["x", "y", "1"], ["z", "w", "2"]]).splitlines() == [
        "| a | b | c |",
        "| --- | --- | ---: |",
        "| x | y | 1 |",
        "| z | w | 2 |",
    ]


@pytest.mark.parametrize(
    ("peaks", "line"),
    [
        ({1: 100.0, 2: 104.0}, "FMA peak, 2 threads: 104 GFLOP/s: 2 threads give ×1.04 of one"),
        ({1: 100.0}, "FMA peak, one thread: 100 GFLOP/s"),
    ],
)
def test_the_machine_says_what_a_second_thread_gives(peaks: dict[int, float], line: str) -> None:
    machine = Machine({"processor": "made up"}, 0.5, peaks, 90.0)
    assert line in machine.lines()
    assert machine.lines()[0] == "processor: made up"
    assert machine.peak == max(peaks.values())
