"""A folder that only one process at a time writes in.

The system itself holds the lock and releases it when its process ends, however it ends, so that no
crash leaves a folder locked.
"""

from __future__ import annotations

import errno
import os
import secrets
import sys
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING

from pellucid.errors import OutputError
from pellucid.files.atomic import explained
from pellucid.text import printable

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    _LOOK = os.O_RDWR
    _PATIENCE = 1.0  # seconds for which those who look are waited for, or who holds the lock

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    _lock_to_look = _lock  # there are none that are shared

    def _check_free(_descriptor: int) -> None:
        """Whether it is held or looked at is only known by waiting."""
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    _LOOK = os.O_RDONLY
    _PATIENCE = 10.0  # seconds for which those who look are waited for

    def _lock_to_look(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def _check_free(descriptor: int) -> None:
        """Raise OSError if the lock is held, and not only looked at."""
        _lock_to_look(descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_UN)


_TAKEN = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)


def _lock_against_looking(descriptor: int) -> None:
    """Take the lock, in turn with those who look whether it is taken.

    These hold a lock for a moment, a shared one where there are such: then another can be had
    beside theirs, and none beside that of whoever holds the folder.

    Raises:
        OSError: Somebody holds it, or there are no locks.
    """
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return _lock(descriptor)
        except OSError as error:
            if error.errno not in _TAKEN or time.monotonic() >= end:
                raise
        _check_free(descriptor)
        time.sleep((1 + secrets.randbelow(10)) / 2000)  # two who try must not go in step


class TakenError(OutputError):
    """Somebody else holds the lock."""


def is_locked(folder: Path) -> bool:
    """Whether a process holds the lock on a folder now; nothing is made or kept.

    Whoever takes the lock waits for those who look, which takes them microseconds.
    """
    try:
        descriptor = os.open(folder / FolderLock.NAME, _LOOK)
    except OSError:
        return False
    try:
        _lock_to_look(descriptor)
    except OSError as error:
        return error.errno in _TAKEN
    finally:
        os.close(descriptor)
    return False


class FolderLock:
    """A lock on a folder, held until it is released, forgotten, or the process ends.

    Where a file system has no locks, nothing is locked.

    Args:
        folder: The folder; it must exist.

    Raises:
        TakenError: If another holds it, in this process or any other.
        OutputError: If nothing can be written in the folder.
    """

    NAME = ".pellucid-lock"

    def __init__(self, folder: Path) -> None:
        self._path = folder / self.NAME
        descriptor = self._open(folder)
        # Who held the lock before may have removed the file after we opened it: then we have locked
        # what nobody else will find.
        while not self._is_there(descriptor):
            os.close(descriptor)
            descriptor = self._open(folder)
        self._close = weakref.finalize(self, _release, self._path, descriptor)

    def release(self) -> None:
        """Let others in; a second time it does nothing."""
        self._close()

    def _open(self, folder: Path) -> int:
        with explained(self._path):
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock_against_looking(descriptor)
        except OSError as error:
            if error.errno in _TAKEN:
                os.close(descriptor)
                raise TakenError(
                    f"{printable(folder)}: another training is writing in this folder; wait for "
                    "its end, or choose another folder"
                ) from error
        return descriptor

    def _is_there(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except FileNotFoundError:
            return False


def _release(path: Path, descriptor: int) -> None:
    with suppress(OSError):  # Windows removes no open files; an empty file that stays does no harm
        path.unlink()
    os.close(descriptor)
