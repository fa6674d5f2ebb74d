"""Work on many items in some threads, with the results in order, until someone presses Ctrl-C.

A :class:`concurrent.futures.ThreadPoolExecutor` does the work, but the main thread keeps away from
it. Python handles signals between two steps of the main thread: one that comes right before that
thread waits for a result is handled only when the result is there, and one that comes while it
takes or gives back a lock leaves the lock in the wrong state. So another thread leads the pool, and
the main thread waits for it a little while at a time, without a lock of Python's own.
"""

from __future__ import annotations

from _thread import start_new_thread
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from concurrent.futures import Future, ThreadPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")

_PATIENCE = 0.1  # seconds until the main thread looks again whether a signal has come


def in_order(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    threads: int,
    give_up: Callable[[], object] | None = None,
) -> Generator[Result, None, None]:
    """Give the result of every item, in the order of the items.

    Where the results are not taken to the last, close the generator: it waits until the threads
    have done what they are at, and starts nothing more.

    Args:
        work: What is done with each; called in several threads.
        items: Taken in another thread, as they are needed: of twice as many as there are threads
            the work is under way, or done and not yet given.
        threads: How many work.
        give_up: Called where it ends before the last result is given, by an error, a signal or by
            being closed, before the threads are waited for: to end what they wait for.

    Raises:
        Exception: What ``work`` raised, in place of that item's result, or taking an item.
    """
    leader = _Leader(work, items, threads)
    try:
        leader.begin()
        yield from leader.results()
    except BaseException:
        if give_up is not None:
            give_up()
        raise
    finally:
        leader.end()


@dataclass(frozen=True)
class _Failure:
    """What takes the place of a result: an error; None where there are no more results."""

    error: BaseException | None


class OtherThread:
    """A thread that the main thread starts and waits for without a lock of Python's own.

    Args:
        work: What it does.
        failed: Called with the error where the thread cannot be started, or ``work`` raises.
        name: What the thread is called.
    """

    def __init__(
        self, work: Callable[[], object], failed: Callable[[BaseException], object], name: str
    ) -> None:
        self._work, self._failed, self._name = work, failed, name
        self._over: SimpleQueue[None] = SimpleQueue()
        self._begun = self._ended = False

    def start(self) -> None:
        """Let it begin soon; started by a further thread, since starting one takes locks.

        Raises:
            RuntimeError: If the system gives no thread.
        """
        start_new_thread(self._begin, ())

    def _begin(self) -> None:
        self._begun = True
        try:
            Thread(target=self._run, name=self._name, daemon=True).start()
        except BaseException as error:  # noqa: BLE001 (for the main thread)
            self._end(error)

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 (for the main thread)
            self._end(error)
        else:
            self._end(None)

    def _end(self, error: BaseException | None) -> None:
        if error is not None:
            self._failed(error)
        self._ended = True
        self._over.put(None)

    def wait(self) -> None:
        """Wait until it has ended; not for one that has not begun yet.

        What it looks at to end early must be set before.
        """
        while self._begun and not self._ended:
            with suppress(Empty):
                self._over.get(timeout=_PATIENCE)


class _Leader(Generic[Item, Result]):
    """Gives the work to a pool, in a thread to which no signal comes."""

    def __init__(self, work: Callable[[Item], Result], items: Iterable[Item], threads: int) -> None:
        self._work, self._items, self._threads = work, items, threads
        self._asked: SimpleQueue[None] = SimpleQueue()
        self._found: SimpleQueue[Result | _Failure] = SimpleQueue()
        self._thread = OtherThread(self._lead, self._finish, "pellucid-lead")
        self._closed = False

    def begin(self) -> None:
        """Start the thread that leads."""
        self._thread.start()

    def _lead(self) -> None:
        """Put the results where the main thread takes them; last, that there are no more."""
        from concurrent.futures import ThreadPoolExecutor

        if not self._closed:
            with ThreadPoolExecutor(self._threads, thread_name_prefix="pellucid-work") as pool:
                self._lead_pool(pool)
        self._finish(None)

    def _lead_pool(self, pool: ThreadPoolExecutor) -> None:
        items = iter(self._items)
        waiting: deque[Future[Result]] = deque()
        try:
            while not self._closed:
                ahead = 2 * self._threads - len(waiting)
                waiting.extend(pool.submit(self._work, item) for item in islice(items, ahead))
                if not waiting:
                    return
                self._found.put(waiting.popleft().result())
                self._asked.get()
        finally:
            for each in waiting:
                each.cancel()

    def _finish(self, error: BaseException | None) -> None:
        self._found.put(_Failure(error))

    def results(self) -> Generator[Result, None, None]:
        """Take the results, in the main thread."""
        while not isinstance(found := self._taken(), _Failure):
            yield found
            self._asked.put(None)
        if found.error is not None:
            raise found.error

    def end(self) -> None:
        """Let no more work begin, and wait for what has begun."""
        self._closed = True
        self._asked.put(None)
        self._thread.wait()

    def _taken(self) -> Result | _Failure:
        while True:
            with suppress(Empty):
                return self._found.get(timeout=_PATIENCE)
