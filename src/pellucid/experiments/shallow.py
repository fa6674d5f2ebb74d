"""Experiments with a network of two convolutions: which pooling, and which nonlinearity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.experiments.experiment import Experiment
from pellucid.layers import (
    AveragePool,
    Conv2D,
    Dense,
    Flatten,
    LeakyReLU,
    MaxPool,
    PReLU,
    ReLU,
    Sequential,
    Sigmoid,
    Subsample,
    Tanh,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.layers import Block


def _network(
    pool: Callable[[], Block], activation: Callable[[], Block] | None
) -> Callable[[int], Sequential]:
    """Two convolutions 5×5 with 16 and 32 maps, each with activation and pooling; a dense layer."""

    def layers(classes: int) -> Sequential:
        every: list[Block] = []
        for filters in (16, 32):
            every.append(Conv2D(filters, 5, padding="same"))
            if activation is not None:
                every.append(activation())
            every.append(pool())
        return Sequential([*every, Flatten(), Dense(classes)])

    return layers


POOLING = Experiment(
    "pooling",
    "Which pooling: the maximum, the mean, or a trained multiple of the mean; with overlap or not?",
    "Scherer, Müller and Behnke 2010, Evaluation of pooling operations in convolutional "
    "architectures for object recognition (ICANN)",
    {
        "max 2×2": _network(lambda: MaxPool(2), ReLU),
        "max 3×3, overlapping": _network(lambda: MaxPool(3, stride=2, padding="same"), ReLU),
        "average 2×2": _network(lambda: AveragePool(2), ReLU),
        "average 3×3, overlapping": _network(
            lambda: AveragePool(3, stride=2, padding="same"), ReLU
        ),
        "subsampling 2×2": _network(lambda: Subsample(2, initializer=1 / 4), ReLU),
        "subsampling 3×3, overlapping": _network(
            lambda: Subsample(3, stride=2, padding="same", initializer=1 / 9), ReLU
        ),
    },
    epochs=3,
    settings={},
    caution="Small networks and few epochs: the paper's advantage of max pooling showed on objects "
    "(Caltech-101, NORB), and need not on other pictures.",
)

RELU = Experiment(
    "relu",
    "What does the nonlinearity bring? Without one, all layers together are one matrix.",
    "Nair and Hinton 2010; Kuo 2016, Understanding CNNs with a mathematical model; He et al. 2015, "
    "Delving deep into rectifiers (PReLU)",
    {  # average pooling is linear, so that nothing but the activation breaks linearity
        "ReLU": _network(lambda: AveragePool(2), ReLU),
        "leaky ReLU": _network(lambda: AveragePool(2), LeakyReLU),
        "PReLU": _network(lambda: AveragePool(2), PReLU),
        "tanh": _network(lambda: AveragePool(2), Tanh),
        "sigmoid": _network(lambda: AveragePool(2), Sigmoid),
        "none": _network(lambda: AveragePool(2), None),
        "one dense layer": lambda classes: Sequential([Flatten(), Dense(classes)]),
    },
    epochs=3,
    settings={},
    caution="All learn with the same rate, which suits some better than others; differences among "
    "the rectifiers are small here, and grow with depth.",
)
