"""The machine that runs this process, as a target; and the compiler, by its version.

LLVM knows both. What it said is kept beside the code that it made, so that a process all of whose
code comes from the cache does not need LLVM at all.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from pellucid.engines.native.runtime.host.cache import code_cache
from pellucid.engines.native.target import ARM, Target

_PROCESSOR = ("vendor_id", "cpu family", "model", "stepping", "flags")
"""What Linux says of an x86 processor that does not change: all that LLVM goes by is among it."""

_FIRST = 1 << 13
"""Bytes of the system's list of processors that hold the first of them."""


@dataclass(frozen=True)
class Host:
    """What LLVM says of the machine, and of itself.

    Attributes:
        triple: Architecture and system.
        cpu: The processor.
        features: ``+avx2,-avx512f,…``.
        llvm: The version of LLVM.
    """

    triple: str
    cpu: str
    features: str
    llvm: tuple[int, ...]


def host_target(threads: int = 1) -> Target:
    """The target that this process runs on, with a number of threads."""
    host = _host()
    has = set(host.features.split(","))
    wide = "+avx512f" in has
    lanes = 16 if wide else 8 if "+avx" in has else 4
    registers = 32 if wide or host.triple.startswith(ARM) else 16
    return Target(host.triple, host.cpu, host.features, lanes, registers, threads=threads)


def llvm_version() -> tuple[int, ...]:
    """The version of LLVM that compiles."""
    return _host().llvm


@cache
def _host() -> Host:
    key, kept = _key(), code_cache()
    if key and (remembered := kept.get(key)) is not None:
        found = json.loads(remembered)
        return Host(**found | {"llvm": tuple(found["llvm"])})
    host = ask_llvm()
    if key:
        kept.put(key, json.dumps(vars(host)).encode())
    return host


def ask_llvm() -> Host:
    """The machine as LLVM sees it."""
    from llvmlite import binding as llvm

    return Host(
        llvm.get_default_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        tuple(llvm.llvm_version_info),
    )


def _key() -> str:
    """A name for what LLVM says: a digest of all that it depends on; empty if that is unknown."""
    processor, compiler = processor_facts(), _compiler_files()
    if not processor or not compiler:
        return ""
    about = ["what LLVM says of this machine, 1", *processor, *compiler]
    return hashlib.sha256("\0".join(about).encode()).hexdigest()


def processor_facts(listed: Path = Path("/proc/cpuinfo")) -> list[str]:
    """What distinguishes the first processor of an x86 machine from others; nothing elsewhere.

    Args:
        listed: The system's list of processors.
    """
    if sys.platform != "linux":
        return []
    try:
        with listed.open("rb", buffering=0) as file:  # the system writes the list as it is read
            text = file.read(_FIRST).decode(errors="replace")
    except OSError:
        return []
    first, found = text.partition("\n\n")[0], dict[str, str]()
    for line in first.splitlines():
        name, _, value = line.partition(":")
        if name.strip() in _PROCESSOR:
            found[name.strip()] = value.strip()
    return [f"{name} {found[name]}" for name in _PROCESSOR] if len(found) == len(_PROCESSOR) else []


def _compiler_files() -> list[str]:
    """The files of LLVM's library, with size and time."""
    package = find_spec("llvmlite")
    folders = (package.submodule_search_locations if package else None) or []
    return [
        f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}"
        for folder in folders
        for path in sorted(Path(folder, "binding").glob("*llvmlite.*"))
    ]
