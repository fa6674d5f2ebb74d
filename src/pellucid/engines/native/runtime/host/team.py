"""Threads that work together on one native call: started once, asleep between calls."""

from __future__ import annotations

import ctypes
import os
import threading
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, WeakValueDictionary, finalize

import numpy as np

from pellucid.engines.native.runtime.host.machine import SCHEDULE, load
from pellucid.engines.native.runtime.host.system import make_mutex_and_condition
from pellucid.engines.native.runtime.host.team_code import CONDITION, WORDS, team_text
from pellucid.engines.native.runtime.host.this_machine import host_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.runtime.host.machine import Machine

_POINTER, _NUMBER = ctypes.c_void_p, ctypes.c_int64
_RUN = ctypes.CFUNCTYPE(None, _POINTER, _NUMBER, *[_POINTER] * 3, _NUMBER, _POINTER)
_SERVE = ctypes.CFUNCTYPE(None, _POINTER, _NUMBER)
_STOP = ctypes.CFUNCTYPE(None, _POINTER)


class Team:
    """A team of threads, the calling one among them.

    Any thread may call at any time. Where the team is at work for another one, or the system gives
    it no threads, the caller does the job alone: the bits are the same. After a fork the child
    starts threads of its own with its first call. The threads end with the team.

    Args:
        threads: At least 1.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._crew: _Crew | None = None
        self._starting = threading.Lock()
        _teams.add(self)

    def call(
        self,
        function: int,
        table: int = 0,
        pixels: int = 0,
        images: int = 0,
        *,
        counter: int = 0,
        alone: bool = False,
    ) -> None:
        """Call a schedule on every thread, and return when all have returned.

        An interruption from the keyboard takes effect before the call or after it.

        Args:
            function: Its address.
            table: The first of what it is given: see :data:`~.machine.SCHEDULE`.
            pixels: The second.
            images: The third.
            counter: Address of a 64-bit number to add 1 to at the end; 0 for none.
            alone: Leave the others asleep: for what is done sooner than they are awake.
        """
        crew = None if alone or self.threads == 1 else self._start()
        address, threads = (crew.address, self.threads) if crew is not None else (0, 1)
        _code().run(address, threads, function, table, pixels, images, counter)

    def run(self, work: Callable[[int], object]) -> None:
        """Call ``work(thread)`` on every thread, 0 being the caller's, and wait for all.

        Raises:
            RuntimeError: If the team is at another job, or there are no threads to be had.
            BaseException: What a call of ``work`` raised, once all have ended.
        """
        raised: list[BaseException] = []
        came: list[int] = []

        def job(*arguments: Any) -> None:
            _, _, _, thread, threads, _ = arguments
            came.append(thread)
            try:
                if threads == self.threads:
                    work(thread)
            except BaseException as error:  # noqa: BLE001 - raised again by the caller's thread
                raised.append(error)

        callback = SCHEDULE(job)
        address = ctypes.c_void_p.from_buffer(callback).value  # ctypes.cast makes a cycle
        assert address is not None
        self.call(address)
        if raised:
            raise raised[0]
        if len(came) != self.threads:
            raise RuntimeError(f"{self.threads} threads were wanted, {len(came)} came")

    def close(self) -> None:
        """Let the threads go, and wait until they are gone; a later call starts new ones."""
        with self._starting:
            crew, self._crew = self._crew, None
        if crew is not None:
            crew.stop()
            for thread in crew.threads:
                thread.join()

    def _start(self) -> _Crew | None:
        if self._crew is None:
            with self._starting:
                if self._crew is None:
                    self._crew = _hire(self.threads)
        return self._crew


_teams: WeakSet[Team] = WeakSet()
_shared: WeakValueDictionary[int, Team] = WeakValueDictionary()


def shared_team(threads: int) -> Team:
    """The team of that size that all programs of this process share."""
    return _shared.setdefault(threads, Team(threads))


def _forget_threads() -> None:
    """In the child of a fork there are none but the one that forked."""
    for team in list(_teams):
        team._crew = None
        team._starting = threading.Lock()  # the old one may be held by a thread that is gone


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)


class _Crew:
    """A team's threads but the first, and the memory through which they are called."""

    def __init__(self, count: int) -> None:
        # On cache lines of its own, and zeroed; the threads hold it too, until they end.
        memory = np.zeros(WORDS + 8, np.int64)
        self.address = memory.ctypes.data + -memory.ctypes.data % 64
        make_mutex_and_condition(self.address, self.address + 8 * CONDITION)
        self.stop = finalize(self, _stop, self.address, memory, os.getpid())
        self.threads: list[threading.Thread] = []
        for number in range(1, count):
            thread = threading.Thread(
                target=_serve,
                args=(self.address, memory, number),
                name=f"pellucid-{number}",
                daemon=True,
            )
            thread.start()
            self.threads.append(thread)


def _hire(count: int) -> _Crew | None:
    """A crew, or none if the system gives no more threads."""
    _code()  # compiled before anyone waits for it
    try:
        return _Crew(count)
    except RuntimeError:  # "can't start new thread": those that were started go with the crew
        return None


def _serve(address: int, memory: object, number: int) -> None:
    _code().serve(address, number)


def _stop(address: int, memory: object, process: int) -> None:
    if process == os.getpid():  # in the child of a fork there is no thread to notify
        _code().stop(address)


class _Code:
    """The functions of :mod:`~pellucid.engines.native.runtime.host.team_code`."""

    def __init__(self) -> None:
        target = host_target()
        self._machine: Machine = load(team_text(target.triple, target.pause), target)
        self.run = _RUN(self._machine.address("team_run"))
        self.serve = _SERVE(self._machine.address("team_serve"))
        self.stop = _STOP(self._machine.address("team_stop"))


@cache
def _code() -> _Code:
    return _Code()
