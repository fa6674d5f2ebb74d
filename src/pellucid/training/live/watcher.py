"""A training's side of ``RUN/live``: what it writes there while it runs, and what it is asked."""

from __future__ import annotations

import os
import platform
import signal
import time
import warnings
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.errors import PellucidError
from pellucid.files import write_file
from pellucid.text import printable, truncated
from pellucid.training.live.formats import (
    LIVE,
    NETWORK,
    PROGRESS,
    STEPS,
    WEIGHTS,
    Control,
    LiveProgress,
    Wanted,
)
from pellucid.training.live.inbox import Inbox
from pellucid.training.live.place import clear_live, open_live
from pellucid.training.live.readers import read_progress
from pellucid.training.live.snapshots import Snapshots
from pellucid.training.live.step_log import StepLog
from pellucid.training.result import Progress

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from pellucid.training.live.formats import Ended
    from pellucid.training.result import Underway

SECONDS = 0.5
"""Between two writings of ``progress.json``, at least."""

SHARE = 0.0025
"""Of the time that goes into writing it, at most; as much again goes into ``steps.csv``."""

CHECK = 0.05
"""Seconds between two steps after which it is looked whether anything is to be written."""

LOOK = 0.25
"""Seconds between two looks for what is asked, at least."""


class LiveWarning(UserWarning):
    """Something of ``RUN/live`` cannot be written or read; the training goes on without it."""


class Live:
    """Writes how a training goes into its run's ``live``, and reads there what it is asked.

    Nothing that fails here ends the training: it is reported once, by a :class:`LiveWarning`.

    Args:
        run: The run's folder.
        names: Of the weights of the network that answers.
        resumed: Whether the training goes on; else what is there of an earlier one is removed.
        writes: Whether there is anything to watch; else only that is removed.

    Attributes:
        code: What the process is to end with, 0 while it was not asked to stop.
        pausing: Whether it was asked to wait, and does not yet.
    """

    def __init__(
        self,
        run: Path,
        names: Collection[str],
        *,
        resumed: bool,
        writes: bool = True,
    ) -> None:
        self._path = run / LIVE
        self._reported: set[str] = set()
        self._latest, self._epochs, self._number = Progress(1, 0, 0, 0.0, None, 0.0), 0, 0
        self._next = self._next_look = self._next_check = self._free = 0.0
        self._underway: Underway | None = None
        self._open = False
        self.code, self.pausing = 0, False
        self._wait = self._waiting = False
        self._factor: float | None = None
        with self._harmless():
            if not (resumed and writes):
                clear_live(run)
            if writes:
                self._path = open_live(run)
                self._open = True
        before = _last(run) if self._open else None
        self._number = 0 if before is None else before.number
        self._control = Inbox(self._path, Control, 0 if before is None else before.control)
        self._wanted = Inbox(self._path, Wanted)
        self._steps = StepLog(self._path / STEPS)
        self._snapshots = Snapshots(self._path / WEIGHTS, names)
        if self._open:
            with self._harmless():
                self._snapshots.end()
            with self._harmless("read"):
                self._control.skip()
            with self._harmless("read"):
                self._wanted.skip()

    # ----------------------------------------------------------------------------- what is written

    def describe(self, network: bytes) -> None:
        """Keep what the training's network is, see :mod:`pellucid.training.network_file`."""
        if self._open:
            with self._harmless():
                write_file(self._path / NETWORK, network, sync=False)

    def begin(self, underway: Underway) -> None:
        """Training begins, or has gone back to an earlier step."""
        self._underway, self._epochs, self._latest = underway, underway.epochs, underway.progress
        if self._open:
            with self._harmless():
                if not underway.progress.doing:
                    self._steps.begin(underway.progress)
            with self._harmless():
                self._write()

    def after_step(self, progress: Progress) -> None:
        """A step was taken, or some pictures were looked at."""
        self._latest = progress
        if not self._open:
            return
        now = time.perf_counter()
        if now < self._next_check:
            if not progress.doing:
                self._steps.note(progress)
            return
        self._next_check = now + CHECK
        if not progress.doing:
            with self._harmless():
                if self._steps.add(progress, now):
                    self._steps.rest_until(now + (time.perf_counter() - now) / SHARE)
        if now >= self._next:
            with self._harmless():
                self._write()
        self._lay_out(now)

    def after_epoch(self) -> None:
        """An epoch was learned and judged."""
        if self._open:
            self._latest = replace(self._latest, doing="")
            self._write_between()

    def doing(self, what: str) -> None:
        """Something else than steps is done now."""
        self._latest = replace(self._latest, doing=what)
        if self._open:
            self._write_between()

    def end(self, how: Ended) -> None:
        """The training is over; a second time it does nothing."""
        if self._open:
            self._latest, self._waiting = replace(self._latest, doing=""), False
            with self._harmless():
                self._steps.flush()
            with self._harmless():
                self._snapshots.end()
            with self._harmless():
                self._write(how)
        self._open = False

    def _write_between(self) -> None:
        """Write progress at once, unless the last time has just been and took long."""
        if time.perf_counter() >= self._free:
            with self._harmless():
                self._write()

    def _lay_out(self, now: float) -> None:
        """Lay out the weights, where somebody watches."""
        latest, underway = self._latest, self._underway
        if underway is None:
            return
        with self._harmless():
            if self._snapshots.due(latest.step, now):
                epoch = latest.epoch if latest.step else 0
                self._snapshots.write(underway.weights, epoch, latest.step)

    def _write(self, ended: Ended | None = None) -> None:
        began, latest = time.perf_counter(), self._latest
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
            paused=self._waiting,
            doing=latest.doing,
            step=max(latest.step, 0),
            number=self._number,
            pid=os.getpid(),
            host=platform.node(),
            control=self._control.number,
            ended=ended or "",
        )
        try:
            write_file(self._path / PROGRESS, found.to_bytes(), sync=False)
        finally:
            now = time.perf_counter()
            self._free = now + (now - began) / SHARE
            self._next = max(now + SECONDS, self._free)  # later where the disk is slow

    # ------------------------------------------------------------------------------- what is asked

    def look(self) -> None:
        """Take in what is asked, if it is time to look."""
        now = time.perf_counter()
        if now < self._next_look or not self._open:
            return
        self._next_look = now + LOOK
        with self._harmless("read"):
            if self._wanted.look() is not None:
                self._snapshots.ask(now)
        with self._harmless("read"):
            if (asked := self._control.look()) is not None:
                self._obey(asked)

    def _obey(self, asked: Control) -> None:
        if asked.stop:
            self.code = 128 + signal.SIGTERM
        self.pausing = asked.paused and not self._waiting
        self._wait = asked.paused
        self._factor = asked.rate_factor
        if not asked.paused:
            self._waiting = False
        self._next = 0.0  # who asked sees at once that it was seen

    def factor(self) -> float | None:
        """What the schedule's learning rate is multiplied with from now on; none: as before."""
        factor, self._factor = self._factor, None
        if factor is not None:
            self._latest = replace(self._latest, rate_factor=factor)
        return factor

    def paused(self) -> bool:
        """Whether the next step is to wait; if so, that it waits is written."""
        self.pausing = False
        if not self._open or self.code:
            return False
        if self._wait != self._waiting or (self._waiting and self._next == 0.0):
            self._waiting = self._wait
            with self._harmless():
                self._steps.flush()
            with self._harmless():
                self._write()
        if self._waiting:
            self._lay_out(time.perf_counter())
        return self._waiting

    @contextmanager
    def _harmless(self, cannot: str = "written") -> Iterator[None]:
        """Report what fails, once, and go on."""
        try:
            yield
        except (PellucidError, OSError, ValueError, MemoryError) as error:
            if cannot in self._reported:
                return
            self._reported.add(cannot)
            if cannot == "read":
                text = f"what is asked of the training cannot be read; it goes on ({error})"
            else:
                text = (
                    "cannot be written, so that the training cannot be watched; it goes on "
                    f"({error})"
                )
            warnings.warn(
                f"{printable(self._path)}: {truncated(text, 300)}", LiveWarning, stacklevel=3
            )


def _last(run: Path) -> LiveProgress | None:
    """The last progress that was written there; none if it cannot be read."""
    try:
        return read_progress(run)
    except PellucidError:
        return None
