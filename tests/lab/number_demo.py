"""Pictures with a number each, some of them wrong, and a run that learned from them.

    python -m tests.lab.number_demo FOLDER

makes ``FOLDER/bars/bars.csv`` with the pictures that it lists, and ``FOLDER/runs/bars``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from tests.cli.running import here
from tests.evaluation.number_pictures import bars, switched

COUNT, WRONG = 120, 3


def make(folder: Path) -> dict[str, float]:
    """Make them; returns the right numbers of the pictures that have a wrong one, by path."""
    images, true = bars(COUNT, seed=6)
    given, wrong = switched(true, 0, WRONG, seed=7)
    place = folder / "bars"
    place.mkdir(parents=True)
    lines = ["path,grey"]
    names = [f"{i:03}.png" for i in range(COUNT)]
    for name, image, number in zip(names, images, given[:, 0].tolist(), strict=True):
        Image.fromarray(image).save(place / name)
        lines.append(f"{name},{number!r}")
    (place / "bars.csv").write_text("\n".join(lines), encoding="utf-8")
    arguments = (
        "train", place / "bars.csv", "--epochs", 6, "--batch-size", 16, "--out",
        folder / "runs" / "bars", "--no-report",
    )  # fmt: skip
    done = here(arguments, folder, {})
    assert done.returncode == 0, done.stderr
    return {names[i]: float(true[i, 0]) for i in wrong.tolist()}


if __name__ == "__main__":
    make(Path(sys.argv[1]))
