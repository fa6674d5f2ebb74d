"""Work in threads: results in order, few at a time, and an end when someone presses Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pellucid.in_threads import in_order

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

PATIENCE = 60.0
"""Seconds until what must happen has happened."""

LOST_SIGNAL = """
import os, signal, threading, time
from pellucid.in_threads import in_order

signal.signal(signal.SIGINT, signal.default_int_handler)
at_work, ended = threading.Event(), threading.Event()

def other():
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    at_work.wait()
    os.kill(os.getpid(), signal.SIGINT)

def work(item):
    at_work.set()
    ended.wait()

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
sender = threading.Thread(target=other)
sender.start()
try:
    list(in_order(work, range(8), threads=2, give_up=ended.set))
except KeyboardInterrupt:
    sender.join()
    end = time.monotonic() + 30
    while threading.active_count() > 1 and time.monotonic() < end:
        time.sleep(0.01)
    print("stopped", threading.active_count())
"""
"""The signal comes to a thread that is not the main one, which nothing wakes."""


def close(results: Generator[object, None, None]) -> None:
    """Close it in another thread, so that a test fails where closing never ends."""
    closing = threading.Thread(target=results.close, daemon=True)
    closing.start()
    closing.join(PATIENCE)
    assert not closing.is_alive()


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("items", [0, 1, 4, 40])
def test_the_results_are_in_order(items: int, threads: int) -> None:
    assert list(in_order(lambda n: n * n, range(items), threads=threads)) == [
        n * n for n in range(items)
    ]


def test_a_slow_first_item_is_waited_for() -> None:
    others = threading.Semaphore(0)

    def work(n: int) -> int:
        if n:
            others.release()
        else:
            for _ in range(3):
                assert others.acquire(timeout=PATIENCE)
        return n

    assert list(in_order(work, range(9), threads=2)) == list(range(9))


@pytest.mark.parametrize("threads", [1, 3])
def test_few_are_taken_ahead(threads: int) -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for n in range(100):
            taken += 1
            yield n

    results = in_order(lambda n: n, items(), threads=threads)
    for number, result in enumerate(results):
        assert result == number
        assert taken <= number + 2 * threads
    assert number == 99


def test_all_threads_work_at_once() -> None:
    together = threading.Barrier(3, timeout=PATIENCE)
    list(in_order(lambda _: together.wait(), range(9), threads=3))


def test_an_error_comes_in_its_turn() -> None:
    def work(n: int) -> int:
        if n >= 3:
            raise ValueError(n)
        return n

    results = in_order(work, range(9), threads=2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match=r"^3$"):
        next(results)


def test_what_is_closed_starts_nothing_more_and_leaves_no_thread() -> None:
    others = set(threading.enumerate())
    done: list[int] = []
    given_up = []
    results = in_order(
        done.append, range(100), threads=2, give_up=lambda: given_up.append(len(done))
    )
    next(results)
    close(results)
    assert len(given_up) == 1
    end = time.monotonic() + PATIENCE
    while set(threading.enumerate()) - others and time.monotonic() < end:
        time.sleep(0.01)
    assert not set(threading.enumerate()) - others
    assert len(done) <= 5
    assert list(results) == []


def test_a_signal_that_wakes_nobody_is_seen() -> None:
    if not hasattr(signal, "pthread_sigmask"):
        return
    done = subprocess.run(
        [sys.executable, "-c", LOST_SIGNAL],
        capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    assert done.stdout == "stopped 1\n"
