"""Whether this machine gives pages and the native engine the same bits."""

from __future__ import annotations

from pellucid.engines.native.runtime.host.this_machine import host_target


def fuses() -> bool:
    """Whether this processor fuses multiplications with additions, as relaxed SIMD then does."""
    from llvmlite import binding as llvm

    return "aarch64" in host_target().triple or bool(llvm.get_host_cpu_features().get("fma"))
