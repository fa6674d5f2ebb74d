"""Record golden losses: ``scripts/golden [case …]``; without names, every case.

Without ``--write`` it only says what would change.
"""

from __future__ import annotations

import sys

from tests.golden.cases import CASES
from tests.golden.recorded import read, record, write


def main(arguments: list[str]) -> int:
    """Compute cases, say which differ from the file, and write them where that is asked for."""
    names = [each for each in arguments if each != "--write"] or list(CASES)
    if unknown := sorted(set(names) - CASES.keys()):
        sys.stderr.write(f"unknown case {unknown[0]!r}; there are {', '.join(CASES)}\n")
        return 2
    recorded = read()
    differ = 0
    for name in names:
        before = recorded.get(name, {})
        now = record(name, before)
        same = now == before
        differ += not same
        sys.stdout.write(f"{name}: {'as recorded' if same else 'differs'}\n")
        recorded[name] = now
    if "--write" in arguments:
        write(recorded)
        return 0
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
