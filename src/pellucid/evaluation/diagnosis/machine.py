"""The machine as this process sees it: processor, threads and what limits them, caches, memory."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.cgroup import ROOT, read_text
from pellucid.cores import VARIABLE, available_threads, physical_cores, processor_time
from pellucid.memory import available_memory
from pellucid.text import counted
from pellucid.user_cache import user_cache

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLES = (
    VARIABLE, "PELLUCID_CACHE", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
)  # fmt: skip
"""Variables of the environment that change how fast things are; the last three those of NumPy and
PyTorch."""

VECTORS = (
    "sse4.2", "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512vnni", "amx-tile",
    "neon", "fullfp16", "dotprod", "sve", "sve2",
)  # fmt: skip
"""Features of processors that are listed, as LLVM names them."""


@dataclass(frozen=True)
class Machine:
    """A machine.

    Attributes:
        system: Its operating system and architecture.
        python: Implementation and version.
        processor: What the system calls the processor.
        compiled_for: What LLVM calls it; empty without LLVM.
        vectors: Which of :data:`VECTORS` it has.
        lanes: Floats in a vector of the native engine; 0 without LLVM.
        gigahertz: Its clock when it was asked; none where the system does not say.
        logical: Processors of the machine, hardware threads counted.
        allowed: How many of these the process may use.
        cores: Physical cores that those belong to.
        quota: Processors that a container's limit comes to; 0 where there is none.
        threads: Threads that the native engine takes.
        because: What decides their number.
        variables: Those of :data:`VARIABLES` that are set.
        caches: Of the first processor, e.g. ``L2 2048K``.
        memory: Bytes of the machine; none where the system does not say.
        free: Bytes that this process may still take; none where the system does not say.
        load: Processes that wanted to run in the last minute; none where the system does not say.
        kept_in: Where compiled code is kept, or why it is not.
    """

    system: str
    python: str
    processor: str
    compiled_for: str
    vectors: tuple[str, ...]
    lanes: int
    gigahertz: float | None
    logical: int
    allowed: int
    cores: int
    quota: int
    threads: int
    because: str
    variables: dict[str, str]
    caches: tuple[str, ...]
    memory: int | None
    free: int | None
    load: float | None
    kept_in: str


def find_machine(environment: Mapping[str, str] = os.environ, root: Path = ROOT) -> Machine:
    """Look at the machine.

    Args:
        environment: The process's variables.
        root: Where the system's files are; another folder in tests.

    Raises:
        ArgumentError: If ``PELLUCID_THREADS`` is no number of threads.
    """
    logical = os.cpu_count() or 1
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(logical))
    cores, quota = physical_cores(allowed, root), processor_time(root)
    processor = _cpuinfo("model name", root) or platform.processor() or platform.machine()
    clock = _cpuinfo("cpu MHz", root)
    compiled_for, vectors, lanes = _compiler()
    return Machine(
        system=f"{platform.system()} {platform.release()}, {platform.machine()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        processor=processor,
        compiled_for=compiled_for,
        vectors=vectors,
        lanes=lanes,
        gigahertz=float(clock) / 1000 if clock.replace(".", "", 1).isdecimal() else None,
        logical=logical,
        allowed=len(allowed),
        cores=cores,
        quota=quota,
        threads=available_threads(environment, root),
        because=_because(environment, logical, len(allowed), cores, quota),
        variables={name: environment[name] for name in VARIABLES if environment.get(name)},
        caches=_caches(root),
        memory=_memory(root),
        free=available_memory(root),
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        kept_in=_kept_in(environment),
    )


def _because(
    environment: Mapping[str, str], logical: int, allowed: int, cores: int, quota: int
) -> str:
    """What decides how many threads there are."""
    if environment.get(VARIABLE, "").strip():
        return f"{VARIABLE} says so"
    if quota and quota < cores:
        return f"the container's limit of processor time (its cgroup) comes to {quota}"
    found = counted(cores, "core")
    if allowed < logical:
        return f"the process may use {allowed} of {logical} processors (affinity), {found}"
    if cores < logical:
        return f"{logical} hardware threads share {found}"
    return found


def _compiler() -> tuple[str, tuple[str, ...], int]:
    """What LLVM knows of the processor: its name, its features and the lanes that are used."""
    try:
        from pellucid.engines.native.runtime.host.this_machine import host_target

        target = host_target()
    except ImportError:
        return "", (), 0
    features = set(target.features.split(","))
    return target.cpu, tuple(name for name in VECTORS if f"+{name}" in features), target.lanes


def _cpuinfo(key: str, root: Path) -> str:
    for line in read_text(root / "proc/cpuinfo").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def _caches(root: Path) -> tuple[str, ...]:
    found = []
    for folder in sorted((root / "sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = (read_text(folder / name) for name in ("level", "type", "size"))
        if level and size and kind != "Instruction":
            found.append(f"L{level} {size}")
    return tuple(found)


def _memory(root: Path) -> int | None:
    for line in read_text(root / "proc/meminfo").splitlines():
        name, _, value = line.partition(":")
        if name == "MemTotal" and value.split()[:1] and value.split()[0].isdecimal():
            return 1024 * int(value.split()[0])
    return None


def _kept_in(environment: Mapping[str, str]) -> str:
    """The folder of compiled code, without the user's name."""
    folder, reason = user_cache(environment)
    if folder is None:
        return f"nowhere: {reason}"
    home = Path.home()
    return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)
