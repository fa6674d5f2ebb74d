"""Whether and how fit shows its progress by itself: on a terminal, in a notebook, else nowhere."""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

from pellucid.text import counted
from pellucid.training.progress import PICTURE, ProgressBar, epoch_line, step_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines import Program
    from pellucid.training.result import Progress, TrainingResult, Watcher

LINES = 20
"""Finished epochs that a notebook shows, the last ones."""

SECONDS = 0.25
"""Between two updates in a notebook, at least."""


def progress_watcher(
    verbose: int | None, epochs: int, watchers: Sequence[Watcher], noun: str = PICTURE
) -> AbstractContextManager[Watcher | None]:
    """Return what shows the progress of a training, as a context; None where nothing does.

    Nothing is shown in worker processes and threads, nor beside a progress bar of the caller's.

    Args:
        verbose: 0: show nothing. None: show it on a terminal (standard error) and in notebooks. 1
            or more: print a line an epoch also where there is no terminal.
        epochs: How many epochs there will be at most.
        watchers: The caller's.
        noun: What is learned from: ``"picture"`` or ``"recording"``.
    """
    shown_already = any(isinstance(watcher, ProgressBar) for watcher in watchers)
    if verbose == 0 or shown_already or in_worker() or sys.stderr is None:
        return nullcontext()
    if in_notebook():
        return NotebookProgress(epochs, noun)
    if verbose is None and not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    console = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
    return ProgressBar(epochs, console, noun)


def in_worker() -> bool:
    """Whether this is a process that another one started to share its work, or a second thread."""
    return (
        multiprocessing.parent_process() is not None
        or multiprocessing.current_process().name != "MainProcess"
        or threading.current_thread() is not threading.main_thread()
    )


def in_notebook() -> bool:
    """Whether a Jupyter kernel runs this code; IPython in a terminal is none."""
    interactive = sys.modules.get("IPython")
    shell = None if interactive is None else interactive.get_ipython()
    return getattr(shell, "kernel", None) is not None


class NotebookProgress:
    """Shows the last epochs and where the current one is, as text that is replaced in place.

    Args:
        epochs: How many there will be at most.
        noun: What is learned from.
    """

    def __init__(self, epochs: int, noun: str = PICTURE) -> None:
        self._epochs, self._noun = epochs, noun
        self._lines: list[str] = []
        self._display: Any = None
        self._last = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._show()

    def after_step(self, progress: Progress) -> None:
        """Show how far the epoch is, now and then."""
        if time.monotonic() - self._last >= SECONDS:
            self._show(f"epoch {progress.epoch}/{self._epochs}: {step_line(progress, self._noun)}")

    def after_epoch(self, trained: TrainingResult, program: Program) -> None:
        """Add the epoch's line."""
        self._lines.append(epoch_line(trained.history[-1], self._epochs, self._noun))
        self._show()

    def _show(self, current: str = "") -> None:
        hidden = len(self._lines) - LINES
        lines = [f"({counted(hidden, 'epoch')} before)"] if hidden > 0 else []
        text = "\n".join([*lines, *self._lines[-LINES:], *([current] if current else [])])
        data = {"text/plain": text}
        if self._display is None:
            self._display = import_module("IPython.display").display(
                data, raw=True, display_id=True
            )
        else:
            self._display.update(data, raw=True)
        self._last = time.monotonic()
