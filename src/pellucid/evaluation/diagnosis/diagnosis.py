"""All of it together: what to paste into a report of a bug."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.architectures import get_architecture
from pellucid.evaluation.diagnosis.agreement import compare_engines
from pellucid.evaluation.diagnosis.extras import EXTRAS, NEEDED, installed
from pellucid.evaluation.diagnosis.machine import find_machine
from pellucid.graph import Network, initial_weights
from pellucid.record import Record
from pellucid.text import counted
from pellucid.version import __version__

if TYPE_CHECKING:
    from pellucid.evaluation.diagnosis.agreement import Agreement
    from pellucid.evaluation.diagnosis.machine import Machine

MEASURED, SHAPE, BATCH, CLASSES = "vgg-small", (32, 32, 3), 16, 10
"""What speed is measured with: a network whose convolutions keep multipliers busy."""

EXPECTED = 0.35
"""The least share of the measured peak that such a network reaches where nothing disturbs it; see
``docs/native-engine.md``."""

UNITS = 2
"""Multiply-adds of whole vectors that a core starts in a cycle: two on most processors of this
century's second decade and later."""


@dataclass(frozen=True)
class Speed:
    """How fast the native engine is, in GFLOP/s.

    Attributes:
        one: Multiply-adds in registers, one thread.
        all: The same on all threads.
        reached: Of a network's forward pass, on all threads.
        by_clock: What the clock and the vectors come to, of all threads; none where the clock is
            not known.
    """

    one: float
    all: float
    reached: float
    by_clock: float | None

    @property
    def share(self) -> float:
        """What the network reached of the peak."""
        return self.reached / self.all


@dataclass(frozen=True)
class Diagnosis(Record):
    """What was found.

    Attributes:
        version: Pellucid's.
        machine: The machine.
        needed: Versions of libraries; none where one is missing.
        extras: Of each extra the same.
        agreements: Engines beside the reference.
        absent: Engines that are not there, and why.
        speed: How fast; none without the native engine.
        remarks: What is worth looking at.
    """

    record_kind: ClassVar[str] = "diagnosis"
    version: str
    machine: Machine
    needed: dict[str, str | None]
    extras: dict[str, dict[str, str | None]]
    agreements: tuple[Agreement, ...]
    absent: dict[str, str]
    speed: Speed | None
    remarks: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether all engines that are there agree."""
        return all(each.agrees for each in self.agreements)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"agrees": self.agrees, **asdict(self)}


def diagnose() -> Diagnosis:
    """Look at the machine, compare engines and measure speed; some twenty seconds.

    Raises:
        ArgumentError: If ``PELLUCID_THREADS`` is no number of threads.
    """
    machine = find_machine()
    agreements, absent = compare_engines()
    speed = _measured(machine) if machine.lanes else None
    return Diagnosis(
        __version__,
        machine,
        {name: installed(name) for name in NEEDED},
        {extra: {name: installed(name) for name in names} for extra, names in EXTRAS.items()},
        tuple(agreements),
        absent,
        speed,
        tuple(_remarks(machine, speed)),
    )


def _measured(machine: Machine) -> Speed:
    from pellucid.engines.native.report import report
    from pellucid.engines.native.runtime.host.peak import measure_peak
    from pellucid.engines.native.runtime.host.this_machine import host_target
    from pellucid.engines.native.timing import measure

    target = host_target(machine.threads)
    graph = get_architecture(MEASURED)(CLASSES).graph(SHAPE)
    network = Network(graph, initial_weights(graph, 0))
    timing = measure(network, target, batch=BATCH, training=False)
    flops = report(graph, target, batch=BATCH, training=False).flops
    by_clock = None
    if machine.gigahertz is not None:
        by_clock = machine.gigahertz * machine.lanes * 2 * UNITS * machine.threads
    return Speed(measure_peak(1, target), timing.peak, flops / timing.whole / 1e9, by_clock)


def _remarks(machine: Machine, speed: Speed | None) -> list[str]:
    """What a reader should look at."""
    found = []
    if not machine.lanes:
        found.append("llvmlite is not installed, so that networks are computed by the reference")
    if machine.load is not None and machine.load > machine.allowed:
        found.append(
            f"{machine.load:.1f} processes want to run on "
            f"{counted(machine.allowed, 'processor')}: measured speeds are too low"
        )
    if speed is not None and speed.share < EXPECTED:
        found.append(
            f"a network reaches {speed.share:.0%} of the peak, and at least {EXPECTED:.0%} is usual"
        )
    if speed is not None and speed.all < 0.7 * speed.one * machine.threads:
        found.append(
            f"{machine.threads} threads together are {speed.all / speed.one:.1f} times as fast as "
            "one: others use the cores, or they share them"
        )
    if machine.kept_in.startswith("nowhere"):
        found.append(f"compiled code is kept {machine.kept_in}: every process compiles again")
    return found
