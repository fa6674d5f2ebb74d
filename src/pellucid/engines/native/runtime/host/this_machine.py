"""The machine that runs this process, as a target."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from pellucid.engines.native.target import ARM, Target


def host_target(threads: int = 1) -> Target:
    """The target that this process runs on, with a number of threads."""
    return replace(_host(), threads=threads)


@cache
def _host() -> Target:
    from llvmlite import binding as llvm

    features = llvm.get_host_cpu_features()
    triple = llvm.get_default_triple()
    wide = bool(features.get("avx512f"))
    lanes = 16 if wide else 8 if features.get("avx") else 4
    registers = 32 if wide or triple.startswith(ARM) else 16
    return Target(triple, llvm.get_host_cpu_name(), features.flatten(), lanes, registers)
