"""Compare public names with the recorded ones; with ``--write``, record them."""

from __future__ import annotations

import sys

from tests.public.surface import differences, write


def main(arguments: list[str]) -> int:
    """Say what is gone, changed and new."""
    gone, changed, new = differences()
    for title, lines in (("gone", gone), ("changed", changed), ("new", new)):
        for line in lines:
            sys.stdout.write(f"{title}: {line}\n")
    if "--write" in arguments:
        write()
        return 0
    return 1 if gone or changed or new else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
