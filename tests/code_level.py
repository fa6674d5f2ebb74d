"""How hard LLVM's code generator works for a test: little where code runs a few times at most.

At level 0 code is ready in half of the time, and takes twice as long to run. Sums keep their order,
so results are the same to the last bit: ``tests/engines/native/test_code_level.py`` looks at it for
kernels of all families, ``tests/golden`` at what users' code learns. Nor is LLVM's memory given
back after each module, which the next one would fetch again, but in tests of just that.
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
    *(
        f"engines/native/test_{about}.py"
        for about in (
            "embedded",
            "machine",
            "peak",
            "processes",
            "reclaim",
            "targets",
            "team",
            "together",
        )
    ),
}
"""Folders and files about the code itself, what other processes compile, or long training."""

_for_users: dict[str, Any] = {}


def choose_level(path: Path) -> None:
    """Choose how the tests of a file compile, once something has imported the compiler."""
    file = path.relative_to(TESTS)
    as_for_users = bool(AS_FOR_USERS & {file.parts[0], file.as_posix()})
    _choose("pellucid.engines.native.assemble", "LEVEL", 0, as_for_users=as_for_users)
    _choose(
        "pellucid.engines.native.runtime.host.machine",
        "reclaim",
        lambda: None,
        as_for_users=as_for_users,
    )


def _choose(name: str, attribute: str, here: Any, *, as_for_users: bool) -> None:
    """Let a module have what users have, or what is quicker here."""
    module = sys.modules.get(name)
    if module is not None:
        own = _for_users.setdefault(name, getattr(module, attribute))
        setattr(module, attribute, own if as_for_users else here)
