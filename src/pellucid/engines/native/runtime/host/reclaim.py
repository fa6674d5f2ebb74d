"""Gives back the memory that compiling took, on Linux, for a process that goes on to learn.

LLVM is 70 MB of code, which the system holds for a process until it runs short or is asked to let
go; and the allocator keeps what text and modules took. Compiling once more brings all of it back by
itself.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def reclaim() -> None:
    """Give back LLVM's code and free memory, where the system is one that this knows."""
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    advise = library.madvise
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for start, end in _compiler_pages():
        advise(start, end - start, mmap.MADV_DONTNEED)  # where it may not, nothing is lost
    trim = getattr(library, "malloc_trim", None)  # of the GNU library alone
    if trim is not None:
        trim(0)


@functools.cache
def _compiler_pages() -> tuple[tuple[int, int], ...]:
    """Where LLVM's files lie in memory as they are on disk: from where to where.

    Looked for once: LLVM stays where it is as long as the process lives, and so do pages that
    cannot be written. The system counts all pages of the process for an answer, which took four
    times as long as to compile a small module.
    """
    try:
        with Path("/proc/self/smaps").open() as lines:
            found = [*unchanged(lines)]
    except OSError:
        return ()
    return tuple((start, end) for start, end, path in found if "llvm" in Path(path).name.lower())


def unchanged(lines: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    """The pieces of files in a process's memory that are what the disk has, and stay so.

    No page of theirs is the process's own, in memory or swapped out, and none can become one while
    they are looked at: they cannot be written.

    Args:
        lines: Of ``/proc/self/smaps``: for each piece of memory what it is, then some facts.

    Yields:
        From where to where, and the path.
    """
    piece: tuple[int, int, str] | None = None
    own = 0
    for line in lines:
        first, *rest = line.split(maxsplit=5)
        if not first.endswith(":"):
            start, end = (int(address, 16) for address in first.split("-"))
            path = rest[4].strip() if len(rest) > 4 else ""
            kept = path.startswith("/") and "w" not in rest[0]
            piece, own = (start, end, path) if kept else None, 0
        elif first == "Anonymous:":
            own = int(rest[0])
        elif first == "Swap:" and own == int(rest[0]) == 0 and piece is not None:
            yield piece
