"""What people see of a training: a bar on a terminal, and a line for every epoch everywhere."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from pellucid.training import Epoch, Progress, TrainingResult
from pellucid.training.progress import ProgressBar, epoch_line, step_line
from tests.training.scripted import Scripted

STEP = Progress(
    epoch=12, images=30_016, of=60_000, loss=0.12345, accuracy=0.98765, images_per_second=12345.6
)


def watched(
    console: Console, rows: list[Epoch], steps: list[Progress], closed: bool = True
) -> None:
    trained, program = TrainingResult(), Scripted([])
    with ProgressBar(20, console) as bar:
        for step in steps:
            bar.after_step(step)
            bar._bar.refresh()
        for row in rows:
            trained.add(row, {"w": np.zeros(1)})
            bar.after_epoch(trained, program)


def row(**changed: float) -> Epoch:
    values: dict[str, float | None] = {
        "loss": 0.25, "accuracy": 0.9, "validation_loss": 0.5, "validation_accuracy": 0.8765,
        "learning_rate": 0.1, "images_per_second": 1234.5, "seconds": 2.25, **changed,
    }  # fmt: skip
    return Epoch(epoch=1, **values)  # type: ignore[arg-type]


def test_where_nobody_watches_there_are_lines_only() -> None:
    file = io.StringIO()
    watched(Console(file=file, width=80), [row()], [STEP])
    assert file.getvalue() == (
        "epoch 1/20: loss 0.2500, accuracy 90.00%; validation loss 0.5000, accuracy 87.65%; "
        "1,234 images/s, 2.2 s\n"
    )


def test_without_validation() -> None:
    file = io.StringIO()
    unjudged = Epoch(1, 0.25, 0.9, None, None, 0.1, 999.9, 60.04)
    watched(Console(file=file), [unjudged], [])
    expected = "epoch 1/20: loss 0.2500, accuracy 90.00%; 1,000 images/s, 60.0 s\n"
    assert file.getvalue() == expected


def test_batches_that_were_left_out_are_reported() -> None:
    file = io.StringIO()
    watched(Console(file=file), [row(skipped_batches=1), row(skipped_batches=3, roll_backs=2)], [])
    first, second = file.getvalue().splitlines()
    assert first.endswith("s; 1 batch with an exploding loss left out")
    assert second.endswith(
        "; 3 batches with an exploding loss left out; "
        "learning rate halved 2 times: the loss exploded"
    )


def test_waiting_for_pictures_is_reported_where_it_costs() -> None:
    file = io.StringIO()
    watched(Console(file=file), [row(waited=0.11), row(waited=0.1125), row(waited=1.0)], [])
    first, second, third = file.getvalue().splitlines()
    assert first.endswith("; 1,234 images/s, 2.2 s")
    assert second.endswith("; 1,234 images/s, 2.2 s, waited 5% for pictures")
    assert third.endswith(" s, waited 44% for pictures")


def test_losses_of_a_run_that_diverges_stay_short() -> None:
    file = io.StringIO()
    watched(Console(file=file), [row(loss=2.8e32, validation_loss=12345.6)], [])
    assert "loss 2.80e+32, accuracy 90.00%; validation loss 1.23e+04, accuracy" in file.getvalue()


def test_on_a_terminal_the_bar_fits_80_columns() -> None:
    file = io.StringIO()
    console = Console(file=file, width=80, force_terminal=True, legacy_windows=False)
    watched(console, [row()], [STEP])
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", file.getvalue())
    lines = [line for line in re.split(r"[\r\n]+", text) if "images/s" in line]
    bars = [line for line in lines if line.startswith("epoch 12/20 ")]
    assert bars
    for bar in bars:
        assert "loss 0.123, accuracy 98.77%, 12,346 images/s" in bar
        assert re.search(r"(--:--|\d\d:\d\d)\s*$", bar), "the time left is cut off"
        assert cell_len(bar.rstrip()) <= 80
    assert any(line.startswith("epoch 1/20: loss 0.2500") for line in lines)


def test_speed_is_that_of_what_is_learned_from() -> None:
    assert "12,346 images/s" in step_line(STEP)
    assert "12,346 recordings/s" in step_line(STEP, "recording")
    assert "recordings/s" in epoch_line(row(), 3, "recording")


def test_the_bar_is_taken_away_once() -> None:
    file = io.StringIO()
    with ProgressBar(2, Console(file=file, width=80, force_terminal=True)) as bar:
        bar.after_step(STEP)
        bar.close()
        assert not bar._bar.live.is_started
        written = file.getvalue()
    assert file.getvalue() == written


def test_the_bar_ends_with_whatever_ends_the_training() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    bar = ProgressBar(2, console)
    with pytest.raises(KeyboardInterrupt), bar:
        raise KeyboardInterrupt
    assert not bar._bar.live.is_started
