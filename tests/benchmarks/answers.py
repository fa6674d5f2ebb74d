"""What a contender computes on workloads, in one process: ``… this CONTENDER WORKLOAD …``."""

from __future__ import annotations

import json
import sys

from benchmarks.check import answers
from benchmarks.workloads import WORKLOADS


def main(contender: str, *workloads: str) -> None:
    """Print answers by workload."""
    found = {name: answers(contender, WORKLOADS[name], threads=1) for name in workloads}
    sys.stdout.write(f"\n{json.dumps(found)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
