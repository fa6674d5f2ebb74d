"""Threads that work together on one native call: started once, woken for each call."""

from __future__ import annotations

import os
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Team:
    """So many threads, the calling one among them.

    Workers sleep between calls. After a fork the child makes workers of its own.

    Args:
        threads: At least 1.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._lock = threading.Lock()  # one call at a time: they share the program's memory
        self._process = 0
        self._tasks: list[SimpleQueue[Callable[[int], None] | None]] = []
        self._done: SimpleQueue[int] = SimpleQueue()

    def run(self, work: Callable[[int], None]) -> None:
        """Call ``work(thread)`` on every thread, 0 being the caller's, and wait for all."""
        with self._lock:
            if self._process != os.getpid():
                self._start()
            for tasks in self._tasks:
                tasks.put(work)
            work(0)
            for _ in self._tasks:
                self._done.get()

    def _start(self) -> None:
        self._process = os.getpid()
        self._tasks = [SimpleQueue() for _ in range(self.threads - 1)]
        self._done = SimpleQueue()
        for number, tasks in enumerate(self._tasks, start=1):
            threading.Thread(
                target=_serve,
                args=(tasks, self._done, number),
                name=f"pellucid-{number}",
                daemon=True,
            ).start()

    def close(self) -> None:
        """Let the workers go; the next call would start new ones."""
        if self._process == os.getpid():
            for tasks in self._tasks:
                tasks.put(None)
        self._process = 0

    def __del__(self) -> None:
        self.close()


def _serve(
    tasks: SimpleQueue[Callable[[int], None] | None], done: SimpleQueue[int], number: int
) -> None:
    while (work := tasks.get()) is not None:
        work(number)
        done.put(number)
