"""Large arenas lie in large pages, wherever the system has them."""

from __future__ import annotations

import re
from pathlib import Path

from pellucid.engines.native.memory.arena import Arena

OFFERED = Path("/sys/kernel/mm/transparent_hugepage/enabled")
RANGE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) [r-]")


def flags_at(address: int) -> list[str]:
    """What Linux notes of the memory at an address."""
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if found := RANGE.match(line):
            inside = int(found[1], 16) <= address < int(found[2], 16)
        elif inside and line.startswith("VmFlags:"):
            return line.split()[1:]
    raise AssertionError(f"no memory at {address:x}")


def test_a_large_arena_asks_for_large_pages() -> None:
    """NumPy does it, for arrays of 4 MB and more; docs/native-engine.md says what it brings."""
    arena = Arena()
    arena.place("weights", 16 << 20)
    memory = arena.make()
    if OFFERED.exists() and "[never]" not in OFFERED.read_text():
        assert "hg" in flags_at(memory.ctypes.data + memory.nbytes // 2)
