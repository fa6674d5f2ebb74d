"""A small body, and pictures for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.preprocessing import Preprocessing
from pellucid.files import Model, save_model
from pellucid.graph import Network, initial_weights
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Normalise,
    ReLU,
    Sequential,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

SIDE = 12


def body_model(channels: int = 3) -> Model:
    """A network with random weights; batch norms whose statistics are not those of any batch."""
    graph = Sequential(
        [
            Normalise([120.0] * channels, [60.0] * channels),
            Conv2D(16, 3, name="b1-conv"), BatchNorm(), ReLU(),
            Conv2D(24, 3, stride=2, name="b2-conv"), BatchNorm(), ReLU(),
            GlobalAveragePool(), Dropout(0.1), Dense(5),
        ]
    ).graph((SIDE, SIDE, channels))  # fmt: skip
    weights = initial_weights(graph, 3)
    weights["norm1.mean"] += 0.2
    preprocessing = Preprocessing(SIDE, SIDE, channels, "crop")
    names = tuple(f"thing {k}" for k in range(5))
    return Model(Network(graph, weights), names, preprocessing, {"architecture": "small"})


def body_file(folder: Path, channels: int = 3) -> Path:
    path = folder / f"body{channels}.safetensors"
    save_model(path, body_model(channels))
    return path


def uncut_files(folder: Path) -> None:
    """Models without a body: of one dense layer, and of convolutions to the end."""
    for name, layers in (
        ("flat", [Flatten(), Dense(5)]),
        ("conv", [Conv2D(8, 3), ReLU(), Conv2D(5, 1), GlobalAveragePool()]),
    ):
        graph = Sequential(layers).graph((SIDE, SIDE, 3))
        network = Network(graph, initial_weights(graph, 3))
        model = Model(network, tuple("abcde"), Preprocessing(SIDE, SIDE, 3), {})
        save_model(folder / f"{name}.safetensors", model)


def pictures(count: int, seed: int, channels: int = 3) -> tuple[Pixels, NDArray[Any]]:
    """Stripes along one axis or the other, and noise."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    pixels = random.integers(0, 90, (count, SIDE, SIDE, channels))
    for k, label in enumerate(labels.tolist()):
        view = pixels[k] if label else pixels[k].transpose(1, 0, 2)
        view[random.integers(0, 2) :: 2] += 120
    return pixels.astype(np.uint8), labels
