"""Serialises the calls of a program; safe across fork."""

from __future__ import annotations

import os
import threading
import weakref
from functools import wraps
from itertools import count
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class Guard:
    """Held during a call: ``with guard: ...``. A thread that holds it may take it again.

    A fork by another thread waits for the end of the call: the child, which has no other threads,
    finds weights that belong together, and no lock held.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        number = next(_numbers)
        _locks[number] = self._lock
        weakref.finalize(self, _locks.pop, number, None).atexit = False

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lock.release()


class Guarded(Protocol):
    """What has a guard."""

    _guard: Guard


S = TypeVar("S", bound=Guarded)
P = ParamSpec("P")
T = TypeVar("T")


def serialised(
    method: Callable[Concatenate[S, P], T],
) -> Callable[Concatenate[S, P], T]:
    """Make a method hold its object's guard."""

    @wraps(method)
    def guarded(self: S, /, *arguments: P.args, **named: P.kwargs) -> T:
        with self._guard:
            return method(self, *arguments, **named)

    return guarded


_numbers = count()
_locks: dict[int, threading.RLock] = {}
_held: dict[int, list[threading.RLock]] = {}  # by the thread that forks


def _before_fork() -> None:
    # Always in the order in which they were made: two threads that fork never wait for each other.
    locks = [lock for _, lock in sorted(_locks.items(), key=lambda item: item[0])]
    for lock in locks:
        lock.acquire()
    _held[threading.get_ident()] = locks


def _after_fork() -> None:
    for lock in _held.pop(threading.get_ident()):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )
