"""What a machine of many cores is like: measured for one and two threads here, assumed for more."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines.native.emit.ir import Function, Vectors
from pellucid.engines.native.emit.schedule_builder import PARAMETERS, ScheduleBuilder
from pellucid.engines.native.runtime.host.machine import load
from pellucid.engines.native.runtime.host.peak import measure_peak
from pellucid.engines.native.runtime.host.team import shared_team
from pellucid.engines.native.runtime.host.this_machine import host_target

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Index, Value

MOST_BANDWIDTH = 200e9
"""Bytes a second of a processor with many cores, assumed: eight channels of memory of 25 GB/s."""

STREAM = 1 << 24
"""Floats of each of two arrays that are added up, 64 MiB: more than caches hold."""

MEETINGS = 2000
REPEATS = 7


@dataclass(frozen=True)
class MachineModel:
    """A machine.

    Attributes:
        peak: FLOP/s of one core.
        streams: Bytes a second that are read and written, by number of threads, as measured.
        meetings: Seconds of a meeting of threads, by their number, as measured.
        calls: Seconds of a call of threads that wait for it, by their number, as measured.
        most: Bytes a second at most, of any number of threads; an assumption.
    """

    peak: float
    streams: dict[int, float]
    meetings: dict[int, float]
    calls: dict[int, float]
    most: float = MOST_BANDWIDTH

    def bandwidth(self, threads: int) -> float:
        """Bytes a second: as measured, for more threads in proportion, up to the most."""
        if threads in self.streams:
            return self.streams[threads]
        known = max(self.streams)
        return max(self.streams[known], min(self.most, self.streams[known] / known * threads))

    def meeting(self, threads: int) -> float:
        """Seconds of a meeting: threads add to one counter, one after the other."""
        return _in_proportion(self.meetings, threads)

    def call(self, threads: int) -> float:
        """Seconds from a call to its end, beside the work."""
        return _in_proportion(self.calls, threads)

    def lines(self) -> list[str]:
        """For people, one fact a line."""
        streams = ", ".join(f"{v / 1e9:.0f} GB/s on {n}" for n, v in self.streams.items())
        known = max(self.meetings)
        return [
            f"one core: {self.peak / 1e9:.0f} GFLOP/s at most",
            f"memory, read and written: {streams}",
            f"… of more threads, assumed: in proportion, up to {self.most / 1e9:.0f} GB/s",
            f"a meeting of {known} threads: {1e6 * self.meetings[known]:.2f} µs",
            f"a call of {known} threads: {1e6 * self.calls[known]:.1f} µs",
            "… of more threads, assumed: in proportion to their number",
        ]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def _in_proportion(measured: dict[int, float], threads: int) -> float:
    """As measured; for more threads in proportion to their number."""
    known = max(measured)
    return measured[threads] if threads in measured else measured[known] * threads / known


def measure_machine(threads: tuple[int, ...] = (1, 2)) -> MachineModel:
    """This machine, by numbers of threads that it has processors for."""
    return MachineModel(
        measure_peak(1) * 1e9,
        {count: _stream(count) for count in threads},
        {count: _meeting(count) if count > 1 else 0.0 for count in threads},
        {count: _call(count) for count in threads},
    )


def _stream(threads: int) -> float:
    """Bytes a second: threads copy their shares of an array, which is read and written."""
    source, target = np.ones(STREAM, np.float32), np.zeros(STREAM, np.float32)
    ends = [STREAM // threads * number for number in range(threads)] + [STREAM]
    parts = [(source[a:b], target[a:b]) for a, b in pairwise(ends)]

    def work(thread: int) -> None:
        np.copyto(parts[thread][1], parts[thread][0])

    team, best = shared_team(threads), float("inf")
    for _ in range(REPEATS):
        began = time.perf_counter()
        if threads == 1:
            work(0)
        else:
            team.run(work)
        best = min(best, time.perf_counter() - began)
    return 2 * source.nbytes / best


def _meeting(threads: int) -> float:
    """Seconds of a meeting, of many in a row."""
    return _timed(threads, MEETINGS, MEETINGS)


def _call(threads: int) -> float:
    """Seconds of a call in which there is nothing to do, threads looking for it."""
    return _timed(threads, 0, 1)


def _timed(threads: int, meetings: int, divisor: int) -> float:
    target = host_target(threads)
    vectors = Vectors(target.lanes, target.registers, target.products)
    kinds = [*PARAMETERS[:3], ("i64", "thread"), ("i64", "threads"), ("ptr", "barrier")]
    f = Function("meetings", kinds, vectors)

    def meet(_: Index, __: list[Value]) -> list[Value]:
        f.do("call void @meet(ptr %barrier, i64 %threads)")
        return []

    f.loop(0, meetings, 1, meet)
    builder = ScheduleBuilder(vectors, target.pause)
    machine, team = load("\n".join([builder.text(), f.text()]), target), shared_team(threads)
    address, found = machine.address("meetings"), []
    for _ in range(20 * REPEATS):
        began = time.perf_counter()
        team.call(address)
        found.append(time.perf_counter() - began)
    return (min(found) if divisor > 1 else median(found)) / divisor
