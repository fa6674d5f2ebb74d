"""Runs and pictures for tests in a browser.

    python -m tests.lab.demo FOLDER

makes ``FOLDER/runs`` with finished runs, one of whose names is markup, and ``FOLDER/data`` with
pictures that a training can learn from for as long as a test needs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from pellucid import ImageClassifier

NAMES = ("first", "<b>second<i> & co")
CLASSES = ("dark", "light")
SIDE = 28


def pictures(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Grey pictures of noise, darker and lighter ones, with their labels."""
    random = np.random.default_rng(0)
    labels = np.arange(count) % 2
    noise = random.integers(0, 128, (count, SIDE, SIDE, 1))
    return (noise + 96 * labels[:, None, None, None]).astype(np.uint8), labels


def make(
    folder: Path, *, engine: str = "native", architecture: str = "lenet5", epochs: int = 3
) -> None:
    """Make the runs and the pictures."""
    images, labels = pictures(120)
    for name in NAMES:
        ImageClassifier(
            architecture, epochs=epochs, batch_size=16, validation=24, engine=engine
        ).fit(images, np.array(CLASSES)[labels], out=folder / "runs" / name)
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        place = folder / "data" / CLASSES[label] / f"{i:03}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(place)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
