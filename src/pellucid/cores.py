"""How many threads and processes work at once: as set, or the physical cores that may be used.

The native engine's threads, those that decode pictures, and helping processes follow this number.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pellucid.cgroup import ROOT, groups, read_text
from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

VARIABLE = "PELLUCID_THREADS"
MOST = 1024
"""Threads that anyone may ask for; more is a slip of the pen."""


def available_threads(environment: Mapping[str, str] = os.environ, root: Path = ROOT) -> int:
    """``PELLUCID_THREADS``, or as many as there are cores for this process.

    Two hardware threads of one core share its multipliers, which one thread alone keeps busy: they
    count once. A limit on the processor time of a container counts as well.

    Args:
        environment: The process's variables.
        root: Where the system's files are; another folder in tests.

    Raises:
        ArgumentError: If ``PELLUCID_THREADS`` is no such number.
    """
    described = environment.get(VARIABLE, "").strip()
    if described:
        return check_threads(described, VARIABLE)
    if hasattr(os, "sched_getaffinity"):
        allowed = os.sched_getaffinity(0)
    else:
        allowed = set(range(os.cpu_count() or 1))
    cores = physical_cores(allowed, root)
    limit = processor_time(root)
    return min(cores, limit) if limit else cores


def check_threads(threads: object, name: str = "threads") -> int:
    """Check a number of threads, or the text of one.

    Raises:
        ArgumentError: If it is no whole number from 1 to :data:`MOST`.
    """
    number = threads
    if isinstance(threads, str) and threads.isdecimal() and len(threads) < 10:
        number = int(threads)
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= MOST:
        raise ArgumentError(
            f"{name} must be a whole number from 1 to {MOST}, got {threads!r:.80}; leave it out "
            "to use every core"
        )
    return number


def physical_cores(processors: Iterable[int], root: Path = ROOT) -> int:
    """Cores that some processors, as the system numbers them, belong to."""
    topology = root / "sys/devices/system/cpu"
    return len(
        {
            read_text(topology / f"cpu{number}/topology/thread_siblings_list") or str(number)
            for number in processors
        }
    )


def processor_time(root: Path = ROOT) -> int:
    """Processors that a container's limit on processor time comes to, rounded up; 0 if none."""
    limits = []
    for group, version in groups("cpu", root):
        if version == 1:
            quota, period = (read_text(group / f"cpu.cfs_{x}_us") for x in ("quota", "period"))
        else:
            quota, period = [*read_text(group / "cpu.max").split(), "", ""][:2]
        limits.append(_rounded(quota, period))
    return min(filter(None, limits), default=0)


def _rounded(quota: str, period: str) -> int:
    """⌈quota / period⌉, at least 1; 0 for no limit, ``max`` or −1."""
    if not (quota.isdecimal() and period.isdecimal() and int(period)):
        return 0
    return max(1, -(-int(quota) // int(period)))
