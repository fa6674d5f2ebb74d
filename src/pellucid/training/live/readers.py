"""Reading what a training in progress writes, while it writes it."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeVar

from pellucid.data.decode import unreadable
from pellucid.errors import FileFormatError
from pellucid.files.regular import open_regular
from pellucid.text import printable
from pellucid.training.live.formats import LIVE, STEPS, Control, LiveProgress, _Message

if TYPE_CHECKING:
    from pathlib import Path

_MOST = 1 << 24  # bytes of ``steps.csv`` at a time; a whole one has some 1.5 million

LARGEST = 1 << 16
"""Bytes of a JSON file that is read."""

M = TypeVar("M", bound=_Message)


def read_progress(run: Path) -> LiveProgress | None:
    """How far a training is; none where it has written nothing.

    Args:
        run: The run's folder.

    Raises:
        DataError: If the system does not let us read it.
        FileFormatError: If it is damaged, another program's, or of a newer version.
    """
    return read_message(run / LIVE / LiveProgress.file, LiveProgress)


def read_control(run: Path) -> Control | None:
    """What a training was asked last; none where it was asked nothing.

    Args:
        run: The run's folder.

    Raises:
        DataError: If the system does not let us read it.
        FileFormatError: If it is damaged, another program's, or of a newer version.
    """
    return read_message(run / LIVE / Control.file, Control)


def read_message(path: Path, kind: type[M]) -> M | None:
    """What a JSON file of a run's ``live`` holds; none if there is no such file.

    Raises:
        DataError: If the system does not let us read it.
        FileFormatError: If it is damaged, another program's, or of a newer version.
    """
    content = read_small(path)
    return None if content is None else kind.from_bytes(content, printable(path))


def read_small(path: Path) -> bytes | None:
    """A small file's bytes; none if there is none.

    Raises:
        DataError: If the system does not let us read it.
        FileFormatError: If it is no regular file, or larger than any such file.
    """
    try:
        with open_regular(path) as file:
            content = file.read(LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except FileFormatError:
        raise
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if len(content) > LARGEST:
        raise FileFormatError(f"{printable(path)}: is larger than {LARGEST} bytes; remove it")
    return content


@dataclass(frozen=True)
class StepRow:
    """Steps since the row before, in ``steps.csv``.

    Attributes:
        step: Steps of the whole training that were done.
        epoch: The last one's, from 1.
        loss: Mean over the pictures of these steps.
        accuracy: Of those pictures, 0 to 1; none where there is no one class a picture.
        rate: The last one's learning rate.
        images_per_second: Of these steps.
    """

    step: int
    epoch: int
    loss: float
    accuracy: float | None
    rate: float
    images_per_second: float

    def to_line(self) -> str:
        """As a line of CSV."""
        cells = (getattr(self, name) for name in COLUMNS)
        texts = (f"{cell:.7g}" if isinstance(cell, float) else str(cell) for cell in cells)
        return ",".join("" if text == "None" else text for text in texts) + "\n"


COLUMNS = tuple(each.name for each in fields(StepRow))
"""Of ``steps.csv``, in their order."""

HEAD = ",".join(COLUMNS) + "\n"


def rows_of(text: str) -> list[StepRow]:
    """The rows in lines of ``steps.csv``; what is no row is passed over, as its header is."""
    found = []
    for cells in csv.reader(text.splitlines()):
        try:
            step, epoch, loss, accuracy, rate, speed = cells
            row = StepRow(
                int(step), int(epoch), float(loss), float(accuracy) if accuracy else None,
                float(rate), float(speed),
            )  # fmt: skip
        except ValueError:
            continue
        if all(math.isfinite(value) for value in vars(row).values() if value is not None):
            found.append(row)
    return found


def read_steps(run: Path) -> list[StepRow]:
    """All rows of a run's ``steps.csv``; none where there is no such file.

    A line that is being written is left to the next time.

    Args:
        run: The run's folder.

    Raises:
        DataError: If the system does not let us read it.
    """
    return StepsTail(run).read()[0]


class StepsTail:
    """Reads what is new in a run's ``steps.csv``, each time it is asked.

    Args:
        run: The run's folder.
    """

    def __init__(self, run: Path) -> None:
        self._path = run / LIVE / STEPS
        self._at, self._last = 0, b""

    def read(self) -> tuple[list[StepRow], bool]:
        """The rows that came since the last time, and whether all before them are no more.

        They are no more where a training went back, a new one took the folder, or many rows were
        thinned; all rows are then new.

        Raises:
            DataError: If the system does not let us read it.
        """
        try:
            with open_regular(self._path) as file:
                file.seek(self._at - len(self._last))
                again = self._at > 0 and file.read(len(self._last)) != self._last
                if again:
                    self._at, self._last = 0, b""
                file.seek(self._at)
                text = file.read(_MOST)
        except (FileNotFoundError, NotADirectoryError):
            again = self._at > 0
            self._at, self._last = 0, b""
            return [], again
        except OSError as error:
            raise unreadable(self._path, error) from error
        whole = text[: text.rfind(b"\n") + 1]
        if whole:
            self._at += len(whole)
            self._last = whole[whole.rfind(b"\n", 0, -1) + 1 :]
        return rows_of(whole.decode("utf-8", errors="replace")), again
