"""The processor that code is made for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Processor:
    """What LLVM needs to know of a processor, and what a tile needs.

    Attributes:
        triple: Architecture and system, as LLVM names them.
        name: The processor, as LLVM names it.
        features: ``+avx2,-avx512f,…``.
        lanes: Floats in a vector register.
        registers: How many vector registers there are.
        pause: The call by which a waiting thread slows down, in LLVM's words; empty where none is.
    """

    triple: str
    name: str
    features: str
    lanes: int
    registers: int
    pause: str


@cache
def this_processor() -> Processor:
    """The processor that this process runs on."""
    from llvmlite import binding as llvm

    features = llvm.get_host_cpu_features()
    triple = llvm.get_default_triple()
    wide = bool(features.get("avx512f"))
    lanes = 16 if wide else 8 if features.get("avx") else 4
    x86 = triple.startswith(("x86_64", "i686", "i386"))
    arm = triple.startswith(("aarch64", "arm64"))
    pause = "@llvm.x86.sse2.pause()" if x86 else "@llvm.aarch64.hint(i32 1)" if arm else ""
    registers = 32 if wide or arm else 16
    name = llvm.get_host_cpu_name()
    return Processor(triple, name, features.flatten(), lanes, registers, pause)
