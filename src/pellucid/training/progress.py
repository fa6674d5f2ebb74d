"""A progress bar for people: images/s, loss and accuracy; silent where nobody watches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pellucid.text import counted
from pellucid.training.history import accuracy_of, judged_by, learned_by

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console

    from pellucid.engines import Program
    from pellucid.training.history import Epoch
    from pellucid.training.result import Progress, TrainingResult


PICTURE = "picture"

WAITED_TOLD = 0.05
"""From this share of an epoch on, it is reported how long steps waited for their pictures."""


class ProgressBar:
    """A watcher that draws; use it as a context manager.

    On a terminal it shows a moving bar. Whether or not, it prints a line for every finished epoch.

    Args:
        epochs: How many there will be.
        console: Where to print.
        noun: What is learned from: ``"picture"`` or ``"recording"``.

    Attributes:
        console: Where to print.
    """

    def __init__(self, epochs: int, console: Console, noun: str = PICTURE) -> None:
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._epochs = epochs
        self.console, self._noun = console, noun
        # Less than 80 characters wide, so that nothing is cut off on a terminal of 80.
        self._bar = Bar(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(bar_width=12),
            TextColumn("{task.fields[numbers]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", epoch=1, epochs=epochs, numbers="", total=None)

    def __enter__(self) -> Self:
        if not self._bar.disable:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take the bar away; a second time it does nothing."""
        if not self._bar.disable:  # some versions of Rich end also what they never began
            self._bar.stop()
            self._bar.disable = True

    def after_step(self, progress: Progress) -> None:
        """Move the bar by a step."""
        self._bar.update(
            self._task,
            completed=progress.images,
            total=progress.of,
            epoch=progress.epoch,
            numbers=step_line(progress, self._noun),
        )

    def after_epoch(self, trained: TrainingResult, program: Program) -> None:
        """Print the epoch's line."""
        line = epoch_line(trained.history[-1], self._epochs, self._noun)
        self.console.print(line, highlight=False, soft_wrap=True)


def step_line(progress: Progress, noun: str = PICTURE) -> str:
    """Loss and accuracy of an epoch so far, or what is done instead; and its speed."""
    speed = _speed(progress.images_per_second, noun)
    if progress.doing:
        return f"{progress.doing}, {speed}"
    return f"loss {_short(progress.loss, 3)}{accuracy_of(progress.accuracy)}, {speed}"


def _speed(examples_per_second: float, noun: str) -> str:
    """How fast it goes."""
    return f"{examples_per_second:,.0f} {speed_unit(noun)}"


def speed_unit(noun: str = PICTURE) -> str:
    """What is learned in a second: pictures are called images there, as everywhere in the field."""
    return f"{'image' if noun == PICTURE else noun}s/s"


def epoch_line(row: Epoch, epochs: int, noun: str = PICTURE) -> str:
    """What an epoch brought, in one line.

    Args:
        row: The epoch.
        epochs: How many there will be.
        noun: What is learned from.
    """
    line = f"epoch {row.epoch}/{epochs}: loss {_short(row.loss)}{learned_by(row)}"
    if row.validation_loss is not None:
        line += f"; validation loss {_short(row.validation_loss)}{judged_by(row)}"
    line += f"; {_speed(row.images_per_second, noun)}, {row.seconds:.1f} s"
    if row.waited and row.waited >= WAITED_TOLD * row.seconds:
        line += f", waited {row.waited / row.seconds:.0%} for {noun}s"
    if row.skipped_batches:
        line += f"; {counted(row.skipped_batches, 'batch')} with an exploding loss left out"
    if row.roll_backs:
        line += f"; learning rate halved {counted(row.roll_backs, 'time')}: the loss exploded"
    return line


def _short(loss: float, decimals: int = 4) -> str:
    """A loss in few characters, however large a too high learning rate makes it."""
    return f"{loss:.{decimals}f}" if loss < 1e4 else f"{loss:.2e}"
