"""Processes that help to decode many small pictures.

Threads of one Python process decode large pictures side by side, but of small ones only one at a
time: most of the time goes into Python's own steps. So where there are thousands of small files,
other processes take some blocks of them, as soon as they are ready to, and the pixels are the same
in whichever process they were decoded. A helper that cannot be started, or ends, or is killed, is
done without.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self, cast

import numpy as np

from pellucid.errors import DataError
from pellucid.in_threads import OtherThread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.preprocessing import Preprocessing

PICTURES_EACH = 2000
"""How many pictures there must be for each helper: starting one takes as long as decoding some."""

SMALL_BYTES = 16_384
"""Size of a file up to which it counts as small."""

MOST = 8
"""How many helpers there are at most; each takes some 50 MB of memory."""

_SAMPLE = 9  # files whose size is asked for
_START = (
    "import sys; sys.path[:] = sys.argv[1:]; from pellucid.data.cache.helper import serve; "
    "serve(sys.stdin.buffer, sys.stdout.buffer)"
)


class Helpers:
    """Some helpers that all do the same, from entering it as a context until leaving it.

    Signals are handled in the main thread, between any two steps: one that came while that thread
    started a process or a thread would leave it half started, or be lost. So another thread does.

    Args:
        count: How many; fewer if they cannot be started.
        preprocessing: How each picture is converted and resized.
        max_pixels: Pictures with more pixels count as bad.
    """

    def __init__(self, count: int, preprocessing: Preprocessing, max_pixels: int) -> None:
        self._count = count if _can_start() else 0
        self._shape = preprocessing.shape
        self._settings = {"preprocessing": preprocessing.to_dict(), "max_pixels": max_pixels}
        self._idle: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._waiting: list[threading.Thread] = []
        self._ending: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._closed = False
        self._thread = OtherThread(self._lead, lambda _: None, "pellucid-helpers")

    def __enter__(self) -> Self:
        if self._count:
            with suppress(RuntimeError):  # no thread can be started: none helps
                self._thread.start()
        return self

    def kill(self) -> None:
        """End them in whatever they do; a caller that waits for an answer gets none."""
        self._closed = True
        self._ending.put(None)

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._thread.wait()

    def _lead(self) -> None:
        """Start the processes, and end them; in a thread to which no signal comes."""
        try:
            for _ in range(self._count):
                if not self._closed:
                    with suppress(OSError, RuntimeError):
                        self._start_one()
            self._ending.get()
        finally:
            self._end()

    def _start_one(self) -> None:
        process = _started()
        self._processes.append(process)
        waiting = threading.Thread(target=self._until_ready, args=(process,), daemon=True)
        waiting.start()
        self._waiting.append(waiting)

    def _end(self) -> None:
        for process in self._processes:
            process.kill()
        for waiting in self._waiting:
            waiting.join()
        for process in self._processes:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # what was not sent any more
                    cast("IO[bytes]", pipe).close()

    def decode(
        self, paths: Sequence[Path]
    ) -> tuple[list[int], NDArray[np.uint8], dict[int, DataError]] | None:
        """Let a helper decode pictures, as :func:`~pellucid.data.cache.helper.decode_some` does.

        Returns:
            What it found; None if no helper is free, or the one that was free has ended.
        """
        try:
            process = self._idle.get_nowait()
        except queue.Empty:
            return None
        try:
            found = self._asked(process, paths)
        except (OSError, ValueError):  # it has ended, in whatever line
            return None
        self._idle.put(process)
        return found

    def _asked(
        self, process: subprocess.Popen[bytes], paths: Sequence[Path]
    ) -> tuple[list[int], NDArray[np.uint8], dict[int, DataError]]:
        pipe = cast("IO[bytes]", process.stdout)
        _send(process, [os.fspath(path) for path in paths])
        good, bad = json.loads(pipe.readline())
        pixels = np.empty((len(good), *self._shape), np.uint8)
        if pipe.readinto(pixels.reshape(-1).data) != pixels.nbytes:  # type: ignore[attr-defined]
            raise EOFError
        return good, pixels, {i: DataError(message) for i, message in bad}

    def _until_ready(self, process: subprocess.Popen[bytes]) -> None:
        with suppress(OSError, ValueError):
            _send(process, self._settings)
            if cast("IO[bytes]", process.stdout).readline() == b"\n":
                self._idle.put(process)


def helpers_for(paths: Sequence[Path], threads: int) -> int:
    """Return how many helpers are worth while for some files, beside as many threads."""
    count = min(threads - 1, len(paths) // PICTURES_EACH, MOST)
    if count < 1:
        return 0
    sizes = []
    for path in paths[:: max(1, len(paths) // _SAMPLE)]:
        with suppress(OSError, ValueError):
            sizes.append(path.stat().st_size)
    return count if sizes and sorted(sizes)[len(sizes) // 2] <= SMALL_BYTES else 0


def _can_start() -> bool:
    """Whether this is an ordinary Python, and not a program with one inside."""
    return not getattr(sys, "frozen", False) and Path(sys.executable).name.startswith("python")


def _started() -> subprocess.Popen[bytes]:
    # file names are to be encoded there as they are here; Ctrl-C is for this process alone
    command = [sys.executable, "-S", "-X", f"utf8={sys.flags.utf8_mode}", "-c", _START, *sys.path]
    return subprocess.Popen(  # noqa: S603 (nothing in it comes from elsewhere)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _send(process: subprocess.Popen[bytes], value: object) -> None:
    pipe = cast("IO[bytes]", process.stdin)
    pipe.write(json.dumps(value).encode("ascii") + b"\n")
    pipe.flush()
