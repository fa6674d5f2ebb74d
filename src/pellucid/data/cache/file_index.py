"""What is known of the files below a folder from earlier runs, as long as they have not changed.

A file counts as unchanged as long as its size, its times of modification and of change, and its
inode are what they were. What was changed within the last seconds before it was looked at is not
remembered: it could change again and still bear the same time.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pellucid.data.cache.versions import decoders
from pellucid.data.decode import Header, header, unreadable
from pellucid.in_threads import in_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pellucid.data.decoded import PictureFile
    from pellucid.errors import DataError

MAGIC = b"pellucid known files 2\n"
STEADY = 2_000_000_000
"""Nanoseconds that a file must have stayed as it is to be remembered; file systems count in 2 s."""

_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_AT_ONCE = 1 << 18  # bytes
_BLOCK = 64  # files per task of a thread
_STRANGERS = 4  # how many times as many files as were asked for may be remembered

Mark = tuple[int, int, int, int]
"""Size, time of modification, time of change, inode."""


@dataclass
class IndexedFile:
    """What is known of a file.

    Attributes:
        mark: What it looked like from outside.
        digest: SHA-256 of its content, hexadecimal.
        header: Of the picture in it.
    """

    mark: Mark
    digest: str | None = None
    header: Header | None = None


class FileIndex:
    """The files below one folder, by their names.

    Args:
        kept: What :meth:`to_bytes` gave in an earlier run; anything else counts as nothing.
        threads: How many read.

    Attributes:
        changed: Whether there is something new to remember.
    """

    def __init__(self, kept: bytes | None, threads: int) -> None:
        self.changed = False
        self._threads = threads
        self._began = time.time_ns()
        self._known = {} if kept is None else _read(kept)
        self._asked: set[str] = set()

    def header(self, file: PictureFile, max_pixels: int) -> Header:
        """Return what :func:`pellucid.data.decode.header` does, from memory where it can.

        Raises:
            DataError: As there.
        """
        known = self._of(file)
        if known is None or known.header is None or _pixels(known.header) > max_pixels:
            found = header(file.path, max_pixels)
            if known is None:
                return found
            known.header = found
            self.changed = True
        return known.header

    def digests(self, files: Sequence[PictureFile]) -> list[str | DataError]:
        """The SHA-256 of each file's content, hexadecimal; or why it cannot be read."""
        found: list[str | DataError | None] = []
        for file in files:
            known = self._of(file)
            found.append(None if known is None else known.digest)
        missing = [i for i, digest in enumerate(found) if digest is None]
        if missing:
            parts = [missing[first : first + _BLOCK] for first in range(0, len(missing), _BLOCK)]

            def digests_of(part: list[int]) -> list[IndexedFile | DataError]:
                return [_digest(files[i]) for i in part]

            with closing(in_order(digests_of, parts, threads=self._threads)) as read:
                for i, of_file in zip(missing, (one for part in read for one in part), strict=True):
                    if isinstance(of_file, IndexedFile):
                        self._remember(files[i], of_file)
                        found[i] = of_file.digest
                    else:
                        found[i] = of_file
        return [digest for digest in found if digest is not None]

    def never_met(self, files: Sequence[PictureFile]) -> list[Path]:
        """Those of the files whose content was not known in an earlier run, by their names."""
        known = self._known
        return [
            file.path
            for file in files
            if (before := known.get(file.name)) is None or before.digest is None
        ]

    def unchanged(self, files: Sequence[PictureFile]) -> bool:
        """Whether all files look as they did when they were read for :meth:`digests`."""
        return all(
            (known := self._known.get(file.name)) is not None and known.mark == _mark_of(file)
            for file in files
        )

    def to_bytes(self) -> bytes:
        """All that is worth remembering."""
        names = list(self._known)
        if len(names) > _STRANGERS * len(self._asked):
            names = [name for name in names if name in self._asked]
        steady = self._began - STEADY
        entries = {
            name: [*known.mark, known.digest, known.header]
            for name in names
            if max((known := self._known[name]).mark[1:3]) < steady
        }
        text = json.dumps({"decoders": decoders(), "files": entries}).encode("ascii")
        return MAGIC + hashlib.sha256(text).digest() + text

    def _of(self, file: PictureFile) -> IndexedFile | None:
        """What is known of a file as it is now; nothing of one that cannot be asked."""
        self._asked.add(file.name)
        mark = _mark_of(file)
        if mark is None:
            return None
        known = self._known.get(file.name)
        if known is None or known.mark != mark:
            known = self._known[file.name] = IndexedFile(mark)
        return known

    def _remember(self, file: PictureFile, read: IndexedFile) -> None:
        known = self._known.get(file.name)
        if known is not None and known.mark == read.mark:
            read.header = known.header
        self._known[file.name] = read
        self.changed = True


def _mark_of(file: PictureFile) -> Mark | None:
    try:
        return _mark(os.stat(file.path))  # noqa: PTH116 (called for every file, and faster)
    except (OSError, ValueError):  # ValueError: a zero byte in the name
        return None


def _mark(status: os.stat_result) -> Mark:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _digest(file: PictureFile) -> IndexedFile | DataError:
    try:
        with _opened(file.path) as descriptor:
            status = os.fstat(descriptor)
            content = os.read(descriptor, min(status.st_size + 1, _AT_ONCE))
            digest = hashlib.sha256(content)
            if len(content) != status.st_size:  # a large file, or one that changes
                while content := os.read(descriptor, _AT_ONCE):
                    digest.update(content)
            return IndexedFile(_mark(status), digest.hexdigest())
    except (OSError, ValueError) as error:
        return unreadable(file.path, error)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, _READ)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read(kept: bytes) -> dict[str, IndexedFile]:
    start = len(MAGIC) + hashlib.sha256().digest_size
    text = kept[start:]
    if kept[:start] != MAGIC + hashlib.sha256(text).digest():
        return {}
    values: dict[str, Any] = json.loads(text)
    same_decoders = values["decoders"] == decoders()
    return {
        name: IndexedFile(
            (size, modified, changed, inode),
            digest,
            Header(*head) if head is not None and same_decoders else None,
        )
        for name, (size, modified, changed, inode, digest, head) in values["files"].items()
    }


def _pixels(header: Header) -> int:
    return header.height * header.width
