"""Compare engines on random graphs: ``scripts/fuzz N [--seed S] [--orders]``.

The native engine must compute all of them itself. It declines float64 and steps without layers,
neither of which is drawn here; operations without a kernel are computed by their definitions
between its own stages, and are counted.

With ``--orders`` native programs learn and answer in random orders, on one to four threads, and are
compared with each other and with new ones.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections import Counter
from contextlib import nullcontext

import torch

from tests.engines.agreement import disagreements, naming, without_kernel
from tests.engines.native.random_orders import differences, small_work_shared


def main() -> int:
    """Draw graphs one after the other, and print those on which engines differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int, help="how many graphs")
    parser.add_argument("--seed", type=int, help="of the first; each has the next; any by default")
    parser.add_argument("--orders", action="store_true", help="compare orders of calls instead")
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
        with naming(f"--seed {seed}"), small_work_shared() if options.orders else nullcontext():
            graph, words = (differences if options.orders else disagreements)(seed)
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
    differ = "orders" if options.orders else "engines"
    sys.stdout.write(f"{differ} differ on {len(failed)} of {options.count}: {failed}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
