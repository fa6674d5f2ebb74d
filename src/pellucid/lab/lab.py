"""What every route of a lab has at hand."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pellucid.lab.changed import ChangesOfRuns
from pellucid.lab.checking import Checking
from pellucid.lab.decision_book import DecisionBook
from pellucid.lab.jobs import Jobs
from pellucid.lab.kept import Kept
from pellucid.lab.mistakes import MistakesOfRuns
from pellucid.lab.opened import OpenedRuns
from pellucid.lab.pages import Pages

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from pellucid.lab.compared import Compared
    from pellucid.lab.runs import Runs

T = TypeVar("T")

LEAVING_SECONDS = 2.0
"""For which a computation may go on after the lab has ended."""


@dataclass(eq=False)
class Lab:
    """A workbench around the runs below a folder.

    Attributes:
        runs: The runs.
        data: What trainings that are started here learn from, as ``pellucid train`` takes it; none:
            nothing is started, and no data are looked at.
        jobs: Trainings that were started here.
        pages: The pages of runs.
        opened: Their networks and pictures.
        compared: Pictures in two networks, by the key that a tab has for them.
        mistakes: What runs get wrong.
        changes: What changed from one run to another.
        book: What is decided about the data.
        checking: The pictures of the data, and what is found in them.
        reading: Threads that look into files.
        working: The one thread that computes: pages, mistakes, changes, comparisons.
        listening: How many streams are open.
        ending: Set when the lab is asked to end; streams end with it.
    """

    runs: Runs
    data: str | None = None
    jobs: Jobs = field(init=False)
    pages: Pages = field(init=False)
    opened: OpenedRuns = field(init=False)
    compared: Kept[Compared] = field(default_factory=lambda: Kept(8))
    mistakes: MistakesOfRuns = field(init=False)
    changes: ChangesOfRuns = field(init=False)
    book: DecisionBook = field(init=False)
    checking: Checking = field(init=False)
    reading: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(2, "pellucid-lab-read")
    )
    working: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, "pellucid-lab-work", initializer=_give_way)
    )
    listening: int = 0
    ending: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.jobs = Jobs(self.runs.root, self.data)
        self.pages = Pages(self.working)
        self.opened = OpenedRuns(self.data)
        self.mistakes = MistakesOfRuns(self.opened, self.data, self.working)
        self.changes = ChangesOfRuns(self.opened, self.working)
        self.book = DecisionBook(self.runs.root)
        self.checking = Checking(self.data, self.book, self.working)

    async def read(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Look into files, while other requests are answered."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.reading, partial(function, *args, **kwargs))

    async def work(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Compute something, one after the other."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.working, partial(function, *args, **kwargs))

    def close(self) -> None:
        """Let the threads go; trainings that were started go on."""
        self.checking.end()
        self.mistakes.end()
        self.changes.end()
        self.reading.shutdown(wait=False, cancel_futures=True)
        self.working.shutdown(wait=False, cancel_futures=True)

    def left(self) -> bool:
        """Whether something is still computed some time after the lab was closed.

        What is being written is waited for. A computation is not: a network that is compiled may
        take minutes, and nobody is there to see it.
        """
        self.reading.shutdown(wait=True)
        waiting = threading.Thread(target=self.working.shutdown, daemon=True)
        waiting.start()
        waiting.join(LEAVING_SECONDS)
        return waiting.is_alive()


def _give_way() -> None:
    """Let this thread, and those that it starts, wait for trainings on the same machine."""
    if sys.platform == "linux":  # where each thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def lab_of(request: Request) -> Lab:
    """The lab that a request is for."""
    found = request.app.state.lab
    assert isinstance(found, Lab)
    return found
