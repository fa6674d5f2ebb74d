"""Training in a page beside training in Python, for every architecture that a page can train.

``python -m tests.page.learn_check [NAMES]`` trains each for 50 steps in Python, writes its page,
trains it there again in Chromium, and compares all weights. Pictures are noise.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid import ImageClassifier
from pellucid.data.dataset import Dataset, Splits
from pellucid.errors import ArgumentError
from pellucid.files import load_model
from tests.page.check import ROOT, Compared, architectures, input_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

STEPS, BATCH, CLASSES = 50, 2, 10


def noise(shape: tuple[int, int, int]) -> Splits:
    """Pictures to take the steps with, and a few to judge by."""
    random = np.random.default_rng(6)
    images = random.integers(0, 256, (STEPS * BATCH + 10, *shape)).astype(np.uint8)
    places = np.arange(len(images)) % CLASSES
    names = [f"class {k}" for k in range(CLASSES)]
    parts = (("train", slice(STEPS * BATCH)), ("test", slice(STEPS * BATCH, None)))
    train, test = (Dataset(images[part], places[part], names, name=name) for name, part in parts)
    return Splits(train, None, test)


def agreement(
    found: Mapping[str, NDArray[np.float32]], expected: Mapping[str, NDArray[np.float32]]
) -> Compared:
    """How many weights have the same bits; differences as shares of the largest of an array."""
    assert found.keys() == expected.keys()
    same = total = 0
    apart = 0.0
    for name, theirs in expected.items():
        ours = found[name]
        same += int((ours.view(np.uint32) == theirs.view(np.uint32)).sum())
        total += theirs.size
        scale = max(float(np.abs(theirs).max(initial=0)), float(np.finfo(np.float32).tiny))
        apart = max(apart, float(np.abs(ours - theirs).max(initial=0)) / scale)
    return Compared(same, total, apart)


def check(name: str, folder: Path) -> tuple[str, bool]:
    """Train both, and compare: the rest of a row, and whether anything differs."""
    data = noise(input_of(name))
    fitted = ImageClassifier(
        name, epochs=1, batch_size=BATCH, validation=0, augmentation="none", verbose=0
    ).fit(data.train)
    try:
        page = fitted.page(data, learn=True, title=name)
    except ArgumentError as error:
        return f"not trained: {error}", False
    page.save(folder / "page.html")
    done = subprocess.run(
        ["node", "tools/learn.mjs", folder / "page.html", folder / "out.safetensors"],
        cwd=ROOT / "web", capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr.strip()[-400:]}")
    learned = load_model(folder / "out.safetensors").network.weights
    agreed = agreement(learned, fitted.model_.network.weights)
    speed = STEPS * BATCH / json.loads(done.stdout)["seconds"]
    return f"{agreed} | {speed:.0f}", agreed.same != agreed.all


def main() -> int:
    """Print the table; 1 if any weight differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    sys.stdout.write(f"| network | weights after {STEPS} steps | pictures/s |\n|---|---|---|\n")
    failed = 0
    for name in given.names or architectures():
        with tempfile.TemporaryDirectory() as folder:
            row, differs = check(name, Path(folder))
        failed += differs
        sys.stdout.write(f"| {name} | {row} |\n")
        sys.stdout.flush()
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
