"""What compiling took is given back, and compiling goes on as before."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pellucid.engines.native.assemble import object_code
from pellucid.engines.native.runtime.host.machine import code_of
from pellucid.engines.native.runtime.host.reclaim import reclaim, unchanged
from pellucid.engines.native.runtime.host.this_machine import host_target

TEXT = "define i64 @f(i64 %x) {\n  %y = add i64 %x, 1\n  ret i64 %y\n}\n"

PIECES = """\
00400000-00500000 r-xp 00001000 08:01 77                                 /usr/lib/a b.so
Size:               1024 kB
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd ex
00600000-00601000 r--p 00002000 08:01 77                                 /usr/lib/a b.so
Anonymous:             4 kB
Swap:                  0 kB
00602000-00603000 r--p 00004000 08:01 77                                 /usr/lib/a b.so
Anonymous:             0 kB
Swap:                  4 kB
00604000-00605000 rw-p 00006000 08:01 77                                 /usr/lib/a b.so
Anonymous:             0 kB
Swap:                  0 kB
7f0000000000-7f0000001000 rw-p 00000000 00:00 0
Anonymous:             0 kB
Swap:                  0 kB
7f0000002000-7f0000003000 rw-p 00000000 00:00 0                          [heap]
Anonymous:             0 kB
Swap:                  0 kB
7f0000004000-7f0000005000 r--s 00000000 08:01 78                         /usr/share/c
Anonymous:             0 kB
Swap:                  0 kB
"""


def resident() -> int:
    """KiB of LLVM's files in memory."""
    found, inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first, *rest = line.split(maxsplit=5)
        if not first.endswith(":"):
            inside = len(rest) > 4 and "llvm" in Path(rest[4]).name.lower()
        elif first == "Rss:" and inside:
            found += int(rest[0])
    return found


def test_pieces_of_files_that_are_as_they_are_on_disk() -> None:
    assert [*unchanged(PIECES.splitlines(keepends=True))] == [
        (0x400000, 0x500000, "/usr/lib/a b.so"),
        (0x7F0000004000, 0x7F0000005000, "/usr/share/c"),
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is given back")
def test_the_compiler_takes_no_memory_when_it_has_compiled() -> None:
    """Each time again: where its pages lie is looked for the first time alone."""
    code = object_code(TEXT, host_target())
    for _ in range(2):
        held = resident()
        reclaim()
        assert held > 30_000
        assert resident() < held / 5
        assert object_code(TEXT, host_target()) == code


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is given back")
def test_whoever_compiles_gives_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path))  # which holds no code
    object_code(TEXT, host_target())
    held = resident()
    code_of(TEXT, host_target())
    assert [path.is_file() for path in tmp_path.iterdir()]
    assert resident() < held / 5
