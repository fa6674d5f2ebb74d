"""What machine the figures were measured on."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Machine:
    """A machine, described and measured.

    Attributes:
        facts: Processor, system and versions, in words.
        load: How many others wanted to run on average in the minute before.
        peaks: GFLOP/s of multiply-adds in registers, by number of threads: 1 and those that are
            used.
        matrix_product: GFLOP/s of NumPy's float32 matrix product, 1024³.
    """

    facts: dict[str, str]
    load: float
    peaks: dict[int, float]
    matrix_product: float

    @property
    def peak(self) -> float:
        """With all threads that are used."""
        return self.peaks[max(self.peaks)]

    def lines(self) -> list[str]:
        """For people, one fact a line."""
        found = [f"{name}: {value}" for name, value in self.facts.items()]
        most = max(self.peaks)
        found.append(f"FMA peak, one thread: {self.peaks[1]:.0f} GFLOP/s")
        if most > 1:
            found.append(
                f"FMA peak, {most} threads: {self.peak:.0f} GFLOP/s: {most} threads give "
                f"×{self.peak / self.peaks[1]:.2f} of one"
            )
        found.append(f"NumPy's matrix product: {self.matrix_product:.0f} GFLOP/s")
        found.append(f"load in the minute before: {self.load:.2f}")
        return found

    def again(self) -> Machine:
        """The same, its peaks measured once more: the higher ones, for others only take from it."""
        found = _peaks(max(self.peaks))
        return replace(self, peaks={n: max(peak, found[n]) for n, peak in self.peaks.items()})

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def examine(threads: int) -> Machine:
    """This machine: what it is, and the most that ``threads`` threads can do.

    Two threads that do no more than one are two halves of one core (SMT), or share it with others.
    """
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return Machine(describe(), load, _peaks(threads), matrix_product_speed())


def _peaks(threads: int) -> dict[int, float]:
    from pellucid.engines.native.runtime.host.peak import measure_peak

    return {count: measure_peak(count) for count in sorted({1, threads})}


def describe() -> dict[str, str]:
    """Processor, cores, system and versions, in words."""
    return {
        "processor": _cpuinfo("model name") or platform.processor() or "unknown",
        "processors that may be used": str(_processors()),
        "vectors": ", ".join(_vectors()) or "unknown",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "NumPy": np.__version__,
        "llvmlite": _version("llvmlite"),
        "PyTorch": _version("torch"),
        "ONNX Runtime": _version("onnxruntime"),
        "OpenVINO": _version("openvino"),
        "JAX": _version("jax"),
        "Keras": _version("keras"),
    }


def matrix_product_speed(repeats: int = 7) -> float:
    """GFLOP/s of NumPy's float32 matrix product, 1024³, the best of several."""
    a = np.ones((1024, 1024), np.float32)
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    return 2 * 1024**3 / best / 1e9


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpuinfo(field: str) -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith(field):
                return line.partition(":")[2].strip()
    return ""


def _vectors() -> list[str]:
    flags = _cpuinfo("flags").split()
    return [name for name in ("sse4_2", "avx2", "fma", "avx512f", "avx512_vnni") if name in flags]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
