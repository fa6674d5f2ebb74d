"""How hard LLVM's code generator works for a test: little where code runs a few times at most.

At level 0 code is ready in half of the time, and takes twice as long to run. Sums keep their order,
so results are the same to the last bit: ``tests/engines/native/test_code_level.py`` looks at it for
kernels of all families, ``tests/golden`` at what users' code learns.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent

AS_FOR_USERS = {
    "benchmarks",
    "examples",
    "golden",
    "page",
    *(
        f"engines/native/test_{about}.py"
        for about in ("embedded", "machine", "peak", "processes", "targets", "team", "together")
    ),
}
"""Folders and files about the code itself, what other processes compile, or long training."""

_for_users: list[int] = []


def choose_level(path: Path) -> None:
    """Choose the level for the tests of a file, once something has imported the compiler."""
    assemble: Any = sys.modules.get("pellucid.engines.native.assemble")
    if assemble is None:
        return
    if not _for_users:
        _for_users.append(assemble.LEVEL)
    file = path.relative_to(TESTS)
    as_for_users = AS_FOR_USERS & {file.parts[0], file.as_posix()}
    assemble.LEVEL = _for_users[0] if as_for_users else 0
