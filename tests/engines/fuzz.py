"""Compare engines on random graphs: ``scripts/fuzz N [--seed S]``.

The native engine must compute all of them itself. It declines float64 and steps without layers,
neither of which is drawn here; operations without a kernel are computed by their definitions
between its own stages, and are counted.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections import Counter

import torch

from tests.engines.agreement import disagreements, without_kernel


def main() -> int:
    """Draw graphs one after the other, and print those on which engines differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int, help="how many graphs")
    parser.add_argument("--seed", type=int, help="of the first; each has the next; any by default")
    options = parser.parse_args()
    first = secrets.randbelow(10**9) if options.seed is None else options.seed
    torch.set_num_threads(1)
    kinds: Counter[str] = Counter()
    without: Counter[str] = Counter()
    failed: list[int] = []
    sys.stdout.write(f"{options.count} graphs, --seed {first}\n")
    for number, seed in enumerate(range(first, first + options.count)):
        if number % 50 == 0:
            sys.stderr.write(f"{number} of {options.count}, {len(failed)} failed\n")
        graph, words = disagreements(seed)
        kinds.update({node.operation.kind for node in graph.nodes})
        without.update(without_kernel(graph))
        if words:
            failed.append(seed)
            lines = [f"\nseed {seed}:", *words, *map(str, graph.nodes)]
            sys.stdout.write("\n  ".join(lines) + "\n")
            sys.stdout.flush()
    drawn = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    sys.stdout.write(f"graphs with each operation: {drawn}\n")
    defined = ", ".join(f"{kind} {count}" for kind, count in sorted(without.items()))
    sys.stdout.write(f"without a native kernel: {defined or 'none'}\n")
    sys.stdout.write(f"engines differ on {len(failed)} of {options.count}: {failed}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
