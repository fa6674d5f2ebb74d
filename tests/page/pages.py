"""The pages that tests in a browser open: ``python -m tests.page.pages FOLDER`` writes them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from pellucid.data.preprocessing import Preprocessing
from pellucid.files import Model
from pellucid.layers import BatchNorm, Conv2D, Dense, Flatten, MaxPool, ReLU, Sequential
from pellucid.page import Page, make_page
from pellucid.page.samples import Samples
from tests.engines.networks import network

NAMES = ("cat </script><b>bold</b>", "dog \u202e 숫자")
"""Of classes and pictures: each must stand there as text."""


def small_page() -> Page:
    """A network of every part that the first views show, asymmetric, with a norm to be folded."""
    layers = [Conv2D(4, (3, 2)), BatchNorm(), ReLU(), MaxPool(2), Flatten(), Dense(2)]
    graph = Sequential(layers).graph((9, 8, 3))
    model = Model(network(graph), NAMES, Preprocessing(9, 8, 3))
    pixels = np.random.default_rng(3).integers(0, 256, (2, 9, 8, 3), np.uint8)
    return make_page(model, Samples(pixels, NAMES, (0, None)), title="Small <b>network</b>")


PAGES = {"small": small_page}


def write(folder: Path) -> None:
    """Write every page into a folder, as NAME.html."""
    for name, page in PAGES.items():
        page().save(folder / f"{name}.html")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
