"""Learn to write joined spoken digits, and judge by other takes, with the commands that users have.

python -m benchmarks.transcripts DIGITS         # a folder of DIGIT_SPEAKER_TAKE.wav
python -m benchmarks.transcripts DIGITS --units characters --passes 1 --epochs 8 --keep joined

DIGITS is the folder of recordings of the free-spoken-digit-dataset. See benchmarks.joined_digits
for how they are joined. The test takes are asked once, when everything is learned.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from benchmarks.joined_digits import write_joined

MOST_ERROR = 0.06
"""Word error up to which the benchmark succeeds."""

TEST_PASSES = 3
"""How often each test take occurs, in other sequences."""


def main(arguments: list[str] | None = None) -> int:
    """Join, train, judge and print; 1 where the word error is above 6 %."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.transcripts")
    parser.add_argument("digits", type=Path)
    parser.add_argument("--passes", type=int, default=2, help="how often a take is learned")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--units", choices=("words", "characters"), default="words")
    parser.add_argument("--seed", type=int, default=0, help="of the sequences and of training")
    parser.add_argument("--keep", type=Path, help="a folder for recordings and run")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = given.keep or Path(name)
        passes = {"train": given.passes, "val": 1, "test": TEST_PASSES}
        source = write_joined(given.digits, folder, passes, given.seed)
        start = perf_counter()
        pellucid(
            "train", str(source), "--units", given.units, "--epochs", str(given.epochs),
            "--seed", str(given.seed), "--out", str(folder / "run"), "--overwrite",
        )  # fmt: skip
        seconds, processor = perf_counter() - start, _processor_seconds()
        judged = json.loads(pellucid("evaluate", str(folder / "run"), str(source), "--json"))
    low, high = judged["word_error_interval"]
    print(
        f"{judged['count']} sequences of test takes, {judged['words']} words: word error "
        f"{judged['word_error']:.2%} (95 % interval {low:.2%} to {high:.2%}), "
        f"{judged['substitutions']} taken for others, {judged['deletions']} left out, "
        f"{judged['insertions']} added; {judged['whole']} without an error; trained in "
        f"{seconds:.0f} s, {processor:.0f} s of processor time"
    )
    return 0 if judged["word_error"] <= MOST_ERROR else 1


def pellucid(*arguments: str) -> str:
    """What a command prints; its remarks are shown as they come."""
    done = subprocess.run(
        [sys.executable, "-m", "pellucid", *arguments], check=True, stdout=subprocess.PIPE,
        encoding="utf-8",
    )  # fmt: skip
    return done.stdout


def _processor_seconds() -> float:
    """Seconds that all commands so far have computed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
