"""A machine and how well Pellucid works on it, as text to paste into a report of a bug."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.memory import gigabytes
from pellucid.show import document as d
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pellucid.evaluation.diagnosis.diagnosis import Diagnosis, Speed
    from pellucid.evaluation.diagnosis.machine import Machine


def diagnosis_document(found: Diagnosis) -> d.Document:
    """Machine, libraries, engines, speed, remarks."""
    parts: list[d.Part] = [
        d.Section("machine", [d.Facts(list(_machine(found.machine)))]),
        d.Section("installed", [d.Facts(list(_installed(found)))]),
        d.Section("engines beside the reference", list(_engines(found))),
    ]
    if found.speed is not None:
        parts.append(d.Section("speed", [d.Facts(list(_speed(found.speed, found.machine)))]))
    if found.remarks:
        parts.append(d.Section("look at", [d.Items(list(found.remarks))]))
    return d.Document(f"pellucid {found.version}", tuple(parts))


def _machine(machine: Machine) -> Iterator[tuple[str, str, str]]:
    yield "system", machine.system, ""
    yield "Python", machine.python, ""
    clock = f" at {machine.gigahertz:.2f} GHz" if machine.gigahertz is not None else ""
    yield "processor", f"{printable(machine.processor)}{clock}", machine.compiled_for
    if machine.lanes:
        yield "vectors", counted(machine.lanes, "float"), ", ".join(machine.vectors)
    yield "threads", str(machine.threads), machine.because
    limits = f"{machine.allowed} of {machine.logical} allowed, {counted(machine.cores, 'core')}"
    quota = f"limited to {machine.quota} (cgroup)" if machine.quota else "no limit of a cgroup"
    yield "processors", limits, quota
    for name, value in machine.variables.items():
        yield name, printable(value), ""
    yield "caches", ", ".join(machine.caches) or "not known", ""
    memory, free = (
        gigabytes(size) if size is not None else "not known"
        for size in (machine.memory, machine.free)
    )
    yield "memory", memory, f"{free} available to this process"
    if machine.load is not None:
        yield "load", f"{machine.load:.1f}", "processes that wanted to run in the last minute"
    yield "compiled code", printable(machine.kept_in), ""


def _installed(found: Diagnosis) -> Iterator[tuple[str, str, str]]:
    yield "needed", _versions(found.needed), ""
    for extra, names in found.extras.items():
        yield extra, _versions(names), ""


def _versions(names: Mapping[str, str | None]) -> str:
    if not any(names.values()):
        return "not installed"
    return ", ".join(f"{name} {number or '(not installed)'}" for name, number in names.items())


def _engines(found: Diagnosis) -> Iterator[d.Part]:
    rows = [
        (
            each.engine,
            each.what,
            f"{each.difference:.1e}",
            f"{each.seconds:.1f}",
            "agrees" if each.agrees else "DIFFERS",
        )
        for each in found.agreements
    ]
    heads = ("engine", "what", "largest difference", "seconds", "")
    if rows:
        yield d.Table("engines beside the reference", heads, rows, left=2)
    for name, reason in found.absent.items():
        yield d.Text(f"{name}: {printable(reason)}")


def _speed(speed: Speed, machine: Machine) -> Iterator[tuple[str, str, str]]:
    yield "peak, 1 thread", f"{speed.one:.0f} GFLOP/s", "multiply-adds in registers"
    clock = f"{speed.by_clock:.0f} by the clock" if speed.by_clock is not None else ""
    yield f"peak, threads: {machine.threads}", f"{speed.all:.0f} GFLOP/s", clock
    yield "a network", f"{speed.reached:.0f} GFLOP/s", f"{speed.share:.0%} of the peak"
