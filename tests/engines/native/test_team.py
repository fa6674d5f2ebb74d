"""Threads: who comes, who waits, who goes."""

from __future__ import annotations

import gc
import sys
import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import numpy as np
import pytest

from pellucid.engines.native.runtime.host.machine import load
from pellucid.engines.native.runtime.host.team import Team, shared_team
from pellucid.engines.native.runtime.host.this_machine import host_target
from tests.engines.native.programs import compiled, native, train

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT = """
define void @count(ptr %table, ptr %pixels, i64 %images, i64 %thread, i64 %threads, ptr %barrier) {
  %place = getelementptr i64, ptr %table, i64 %thread
  %before = atomicrmw add ptr %place, i64 %images seq_cst
  ret void
}
"""
"""Adds the number of images to the thread's own number."""


LESS = """
define void @less(ptr %table, ptr %pixels, i64 %images, i64 %thread, i64 %threads, ptr %barrier) {
  %place = getelementptr float, ptr %table, i64 %thread
  %number = load float, ptr %place
  %quarter = fmul float %number, 0.25
  store float %quarter, ptr %place
  ret void
}
"""
"""Divides the thread's own number by four."""


_of_others: set[threading.Thread] = set()
"""Workers of programs that fixtures of the whole session hold."""


def workers() -> list[str]:
    about = set(threading.enumerate()) - _of_others
    return sorted(t.name for t in about if t.name.startswith("pellucid-"))


def wait_for(condition: object, seconds: float = 60.0) -> bool:
    """Whether something comes true at last."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.001)
    return bool(condition())


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No workers of other tests are seen, and their teams are not shared."""
    gc.collect()
    monkeypatch.setattr("pellucid.engines.native.runtime.host.team._shared", WeakValueDictionary())
    _of_others.update(threading.enumerate())
    assert not workers()
    yield
    _of_others.clear()


@pytest.mark.parametrize("threads", [1, 2, 3, 4])
def test_every_thread_comes_once(threads: int) -> None:
    team = Team(threads)
    for _ in range(20):
        came: list[int] = []
        team.run(came.append)
        assert sorted(came) == list(range(threads))
    team.close()


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("pause", [0.0, 0.003], ids=["awake", "asleep"])
def test_many_calls(threads: int, pause: float) -> None:
    machine = load(COUNT, host_target())
    team, sums, calls = Team(threads), np.zeros(4, np.int64), np.zeros(1, np.int64)
    for images in range(30):
        team.call(
            machine.address("count"),
            sums.ctypes.data,
            images=images,
            counter=calls.ctypes.data,
        )
        assert list(sums[:threads]) == [sum(range(images + 1))] * threads
        time.sleep(pause)
    assert calls[0] == 30
    team.close()


def test_alone(nobody: None) -> None:
    machine, sums = load(COUNT, host_target()), np.zeros(4, np.int64)
    Team(4).call(machine.address("count"), sums.ctypes.data, images=7, alone=True)
    assert list(sums) == [7, 0, 0, 0]
    assert not workers()


def test_denormal_numbers_are_zero_in_code_and_nowhere_else() -> None:
    machine, team = load(LESS, host_target()), Team(2)
    smallest = np.finfo(np.float32).smallest_normal
    numbers = np.array([smallest, smallest], np.float32)
    team.call(machine.address("less"), numbers.ctypes.data)
    assert list(numbers) == [0.0, 0.0]
    assert smallest * np.float32(0.25) > 0
    team.run(lambda thread: None)
    assert smallest * np.float32(0.25) > 0
    team.close()


def test_what_work_raises() -> None:
    team = Team(3)

    def work(thread: int) -> None:
        if thread == 2:
            raise ValueError("the third")

    for _ in range(3):
        with pytest.raises(ValueError, match="the third"):
            team.run(work)
    team.run(lambda thread: None)
    team.close()


def test_callers_from_many_threads(nobody: None) -> None:
    """Each call is done, by the team or, while that is at another one, by the caller alone."""
    machine, team = load(COUNT, host_target()), Team(2)
    sums = np.zeros((5, 2), np.int64)

    def call(row: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        for _ in range(300):
            team.call(machine.address("count"), row.ctypes.data, images=1)

    callers = [threading.Thread(target=call, args=(row,)) for row in sums]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert list(sums[:, 0]) == [300] * 5
    assert (sums[:, 1] <= 300).all()
    assert sums[:, 1].any()
    assert workers() == ["pellucid-1"]
    team.close()


def test_a_team_at_work_cannot_be_had() -> None:
    team, held, go = Team(2), threading.Event(), threading.Event()

    def hold(thread: int) -> None:
        held.set()
        go.wait()

    other = threading.Thread(target=team.run, args=(hold,))
    other.start()
    held.wait()
    with pytest.raises(RuntimeError, match="2 threads were wanted, 1 came"):
        team.run(lambda thread: None)
    go.set()
    other.join()
    team.close()


def test_threads_end_with_their_team(nobody: None) -> None:
    team = Team(3)
    team.run(lambda thread: None)
    assert workers() == ["pellucid-1", "pellucid-2"]
    team.close()
    assert not workers()
    team.run(lambda thread: None)
    assert workers() == ["pellucid-1", "pellucid-2"]
    del team
    assert wait_for(lambda: not workers())


def test_programs_share_a_team(nobody: None) -> None:
    assert shared_team(3) is shared_team(3)
    programs = [native(threads=3) for _ in range(5)]
    for program in programs:
        train(program, 1)
    assert workers() == ["pellucid-1", "pellucid-2"]
    del programs, program
    gc.collect()
    assert wait_for(lambda: not workers())


def test_no_threads_to_be_had(nobody: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller does the job alone, and keeps no half of a team."""
    start = threading.Thread.start
    left = [1]

    def limited(thread: threading.Thread) -> None:
        if thread.name.startswith("pellucid-"):
            if not left[0]:
                raise RuntimeError("can't start new thread")
            left[0] -= 1
        start(thread)

    machine, sums = load(COUNT, host_target()), np.zeros(4, np.int64)
    team = Team(3)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", limited)
        team.call(machine.address("count"), sums.ctypes.data, images=2)
    assert list(sums) == [2, 0, 0, 0]
    assert wait_for(lambda: not workers())
    team.call(machine.address("count"), sums.ctypes.data, images=1)
    assert list(sums) == [3, 1, 1, 0]
    team.close()


def test_nothing_piles_up(nobody: None) -> None:
    """Programs come and go; neither their threads nor their memory stay."""
    import resource

    def use() -> None:
        program = native(threads=2)
        train(program, 1, count=40)

    use()
    peaks = []
    for _ in range(3):
        for _ in range(15):
            use()
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    arena = compiled(native())._memory.nbytes
    unit = 1 if sys.platform == "darwin" else 1024
    grown = [(b - a) * unit for a, b in pairwise(peaks)]
    assert min(grown) < 5 * arena  # of fifteen
    gc.collect()
    assert wait_for(lambda: not workers())
