"""Trainings that a lab starts: processes of their own, which go on when the lab ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from pellucid import checks
from pellucid.architectures import ARCHITECTURES
from pellucid.errors import ArgumentError, DataError, OutputError
from pellucid.files import make_folder
from pellucid.interop.pretrained.catalogue import PRETRAINED
from pellucid.lab.origins import write_origin
from pellucid.text import folder_name, listed, printable
from pellucid.training.run_folder import holds_run
from pellucid.training.train_on import train_on_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LOG = "train.log"
"""In a run's folder: what ``pellucid train`` printed."""

SHOWN_BYTES = 16_384
"""Of a log, from its end."""

FIELDS = ("architecture", "body", "epochs", "learning_rate", "batch_size", "seed")


@dataclass(eq=False)
class Job:
    """A training that was started.

    Attributes:
        folder: Its run's.
        process: Its process.
    """

    folder: Path
    process: subprocess.Popen[bytes]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values: whether it runs, how it ended, and the end of what it printed."""
        code = self.process.poll()
        return {
            "running": code is None,
            "code": code,
            "folder": printable(self.folder.name),
            "log": _end_of(self.folder / LOG),
        }


class Jobs:
    """The trainings that a lab started.

    Args:
        root: The folder whose subfolders become their runs.
        data: What they learn from.
    """

    def __init__(self, root: Path, data: str | None) -> None:
        self._root, self._data = root, data
        self._lock = threading.Lock()
        self._jobs: dict[Path, Job] = {}

    def of(self, folder: Path) -> Job | None:
        """The training that was started in a folder; none where none was."""
        return self._jobs.get(folder)

    def running(self) -> list[Job]:
        """Trainings that have not ended."""
        return [job for job in list(self._jobs.values()) if job.process.poll() is None]

    def without_run(self) -> list[Job]:
        """Trainings that ended before there was a run: their data or options failed.

        One whose folder was removed later is not among them.
        """
        return [
            job
            for job in list(self._jobs.values())  # others may start one meanwhile
            if job.process.poll() is not None
            and not holds_run(job.folder)
            and (job.folder / LOG).exists()
        ]

    def start(self, asked: Mapping[str, Any], *more: str) -> Job:
        """Start a training.

        Args:
            asked: Settings by name, some of :data:`FIELDS`.
            *more: Further arguments of ``pellucid train``.

        Raises:
            ArgumentError: If a setting is not one that ``pellucid train`` takes, or there are no
                data.
            OutputError: If its folder cannot be made.
        """
        if self._data is None:
            raise ArgumentError(
                "the lab was opened without data; open it with them: pellucid lab RUNS DATA"
            )
        arguments = _arguments(asked)
        data = self._data

        def command(folder: Path) -> list[str]:
            return ["train", "--out", os.fspath(folder), *arguments, *more, "--", data]

        kind = asked.get("body") or asked.get("architecture") or "lab"
        name = f"{folder_name(self._data)}-{kind}"
        return self._started(name, command)

    def train_on(self, run: Path, decisions: Path) -> Job:
        """Train on from a run by decisions: a new head on its body, or all layers.

        Args:
            run: Its folder.
            decisions: Their file.

        Raises:
            DataError: If nothing is decided, or the run does not say what it learned from.
            OutputError: If the new run's folder cannot be made.
        """
        if not decisions.exists():
            raise DataError("nothing is decided yet; decide about some pictures first")
        train_on_arguments(
            run, decisions, run
        )  # what is wrong with the run, before a folder is made

        def command(folder: Path) -> list[str]:
            write_origin(folder, run)
            return train_on_arguments(run, decisions, folder)

        return self._started(f"{folder_name(run)}-on", command)

    def _started(self, name: str, arguments: Callable[[Path], list[str]]) -> Job:
        """Start a process in a folder of its own."""
        with self._lock:
            folder = self._made(name)
            command = [sys.executable, "-m", "pellucid", *arguments(folder)]
            try:
                with (folder / LOG).open("wb") as log:
                    process = subprocess.Popen(  # noqa: S603 - the arguments are checked
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,  # Ctrl-C in the lab's terminal is for the lab
                    )
            except OSError as error:
                raise OutputError(
                    f"{printable(folder)}: the training cannot be started: "
                    f"{error.strerror or error}"
                ) from error
            job = self._jobs[folder] = Job(folder, process)
        return job

    def _made(self, name: str) -> Path:
        """A folder for a new run, made now: neither another lab's nor a link to elsewhere."""
        make_folder(self._root)
        for number in count(1):
            folder = self._root / (name if number == 1 else f"{name}-{number}")
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            except OSError as error:
                raise OutputError(
                    f"{printable(folder)}: the folder cannot be made: {error.strerror or error}"
                ) from error
            return folder
        raise AssertionError


def _arguments(asked: Mapping[str, Any]) -> list[str]:
    """The settings as arguments of ``pellucid train``.

    Raises:
        ArgumentError: If one has a wrong name, type or range, or contradicts another.
    """
    found: list[str] = []
    if asked.get("body") is not None and asked.get("architecture") is not None:
        raise ArgumentError("body and architecture are both given: a body has its own; give one")
    for name, value in asked.items():
        if name not in FIELDS:
            raise ArgumentError(f"unknown setting {checks.brief(name)}; there are {listed(FIELDS)}")
        if value is None:
            continue
        if name == "architecture":
            if not isinstance(value, str) or value not in ARCHITECTURES:
                raise ArgumentError(
                    f"unknown architecture {checks.brief(value)}; there are "
                    f"{listed(sorted(ARCHITECTURES), 40)}"
                )
        elif name == "body":
            if not isinstance(value, str) or value not in PRETRAINED:
                raise ArgumentError(
                    f"unknown body {checks.brief(value)}; there are {listed(list(PRETRAINED))}"
                )
            name = "from"
        elif name == "learning_rate":
            checks.number(name, value, 1e-12, 1e6)
        else:
            checks.whole(name, value, 0 if name == "seed" else 1)
        found += [f"--{name.replace('_', '-')}", str(value)]
    return found


def _end_of(file: Path) -> str:
    try:
        with file.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(0, size - SHOWN_BYTES))
            return log.read().decode("utf-8", "replace")
    except OSError:
        return ""
