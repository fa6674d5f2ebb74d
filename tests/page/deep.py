"""A network long enough for a page to fold it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.preprocessing import Preprocessing
from pellucid.files import Model
from pellucid.layers import (
    Conv2D,
    Dense,
    GlobalAveragePool,
    MaxPool,
    Parallel,
    ReLU,
    Residual,
    Sequential,
)
from pellucid.page import Page, make_page
from pellucid.page.samples import Samples
from tests.engines.networks import network

if TYPE_CHECKING:
    from pellucid.layers import Block


def deep_page() -> Page:
    """Residual blocks, branches, many maps, 20 classes; its blocks begin folded."""
    residual = [Conv2D(6, 3, padding="same"), ReLU(), Conv2D(6, 3, padding="same")]
    branches = Parallel([[Conv2D(4, 1), ReLU()], [MaxPool(3, stride=1, padding="same")]])
    layers: list[Block] = [
        Conv2D(6, 3, padding="same"),
        *[Residual(residual) for _ in range(6)],
        MaxPool(2),
        branches,
        Conv2D(600, 1),
        *[ReLU() for _ in range(4)],
        *[Conv2D(4, 1) for _ in range(6)],
        GlobalAveragePool(),
        Dense(20),
    ]
    graph = Sequential(layers).graph((12, 10, 1))
    names = tuple(f"class {number}" for number in range(20))
    pixels = np.random.default_rng(4).integers(0, 256, (2, 12, 10, 1), np.uint8)
    samples = Samples(pixels, ("one", "two"), (3, None))
    return make_page(Model(network(graph), names, Preprocessing(12, 10, 1)), samples, title="Deep")
