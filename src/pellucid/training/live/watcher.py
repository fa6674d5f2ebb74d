"""A training's side of ``RUN/live``: what it writes there while it runs."""

from __future__ import annotations

import os
import platform
import time
import warnings
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.errors import PellucidError
from pellucid.files import write_file
from pellucid.text import printable, truncated
from pellucid.training.live.formats import LIVE, NETWORK, PROGRESS, STEPS, LiveProgress
from pellucid.training.live.place import clear_live, open_live
from pellucid.training.live.readers import read_progress
from pellucid.training.live.step_log import StepLog
from pellucid.training.result import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pellucid.training.live.formats import Ended
    from pellucid.training.result import Underway

SECONDS = 0.5
"""Between two writings of ``progress.json``, at least."""


class LiveWarning(UserWarning):
    """Something of ``RUN/live`` cannot be written or read; the training goes on without it."""


class Live:
    """Writes how a training goes into its run's ``live``.

    Nothing that fails here ends the training: it is reported once, by a :class:`LiveWarning`.

    Args:
        run: The run's folder.
        resumed: Whether the training goes on; else what is there of an earlier one is removed.
        writes: Whether there is anything to watch; else only that is removed.
    """

    def __init__(self, run: Path, *, resumed: bool, writes: bool = True) -> None:
        self._path = run / LIVE
        self._reported = False
        self._next = 0.0
        self._epochs = 0
        self._latest = Progress(1, 0, 0, 0.0, None, 0.0)
        self._open, self._number = False, 0
        with self._harmless():
            if not (resumed and writes):
                clear_live(run)
            if writes:
                self._path = open_live(run)
                self._number = _number(run)
                self._open = True
        self._steps = StepLog(self._path / STEPS)

    def describe(self, network: bytes) -> None:
        """Keep what the training's network is, see :mod:`pellucid.training.network_file`."""
        if self._open:
            with self._harmless():
                write_file(self._path / NETWORK, network, sync=False)

    def begin(self, underway: Underway) -> None:
        """Training begins, or has gone back to an earlier step."""
        self._epochs, self._latest = underway.epochs, underway.progress
        if self._open:
            with self._harmless():
                if not underway.progress.doing:
                    self._steps.begin(underway.progress)
                self._write()

    def after_step(self, progress: Progress) -> None:
        """A step was taken, or some pictures were looked at."""
        self._latest = progress
        if not self._open:
            return
        now = time.perf_counter()
        with self._harmless():
            if not progress.doing:
                self._steps.add(progress, now)
            if now >= self._next:
                self._write()

    def after_epoch(self) -> None:
        """An epoch was learned and judged."""
        if self._open:
            with self._harmless():
                self._write()

    def end(self, how: Ended) -> None:
        """The training is over; a second time it does nothing."""
        if self._open:
            with self._harmless():
                self._latest = replace(self._latest, doing="")
                self._steps.flush()
                self._write(how)
        self._open = False

    def _write(self, ended: Ended | None = None) -> None:
        latest = self._latest
        self._number += 1
        found = LiveProgress(
            epoch=latest.epoch,
            epochs=self._epochs,
            images=latest.images,
            of=latest.of,
            loss=latest.loss,
            accuracy=latest.accuracy,
            images_per_second=latest.images_per_second,
            rate=latest.rate,
            rate_factor=latest.rate_factor,
            paused=False,
            doing=latest.doing,
            step=latest.step,
            number=self._number,
            pid=os.getpid(),
            host=platform.node(),
            control=0,
            ended=ended or "",
        )
        write_file(self._path / PROGRESS, found.to_bytes(), sync=False)
        self._next = time.perf_counter() + SECONDS

    @contextmanager
    def _harmless(self) -> Iterator[None]:
        """Report what fails, once, and go on."""
        try:
            yield
        except (PellucidError, OSError, ValueError) as error:
            if not self._reported:
                self._reported = True
                warnings.warn(
                    f"{printable(self._path)}: cannot be written, so that the training cannot be "
                    f"watched; it goes on ({truncated(str(error), 200)})",
                    LiveWarning,
                    stacklevel=2,
                )


def _number(run: Path) -> int:
    """The number of the last progress that was written there."""
    try:
        found = read_progress(run)
    except PellucidError:
        return 0
    return 0 if found is None else found.number
