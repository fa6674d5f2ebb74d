"""Machine code kept on disk, so that a network is compiled once and not in every process.

Code that is loaded is code that runs. It is read only from a folder and from files that belong to
the user and that nobody else can write, and only if it is whole and has the name that it was kept
under. Whatever else is there counts as nothing: the code is compiled again.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.user_cache import fault, user_cache

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LIMIT = 256 << 20
"""Bytes that are kept; beyond that, what was used longest ago goes."""

PART = 1 / 16
"""Of the limit, what a process writes until it looks at the whole folder again, to remove what is
too much: a look takes longer the more is kept. The limit is exceeded by so much at most."""

MAGIC = b"pellucid code 1\n"
ENDING = ".code"
UNFINISHED = ".unfinished"
ABANDONED = 3600.0
"""Seconds after which a file that is still being written has lost its writer."""

_READ = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)

_written: dict[Path, int] = {}
"""By folder, the bytes that this process has written since it last looked at all of it."""


@dataclass(frozen=True)
class CodeCache:
    """A folder of machine code by name, or none.

    Any number of processes may use one folder at once: a file appears whole or not at all. Nothing
    here fails: where code cannot be kept, it is not kept.

    Attributes:
        folder: Where the code lies; none if nothing is kept.
        reason: Why nothing is kept; empty otherwise.
        limit: Bytes that may be kept, but for what :data:`PART` says.
    """

    folder: Path | None
    reason: str = ""
    limit: int = LIMIT

    def get(self, key: str) -> bytes | None:
        """The code kept under a name (hexadecimal digits), if it is there, whole and safe."""
        if self.folder is None:
            return None
        path = self.folder / f"{key}{ENDING}"
        try:
            content = _read(path, self.limit)
        except OSError:
            return None
        code = _unwrap(key, content) if content is not None else None
        with suppress(OSError):
            if code is None:
                path.unlink()
            else:
                os.utime(path)  # used just now
        return code

    def put(self, key: str, code: bytes) -> None:
        """Keep code under a name; what was there is replaced."""
        if self.folder is None:
            return
        content = _wrap(key, code)
        if len(content) > self.limit:
            return
        unfinished = self.folder / f"{key}-{secrets.token_hex(8)}{UNFINISHED}"
        try:
            with os.fdopen(os.open(unfinished, _CREATE, 0o600), "wb") as file:
                file.write(content)
            unfinished.replace(self.folder / f"{key}{ENDING}")
            self._add_up(len(content))
        except OSError:
            with suppress(OSError):
                unfinished.unlink()

    def _add_up(self, size: int) -> None:
        """Count what was written; the first time, and when it has become much, trim the folder."""
        assert self.folder is not None
        written = _written.get(self.folder, self.limit) + size
        if written > PART * self.limit:
            self._trim()
            written = 0
        _written[self.folder] = written

    def _trim(self) -> None:
        """Remove what was used longest ago until the rest is within the limit."""
        assert self.folder is not None
        kept: list[tuple[float, int, str]] = []
        with os.scandir(self.folder) as entries:
            for entry in entries:
                with suppress(OSError):  # another process may have removed it
                    status = entry.stat()
                    if entry.name.endswith(ENDING):
                        kept.append((status.st_mtime, status.st_size, entry.name))
                    elif (
                        entry.name.endswith(UNFINISHED)
                        and time.time() - status.st_mtime > ABANDONED
                    ):
                        (self.folder / entry.name).unlink()
        total = sum(size for _, size, _ in kept)
        for _, size, name in sorted(kept):
            if total <= self.limit:
                break
            with suppress(OSError):
                (self.folder / name).unlink()
            total -= size


def code_cache(environment: Mapping[str, str] = os.environ) -> CodeCache:
    """The user's cache: in the system's folder for caches, or where ``PELLUCID_CACHE`` says."""
    return CodeCache(*user_cache(environment))


def _read(path: Path, limit: int) -> bytes | None:
    """A file's content; none if it is no plain file, not safe, or larger than anything kept.

    The file is asked once it is open, so that no other one can take its place in between.

    Raises:
        OSError: If there is no such file, or it cannot be read.
    """
    with os.fdopen(os.open(path, _READ), "rb") as file:
        status = os.fstat(file.fileno())
        safe = stat.S_ISREG(status.st_mode) and not fault(status)
        return file.read() if safe and status.st_size <= limit else None


def _wrap(key: str, code: bytes) -> bytes:
    return MAGIC + _digest(key, code) + code


def _unwrap(key: str, content: bytes) -> bytes | None:
    """The code in a file's content; none if it is damaged, or another key's."""
    start = len(MAGIC) + hashlib.sha256().digest_size
    code = content[start:]
    return code if content[:start] == MAGIC + _digest(key, code) else None


def _digest(key: str, code: bytes) -> bytes:
    return hashlib.sha256(key.encode() + b"\0" + code).digest()
