"""``steps.csv``: rows are means of the steps that they stand for, and the file stays small."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.training.live import StepRow, StepsTail, read_steps
from pellucid.training.live.readers import HEAD
from pellucid.training.live.step_log import StepLog, merged
from pellucid.training.result import Progress

if TYPE_CHECKING:
    from pathlib import Path

BATCH, STEPS = 4, 5
OF = BATCH * STEPS


class Made:
    """A training with losses, hits and seconds that are known step by step."""

    def __init__(self, epochs: int) -> None:
        random = np.random.default_rng(3)
        self.losses = random.uniform(0.1, 5.0, epochs * STEPS)
        self.hits = random.integers(0, BATCH + 1, epochs * STEPS)
        self.seconds = random.uniform(0.01, 0.1, epochs * STEPS)

    def at(self, step: int, *, start: bool = False) -> Progress:
        """What is notified after a step, from 1; or where training starts behind one."""
        epoch = (step if start else step - 1) // STEPS
        part = slice(epoch * STEPS, step)
        images = BATCH * (step - epoch * STEPS)
        if not images:
            return Progress(epoch + 1, 0, OF, 0.0, 0.0, 0.0, step=step)
        return Progress(
            epoch + 1, images, OF, float(self.losses[part].mean()),
            float(self.hits[part].sum()) / images, images / float(self.seconds[part].sum()),
            step=step, rate=step / 1000,
        )  # fmt: skip

    def row(self, first: int, last: int) -> StepRow:
        """The row of the steps behind one up to another."""
        part, images = slice(first, last), BATCH * (last - first)
        return StepRow(
            last, (last - 1) // STEPS + 1, float(self.losses[part].mean()),
            float(self.hits[part].sum()) / images, last / 1000,
            images / float(self.seconds[part].sum()),
        )  # fmt: skip


def log(run: Path, seconds: float = 1.0, most: int = 1000) -> StepLog:
    (run / "live").mkdir(exist_ok=True)
    return StepLog(run / "live" / "steps.csv", seconds=seconds, most=most)


def check(found: list[StepRow], expected: list[StepRow]) -> None:
    assert [row.step for row in found] == [row.step for row in expected]
    for one, other in zip(found, expected, strict=True):
        assert vars(one) == pytest.approx(vars(other), rel=2e-6, abs=1e-9)


def test_rows_are_means_of_the_steps_since_the_row_before(tmp_path: Path) -> None:
    made, steps = Made(4), log(tmp_path)
    steps.begin(made.at(0, start=True))
    # the first at once; then one a second, each with three steps, across the ends of epochs
    for step in range(1, 4 * STEPS + 1):
        steps.add(made.at(step), now=100.0 + (step - 1) / 3)
    ends = [0, 1, 4, 7, 10, 13, 16, 19]
    rows = [made.row(*pair) for pair in itertools.pairwise(ends)]
    check(read_steps(tmp_path), rows)
    steps.flush()
    check(read_steps(tmp_path), [*rows, made.row(19, 20)])
    steps.flush()
    assert len(read_steps(tmp_path)) == 8
    text = (tmp_path / "live" / "steps.csv").read_text()
    assert text.startswith("step,epoch,loss,accuracy,rate,images_per_second\n")


def test_without_accuracies(tmp_path: Path) -> None:
    steps = log(tmp_path)
    steps.begin(Progress(1, 0, 8, 0.0, None, 0.0))
    steps.add(Progress(1, 4, 8, 2.0, None, 10.0, step=1, rate=0.5), 0.0)
    steps.add(Progress(1, 8, 8, 3.0, None, 10.0, step=2, rate=0.5), 5.0)
    assert [row.loss for row in read_steps(tmp_path)] == [2.0, 4.0]
    assert [row.accuracy for row in read_steps(tmp_path)] == [None, None]


@pytest.mark.parametrize("start", [7, 10])
def test_where_training_goes_on_later_rows_are_dropped(tmp_path: Path, start: int) -> None:
    """After a crash the state may be older than the last row; nothing is counted twice."""
    made = Made(4)
    before = log(tmp_path)
    before.begin(made.at(0, start=True))
    for step in range(1, 13):
        before.add(made.at(step), now=float(step))
    after = log(tmp_path)
    after.begin(made.at(start, start=True))
    check(read_steps(tmp_path), [made.row(step - 1, step) for step in range(1, start + 1)])
    for step in range(start + 1, 15):
        after.add(made.at(step), now=float(step))
    check(read_steps(tmp_path), [made.row(step - 1, step) for step in range(1, 15)])


def test_a_line_that_was_cut_off_by_a_crash(tmp_path: Path) -> None:
    made, file = Made(1), tmp_path / "live" / "steps.csv"
    steps = log(tmp_path)
    steps.begin(made.at(0, start=True))
    steps.add(made.at(1), 0.0)
    file.write_text(file.read_text() + "2,1,0.5")
    assert [row.step for row in read_steps(tmp_path)] == [1]
    steps = log(tmp_path)
    steps.begin(made.at(1))
    steps.add(made.at(2), 1.0)
    assert [row.step for row in read_steps(tmp_path)] == [1, 2]


def test_lines_of_others_are_no_rows(tmp_path: Path) -> None:
    log(tmp_path)
    lines = [
        HEAD, "1,1,0.5,,0.1,10\n", "x,1,0.5,,0.1,10\n", "2,1,nan,,0.1,10\n", "2,1\n", "\n",
        "3,1,0.25,0.5,0.1,20\n",
    ]  # fmt: skip
    (tmp_path / "live" / "steps.csv").write_text("".join(lines))
    assert read_steps(tmp_path) == [
        StepRow(1, 1, 0.5, None, 0.1, 10.0),
        StepRow(3, 1, 0.25, 0.5, 0.1, 20.0),
    ]


def test_the_file_is_bounded_and_its_means_stay(tmp_path: Path) -> None:
    made, steps = Made(40), log(tmp_path, seconds=1.0, most=20)
    steps.begin(made.at(0, start=True))
    most = 0
    for step in range(1, 40 * STEPS + 1):
        steps.add(made.at(step), now=float(step))
        most = max(most, len(read_steps(tmp_path)))
    steps.flush()
    rows = read_steps(tmp_path)
    assert most == 20
    assert rows[-1].step == 40 * STEPS
    widths = np.diff([0, *(row.step for row in rows)])
    assert widths.sum() == 40 * STEPS
    mean = sum(row.loss * width for row, width in zip(rows, widths, strict=True)) / widths.sum()
    assert mean == pytest.approx(made.losses.mean(), rel=1e-5)
    assert widths.max() <= 4 * widths[:-1].min()  # thinned evenly


def test_merged_rows() -> None:
    rows = [
        StepRow(1, 1, 2.0, 0.5, 0.1, 10.0),
        StepRow(4, 1, 4.0, 1.0, 0.2, 20.0),
        StepRow(6, 2, 1.0, None, 0.3, 30.0),
    ]
    assert merged(rows) == [StepRow(4, 1, 3.5, 0.875, 0.2, 17.5), StepRow(6, 2, 1.0, None, 0.3, 30)]


def test_a_tail_reads_what_is_new(tmp_path: Path) -> None:
    tail = StepsTail(tmp_path)
    assert tail.read() == ([], False)
    made, steps = Made(4), log(tmp_path, most=8)
    file = tmp_path / "live" / "steps.csv"
    steps.begin(made.at(0, start=True))
    assert tail.read() == ([], False)
    for step in range(1, 6):
        steps.add(made.at(step), now=float(step))
    rows, again = tail.read()
    assert ([row.step for row in rows], again) == ([1, 2, 3, 4, 5], False)
    assert tail.read() == ([], False)
    line = made.row(5, 6).to_line()
    with file.open("a") as stream:
        stream.write(line[:5])
    assert tail.read() == ([], False)
    with file.open("a") as stream:
        stream.write(line[5:])
    rows, again = tail.read()
    assert ([row.step for row in rows], again) == ([6], False)
    steps.begin(made.at(2))  # training went back
    steps.add(made.at(3), now=10.0)
    rows, again = tail.read()
    assert ([row.step for row in rows], again) == ([1, 2, 3], True)
    for step in range(4, 10):
        steps.add(made.at(step), now=10.0 + step)
    rows, again = tail.read()
    assert ([row.step for row in rows], again) == ([2, 4, 6, 8, 9], True)  # thinned
    file.unlink()
    assert tail.read() == ([], True)
    assert tail.read() == ([], False)
