"""How much memory this process may still take, checked before much is asked for.

Linux promises memory that it does not have, and ends the process that uses it, without a word. So
large arrays are compared with what there is before they are made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.cgroup import ROOT, groups, read_text
from pellucid.errors import NotEnoughMemoryError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL = 1 << 26
"""Bytes up to which nothing is checked."""


def check_memory(needed: int, what: str, advice: str, root: Path = ROOT) -> None:
    """Check that so much memory can be taken.

    Args:
        needed: Bytes.
        what: What needs them, as the beginning of a sentence in the plural.
        advice: What can be done about it.
        root: Where the system's files are; another folder in tests.

    Raises:
        NotEnoughMemoryError: If there is less; the message says how much of both.
    """
    if needed <= SMALL:
        return
    free = available_memory(root)
    if free is not None and needed > free:
        raise NotEnoughMemoryError(
            f"{what} need {gigabytes(needed)} of memory, and {gigabytes(free)} are available; "
            f"{advice}"
        )


def available_memory(root: Path = ROOT) -> int | None:
    """Bytes that this process may still take; None where the system does not say.

    The least of what the machine has (``MemAvailable``), what the limits of control groups (both
    versions) leave, and what the limit of the process's address space leaves. Files that the
    system keeps in memory count as available, since it gives them up.

    Args:
        root: Where the system's files are; another folder in tests.
    """
    left = [*_machine(root), *_groups(root)]
    if root == ROOT:
        left += _address_space()
    return max(0, min(left)) if left else None


def gigabytes(size: int) -> str:
    """A number of bytes for people: ``12.1 GB``."""
    return f"{min(size, 10**30) / 1e9:.3g} GB"


def _machine(root: Path) -> Iterator[int]:
    for line in read_text(root / "proc/meminfo").splitlines():
        name, _, value = line.partition(":")
        number = value.split()[:1]
        if name == "MemAvailable" and number and number[0].isdecimal():
            yield 1024 * int(number[0])


def _groups(root: Path) -> Iterator[int]:
    files = {
        1: (
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            ("total_inactive_file", "total_active_file"),
        ),
        2: ("memory.max", "memory.current", ("inactive_file", "active_file")),
    }
    for group, version in groups("memory", root):
        most, used, kept = files[version]
        limit, usage = read_text(group / most), read_text(group / used)
        if not (limit.isdecimal() and usage.isdecimal()):  # "max", or no such file
            continue
        lines = (line.split() for line in read_text(group / "memory.stat").splitlines())
        given_up = sum(int(line[1]) for line in lines if len(line) == 2 and line[0] in kept)
        yield int(limit) - max(0, int(usage) - given_up)


def _address_space() -> Iterator[int]:
    try:
        import resource
    except ImportError:  # Windows
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    pages = read_text(ROOT / "proc/self/statm").split()[:1]
    if limit != resource.RLIM_INFINITY and pages and pages[0].isdecimal():
        yield limit - int(pages[0]) * resource.getpagesize()
