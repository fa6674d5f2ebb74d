"""A training looks for what it is asked, often enough and at next to no cost."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Generic, TypeVar

from pellucid.training.live.formats import Control, Wanted
from pellucid.training.live.readers import read_message

if TYPE_CHECKING:
    from pathlib import Path

M = TypeVar("M", Control, Wanted)


class Inbox(Generic[M]):
    """A file that others replace, each time with a larger number.

    What is there at first is not news: it was meant for an earlier training.

    Args:
        folder: The run's ``live``.
        kind: What the file holds.
        number: The least that is not news.
    """

    def __init__(self, folder: Path, kind: type[M], number: int = 0) -> None:
        self._path = folder / kind.file
        self._kind: type[M] = kind
        self._seen: tuple[int, ...] | None = None
        self.number = number

    def skip(self) -> None:
        """Take what is there as seen.

        Raises:
            PellucidError: If it cannot be read.
        """
        found = self.look()
        if found is not None:
            self.number = max(self.number, found.number)

    def look(self) -> M | None:
        """What is news since the last time; none if nothing is.

        Raises:
            PellucidError: If it cannot be read; it is not looked at again until it has changed.
        """
        try:
            status = os.stat(self._path)  # noqa: PTH116 - half the time of Path.stat
        except OSError:  # it is not there; a disk that fails for a while says so elsewhere
            return None
        seen = status.st_mtime_ns, status.st_ino, status.st_size
        if seen == self._seen:
            return None
        self._seen = seen
        found = read_message(self._path, self._kind)
        if found is None or found.number <= self.number:
            return None
        self.number = found.number
        return found
