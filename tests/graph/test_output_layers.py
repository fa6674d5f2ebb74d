"""Where a classifier's logits come from, and that they start small whatever the network is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from pellucid import Dataset, ImageClassifier
from pellucid.architectures import ARCHITECTURES
from pellucid.graph import classifier_weights, initial_weights
from pellucid.graph.output_layers import SMALL, output_layers
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Parallel,
    PReLU,
    ReLU,
    Residual,
    Sequential,
    Subsample,
)
from tests.architectures.small import FOR_SMALL_PICTURES

if TYPE_CHECKING:
    from pellucid.layers import Block

OWN: dict[str, tuple[list[Block], set[str]]] = {
    "one layer": ([Flatten(), Dense(5)], {"dense1"}),
    "two": ([Conv2D(4, 3), ReLU(), Flatten(), Dense(9), ReLU(), Dense(5)], {"dense2"}),
    "convolutions alone": ([Conv2D(4, 3), ReLU(), Conv2D(5, 1), GlobalAveragePool()], {"conv2"}),
    "dropout and activations at the end": (
        [Flatten(), Dense(9), ReLU(), Dense(5), Dropout(0.1), PReLU()],
        {"dense2"},
    ),
    "batch norm at the end": ([Flatten(), Dense(9), ReLU(), Dense(5), BatchNorm()], {"norm1"}),
    "an addition at the end": (
        [Flatten(), Dense(5), Residual([ReLU(), Dense(9), ReLU(), Dense(5)])],
        {"dense1", "dense3"},
    ),
    "branches at the end": (
        [Flatten(), Parallel([[Dense(2)], [Dense(9), ReLU(), Dense(3)]])],
        {"dense1", "dense3"},
    ),
    "subsampling at the end": (
        [Conv2D(4, 3), ReLU(), Conv2D(5, 3), Subsample(4, initializer=1 / 16), Flatten()],
        {"conv2"},
    ),
}


def pictures(side: int = 8, channels: int = 1, count: int = 60) -> Dataset:
    """Smooth bright pictures, as photographs are: neighbouring pixels go together."""
    random = np.random.default_rng(0)
    levels = random.integers(0, 256, (count, 2, 2, channels)).astype(np.uint8)
    images = levels.repeat(side // 2, axis=1).repeat(side // 2, axis=2)
    return Dataset(images, np.arange(count) % 5, tuple("abcde"), name="made")


@pytest.mark.parametrize("name", OWN)
def test_output_layers_by_hand(name: str) -> None:
    layers, expected = OWN[name]
    assert output_layers(Sequential(layers).graph((8, 8, 1))) == expected


@pytest.mark.parametrize("name", FOR_SMALL_PICTURES)
def test_output_layers_of_architectures(name: str) -> None:
    graph = ARCHITECTURES[name](10).graph((32, 32, 3))
    assert output_layers(graph) == {graph.output}


def test_only_what_makes_the_logits_is_smaller() -> None:
    """The comparison of initialisers beneath, and with other libraries, stays as it is."""
    for layers, _ in OWN.values():
        graph = Sequential(layers).graph((8, 8, 1))
        plain, small = initial_weights(graph, 3), classifier_weights(graph, 3)
        last = output_layers(graph)
        for name, weight in plain.items():
            layer, part = name.split(".")
            factor = SMALL if layer in last and part in ("kernel", "gamma") else 1.0
            np.testing.assert_array_equal(small[name], (weight * np.float32(factor)))
    for chosen in (0.5, "lecun", "glorot", "zeros"):
        graph = Sequential([Flatten(), Dense(5, initializer=chosen)]).graph((6, 6, 1))
        plain, small = initial_weights(graph, 3), classifier_weights(graph, 3)
        np.testing.assert_array_equal(small["dense1.kernel"], plain["dense1.kernel"])


@pytest.mark.parametrize("name", [*FOR_SMALL_PICTURES, *OWN])
def test_the_first_loss_is_near_that_of_guessing(name: str) -> None:
    data = pictures(32, 3) if name in FOR_SMALL_PICTURES else pictures()
    model = ImageClassifier(
        name if name in FOR_SMALL_PICTURES else Sequential(OWN[name][0]),
        epochs=1, batch_size=len(data), learning_rate=1e-12, label_smoothing=0.0,
        augmentation="none", engine="torch",
    )  # fmt: skip
    model.fit(data)
    assert model.history_[0].loss == pytest.approx(math.log(5), rel=0.02)
    if any(node.operation.kind == "batch_norm" for node in model.model_.network.graph.nodes):
        return  # its statistics have seen one batch, and do not fit yet
    logits = torch.from_numpy(np.array(model.program_.forward(data.images), np.float64))
    loss = torch.nn.functional.cross_entropy(logits, torch.arange(len(data)) % 5)
    assert float(loss) == pytest.approx(math.log(5), rel=0.02)
