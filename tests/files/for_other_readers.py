"""Model files for readers in other languages: ``python -m tests.files.for_other_readers FOLDER``.

Prints, as JSON, a list of files with the bytes of a picture's pixels and the answer for it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from pellucid.architectures import ARCHITECTURES
from pellucid.data.preprocessing import Preprocessing
from pellucid.files import Model, save_model
from pellucid.files.self_test import compute_logits
from pellucid.layers import Conv2D, Dense, Flatten, MaxPool, ReLU, Sequential
from pellucid.ops.softmax import probabilities
from tests.engines.networks import network


def windows(classes: int) -> Sequential:
    """Windows in every way: strides, dilation, groups, padding on one side, and over the edge."""
    return Sequential(
        [
            Conv2D(6, (3, 2), stride=(2, 1), padding="same"),
            ReLU(),
            Conv2D(4, (2, 3), groups=2, dilation=(2, 1), padding=((0, 1), (2, 0)), bias=False),
            MaxPool((3, 2), stride=(2, 2), padding="same"),
            MaxPool(2, edge="count"),
            Flatten(),
            Dense(classes),
        ]
    )


NETWORKS = {
    "lecture": (ARCHITECTURES["lecture"], (28, 28, 1)),
    "resnet20": (ARCHITECTURES["resnet20"], (12, 16, 3)),
    "windows": (windows, (13, 10, 3)),
}


def main(folder: Path) -> None:
    """Write them."""
    found = []
    for name, (layers, (height, width, channels)) in NETWORKS.items():
        graph = layers(3).graph((height, width, channels))
        reading = Preprocessing(height, width, channels)
        model = Model(network(graph), ("cat", "dog", "</b>"), reading)
        save_model(folder / f"{name}.safetensors", model)
        pixels = np.random.default_rng(7).integers(0, 256, (1, *graph.input_shape), np.uint8)
        (answer,) = probabilities(compute_logits(model.network, pixels).astype(np.float64))
        found.append(
            {
                "file": str(folder / f"{name}.safetensors"),
                "pixels": pixels.ravel().tolist(),
                "answer": dict(zip(model.task.names, answer.tolist(), strict=True)),
            }
        )
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
