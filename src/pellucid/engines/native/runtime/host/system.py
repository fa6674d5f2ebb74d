"""What machine code asks of the operating system: to wait, to wake, to step aside.

Code names these functions as it is compiled, and finds their addresses as it is loaded, so that
one text serves all systems.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

ROOM = 128
"""Bytes for a mutex, and for a condition: more than any system takes."""

POSIX = {
    "pellucid_yield": "sched_yield",
    "pellucid_lock": "pthread_mutex_lock",
    "pellucid_unlock": "pthread_mutex_unlock",
    "pellucid_sleep": "pthread_cond_wait",
    "pellucid_wake": "pthread_cond_broadcast",
}
WINDOWS = {
    "pellucid_yield": "SwitchToThread",
    "pellucid_lock": "AcquireSRWLockExclusive",
    "pellucid_unlock": "ReleaseSRWLockExclusive",
    "pellucid_sleep": "SleepConditionVariableSRW",
    "pellucid_wake": "WakeAllConditionVariable",
}
"""What each name that code uses is called on a system."""

DECLARATIONS = """\
declare i32 @pellucid_yield()
declare i32 @pellucid_lock(ptr)
declare i32 @pellucid_unlock(ptr)
declare i32 @pellucid_sleep(ptr, ptr, i32, i32)
declare i32 @pellucid_wake(ptr)
"""
"""``pellucid_sleep(condition, mutex, -1, 0)``: the last two say "however long" to Windows, and
nothing to the others."""


@cache
def symbols() -> dict[str, int]:
    """The address of each of these functions, by the name that code uses."""
    found = {}
    for name, function in _functions().items():
        address = ctypes.cast(function, ctypes.c_void_p).value
        assert address is not None
        found[name] = address
    return found


@cache
def resolve_symbols() -> None:
    """Let code that LLVM loads from now on find these functions."""
    from llvmlite import binding as llvm

    for name, address in symbols().items():
        llvm.add_symbol(name, address)


def make_mutex_and_condition(mutex: int, condition: int) -> None:
    """Prepare a mutex and a condition at two addresses, each with :data:`ROOM` zeroed bytes."""
    if sys.platform != "win32":  # where zeros are all it takes
        library = ctypes.CDLL(None)
        library.pthread_mutex_init(ctypes.c_void_p(mutex), None)
        library.pthread_cond_init(ctypes.c_void_p(condition), None)


def _functions() -> dict[str, Any]:
    if sys.platform == "win32":
        library: Any = ctypes.WinDLL("kernel32")
        return {name: getattr(library, own) for name, own in WINDOWS.items()}
    library = ctypes.CDLL(None)
    return {name: getattr(library, own) for name, own in POSIX.items()}
