"""Train with several seeds, and tell how well it goes: one figure of one seed is partly luck.

    python examples/repeat_training.py 5 mnist --architecture lenet5 --epochs 3

The first argument is how many seeds, from 0 on; the second the pictures, which must have a part for
tests; all others go to ``pellucid train``. The runs are kept in runs/seeds.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any


def pellucid(*arguments: str) -> dict[str, Any]:
    """What a command answers with ``--json``; what it says on the way is shown if it fails."""
    command = [sys.executable, "-m", "pellucid", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def main(seeds: int, data: str, options: list[str]) -> None:
    """Train and judge each; then the median of all."""
    accuracies = []
    for seed in range(seeds):
        folder = str(Path("runs", "seeds", str(seed)))
        start = perf_counter()
        trained = pellucid(
            "train", data, *options, "--seed", str(seed), "--out", folder, "--overwrite"
        )
        seconds = perf_counter() - start
        best = trained["best"].get("validation_accuracy")
        held_out = "" if best is None else f"validation {best:.2%}, "
        accuracies.append(pellucid("evaluate", folder, data)["accuracy"])
        print(f"seed {seed}: {held_out}test {accuracies[-1]:.2%}, {seconds:.1f} s", flush=True)
    print(f"median of {seeds}: {median(accuracies):.2%}")


if __name__ == "__main__":
    if len(sys.argv) < 3 or not sys.argv[1].isdecimal():
        sys.exit(__doc__)
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
