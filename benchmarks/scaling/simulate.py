"""A schedule on any number of threads, simulated: shares of work, meetings, bandwidth."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.scaling.machine_model import MachineModel
    from benchmarks.scaling.schedule import Schedule, Stage

UNEVEN, MEETING, BANDWIDTH, ALONE = "uneven shares", "meetings", "bandwidth", "one thread"
"""Why threads wait: for the thread with the largest share; at and for meetings themselves; for
memory; or since only one has something to do."""


@dataclass(frozen=True)
class Simulated:
    """A batch on some threads.

    Attributes:
        seconds: Of the whole batch.
        limit: Seconds if all work were shared evenly, and only the work counted; or those that
            memory takes at least, if these are more.
        lost: Seconds beyond the even share, by reason.
        worst: The stages that cost most of these, with their seconds, the worst first.
    """

    seconds: float
    limit: float
    lost: dict[str, float]
    worst: list[tuple[str, float]]

    @property
    def efficiency(self) -> float:
        """The limit ÷ the time, 0 to 1."""
        return self.limit / self.seconds

    def shortened(self, most: int = 3) -> Simulated:
        """The same with the worst stages alone."""
        return replace(self, worst=self.worst[:most])


def part(units: int, number: int, threads: int) -> int:
    """Where a thread's units begin; the same rule as in compiled schedules."""
    return (units * number + threads - 1) // threads


def simulate(
    schedule: Schedule, costs: Mapping[str, float], machine: MachineModel, threads: int
) -> Simulated:
    """Run a schedule on paper.

    Args:
        schedule: What is done, with its stages' units.
        costs: Seconds of each stage on one thread, for the schedule's images, by name.
        machine: What meetings cost, and how fast memory is.
        threads: Who share the work.
    """
    threads = threads if schedule.shared else 1
    lost: dict[str, float] = defaultdict(float)
    by_stage: dict[str, float] = defaultdict(float)
    total = traffic = seconds = 0.0
    groups = [list(stages) for _, stages in groupby(schedule.stages, lambda stage: stage.group)]
    for number, stages in enumerate(groups):
        busy = [sum(costs[s.name] * _share(s, t, threads) for s in stages) for t in range(threads)]
        work, longest = sum(busy), max(busy)
        moved = sum(_traffic(stage, costs[stage.name], machine) for stage in stages)
        memory = moved / machine.bandwidth(threads)
        meeting = machine.meeting(threads) if number else machine.call(threads)
        waits = longest - work / threads
        lost[ALONE if longest == work and threads > 1 else UNEVEN] += waits
        lost[BANDWIDTH] += max(0.0, memory - longest)
        lost[MEETING] += meeting
        last = busy.index(longest)
        for stage in stages:  # what that thread does of it beyond an even share
            by_stage[stage.name] += costs[stage.name] * (_share(stage, last, threads) - 1 / threads)
        by_stage[stages[0].name] += meeting + max(0.0, memory - longest)
        seconds += max(longest, memory) + meeting
        total += work
        traffic += moved
    limit = max(total / threads if schedule.shared else total, traffic / machine.bandwidth(threads))
    calls = schedule.calls
    worst = sorted(by_stage.items(), key=lambda found: -found[1])
    return Simulated(
        calls * seconds,
        calls * limit,
        {reason: calls * value for reason, value in lost.items()},
        [(name, calls * value) for name, value in worst],
    )


def _share(stage: Stage, thread: int, threads: int) -> float:
    """What share of a stage a thread does."""
    units, thread = len(stage.weights), (thread + stage.turn) % threads
    return sum(stage.weights[part(units, thread, threads) : part(units, thread + 1, threads)])


def _traffic(stage: Stage, seconds: float, machine: MachineModel) -> float:
    """Bytes that a stage moves from and to memory: no more than one thread could in its time.

    What it touches beyond that it found in caches.
    """
    return min(stage.bytes, seconds * machine.bandwidth(1))
