"""Learn to steer on drawn drives, and judge by other drives, with the commands that users have.

python -m benchmarks.driving                    # some minutes
python -m benchmarks.driving --moments 60 --epochs 8 --size 64x96 --without-sides
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.drives import CORRECTION, Drive, write_list

AUGMENT = "horizontal_flip=yes,flip_negates=angle,brightness=0.3,contrast=0.3,saturation=0.5"


def drives(folder: Path, count: int, moments: int, size: tuple[int, int], seed: int) -> Path:
    """Write drives, each along its own road in its own light, and their list."""
    rows: list[list[str]] = []
    for k in range(count):
        rows += Drive.random(1000 * seed + k, moments).write(folder, f"drive{k}", *size)
    return write_list(folder / "drives.csv", rows)


def train_arguments(
    source: Path, run: Path, *, fold: str, epochs: int, seed: int, sides: bool
) -> list[str]:
    """What ``pellucid train`` is given."""
    given = [
        str(source), "--label-column", "angle", "-a", "pilotnet", "--epochs", str(epochs),
        "--group", "drive", "--test-fold", fold, "--augment", AUGMENT, "--seed", str(seed),
        "--out", str(run),
    ]  # fmt: skip
    return [*given, "--side-cameras", str(CORRECTION)] if sides else given


def main(arguments: list[str] | None = None) -> int:
    """Draw, train, judge and print; 1 where R² is below 0.9."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.driving")
    parser.add_argument("--drives", type=int, default=16)
    parser.add_argument("--moments", type=int, default=60)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--size", default="66x200", help="HEIGHTxWIDTH")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--without-sides", action="store_true", help="leave the side cameras out")
    given = parser.parse_args(arguments)
    height, width = map(int, given.size.split("x"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = drives(folder, given.drives, given.moments, (height, width), given.seed)
        start = perf_counter()
        command = train_arguments(
            source, folder / "run", fold="1/4", epochs=given.epochs, seed=given.seed,
            sides=not given.without_sides,
        )  # fmt: skip
        _pellucid("train", *command)
        seconds = perf_counter() - start
        found: dict[str, Any] = json.loads(
            _pellucid("evaluate", str(folder / "run"), str(source), "--json", "--bands", "0.1")
        )
    small, large = found["bands"]
    ratio = next(each for each in found["baselines"] if each["name"] == "always 0")["error_ratio"]
    words = (
        f"{found['count']} pictures of other drives: R² {found['r2']:.4f}, squared error "
        f"÷ always 0 {ratio:.3f}, mean absolute error "
        f"{found['mean_absolute_error']:.4f}, where |angle| > 0.1 "
        f"{large['mean_absolute_error']:.4f} (elsewhere {small['mean_absolute_error']:.4f}), right "
        f"sign there {large['right_sign']:.1%}; trained in {seconds:.0f} s"
    )
    print(words)
    return 0 if found["r2"] >= 0.9 else 1


def _pellucid(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pellucid", *arguments], check=True, stdout=subprocess.PIPE,
        encoding="utf-8",
    )  # fmt: skip
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
