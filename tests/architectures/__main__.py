"""``scripts/networks``: the native engine beside PyTorch on named networks, one after the other."""

from __future__ import annotations

import sys
from time import perf_counter

from pellucid.architectures import ARCHITECTURES, get_architecture
from tests.architectures.agreement import assert_engines_agree


def main(names: list[str]) -> None:
    """Compare the named networks, or all."""
    for name in names:
        get_architecture(name)
    for name in names or ARCHITECTURES:
        start = perf_counter()
        assert_engines_agree(name)
        print(f"{name}: they agree ({perf_counter() - start:.0f} s)", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
