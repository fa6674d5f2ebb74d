"""How hard LLVM's code generator works for a test: less where code runs a few times at most.

At level 0 code is ready in half of the time, and takes twice as long to run. Sums keep their order,
so results are the same to the last bit: ``tests/engines/native/test_code_level.py`` looks at it for
kernels of all families, ``tests/golden`` at what users' code learns.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent

FOLDERS = {"architectures", "engines", "explain", "graph", "interop", "ops"}
"""Whose tests compile many networks and compute little with each."""

AS_FOR_USERS = {
    "test_embedded.py",
    "test_machine.py",
    "test_peak.py",
    "test_processes.py",
    "test_targets.py",
    "test_team.py",
    "test_together.py",
}
"""Files among them about the code itself, or what other processes compile, or long training."""

_for_users: list[int] = []


def choose_level(path: Path) -> None:
    """Choose the level for the tests of a file, once something has imported the compiler."""
    assemble: Any = sys.modules.get("pellucid.engines.native.assemble")
    if assemble is None:
        return
    if not _for_users:
        _for_users.append(assemble.LEVEL)
    folder, *_ = path.relative_to(TESTS).parts
    quick = folder in FOLDERS and path.name not in AS_FOR_USERS
    assemble.LEVEL = 0 if quick else _for_users[0]
