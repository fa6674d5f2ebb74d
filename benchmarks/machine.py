"""What machine the figures were measured on."""

from __future__ import annotations

import os
import platform
import time
from importlib import metadata
from pathlib import Path

import numpy as np


def describe() -> dict[str, str]:
    """Processor, cores, systems and versions, in words."""
    return {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "vectors": ", ".join(_vectors()) or "unknown",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "NumPy": np.__version__,
        "PyTorch": _version("torch"),
        "ONNX Runtime": _version("onnxruntime"),
    }


def matrix_product_speed(repeats: int = 7) -> float:
    """GFLOP/s of NumPy's float32 matrix product, 1024³, the best of several: near the peak."""
    a = np.ones((1024, 1024), np.float32)
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    return 2 * 1024**3 / best / 1e9


def _cpuinfo(field: str) -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith(field):
                return line.partition(":")[2].strip()
    return ""


def _processor() -> str:
    return _cpuinfo("model name") or platform.processor() or "unknown"


def _vectors() -> list[str]:
    flags = _cpuinfo("flags").split()
    return [name for name in ("sse4_2", "avx2", "fma", "avx512f") if name in flags]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
