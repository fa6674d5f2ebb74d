"""GoogLeNet (Szegedy et al. 2014, *Going deeper with convolutions*, section 5 and table 1).

Nine Inception modules: each looks at its input through windows of 1×1, 3×3 and 5×5 and through a
pooling, side by side, and joins what they found. Convolutions 1×1 before the large windows reduce
the maps that these have to read, so that 22 layers need a twelfth of AlexNet's weights. The average
over all positions takes the place of hidden dense layers.

This is the network of the paper: biases, local response normalisation, 5×5 kernels. (PyTorch's
version has batch norms, no biases, and 3×3 kernels in place of 5×5: 6 624 904 weights.)
"""

from __future__ import annotations

from typing import NamedTuple

from pellucid.layers import (
    AveragePool,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Layer,
    LocalResponseNorm,
    MaxPool,
    Parallel,
    ReLU,
    Sequential,
    SideOutput,
)


class Maps(NamedTuple):
    """How many maps the convolutions of a module have; columns of the paper's table 1."""

    one: int
    reduce3: int
    three: int
    reduce5: int
    five: int
    pooled: int


MODULES: dict[str, Maps] = {
    "3a": Maps(64, 96, 128, 16, 32, 32),
    "3b": Maps(128, 128, 192, 32, 96, 64),
    "4a": Maps(192, 96, 208, 16, 48, 64),
    "4b": Maps(160, 112, 224, 24, 64, 64),
    "4c": Maps(128, 128, 256, 24, 64, 64),
    "4d": Maps(112, 144, 288, 32, 64, 64),
    "4e": Maps(256, 160, 320, 32, 128, 128),
    "5a": Maps(256, 160, 320, 32, 128, 128),
    "5b": Maps(384, 192, 384, 48, 128, 128),
}
"""By the paper's names."""


def googlenet(classes: int) -> Sequential:
    """GoogLeNet: 6 998 552 weights, 1.6 billion multiply-adds at 224×224.

    Takes pictures of any size from 31×31 on, with as many weights. While it is trained, which takes
    pictures from 47×47 on, two side outputs answer as well, with 6 379 728 more weights at 224×224;
    0.3 of each one's loss is added.
    """
    return Sequential(
        [
            Conv2D(64, 7, stride=2, padding=3, name="conv1"),
            ReLU(),
            _halved(),
            LocalResponseNorm(),
            Conv2D(64, 1, name="conv2-reduce"),
            ReLU(),
            Conv2D(192, 3, padding=1, name="conv2"),
            ReLU(),
            LocalResponseNorm(),
            _halved(),
            inception("3a"),
            inception("3b"),
            _halved(),
            inception("4a"),
            side_output("side1", classes),
            *(inception(f"4{letter}") for letter in "bcd"),
            side_output("side2", classes),
            inception("4e"),
            _halved(),
            inception("5a"),
            inception("5b"),
            GlobalAveragePool(),
            Dropout(0.4),
            Dense(classes),
        ]
    )


def inception(name: str) -> Parallel:
    """An Inception module: (H, W, C) → (H, W, one + three + five + pooled)."""
    maps = MODULES[name]
    return Parallel(
        [
            _convolution(f"{name}-1x1", maps.one, 1),
            [
                *_convolution(f"{name}-3x3-reduce", maps.reduce3, 1),
                *_convolution(f"{name}-3x3", maps.three, 3),
            ],
            [
                *_convolution(f"{name}-5x5-reduce", maps.reduce5, 1),
                *_convolution(f"{name}-5x5", maps.five, 5),
            ],
            [
                MaxPool(3, stride=1, padding=1, name=f"{name}-pool"),
                *_convolution(f"{name}-pool-project", maps.pooled, 1),
            ],
        ],
        name=f"inception-{name}",
    )


def side_output(name: str, classes: int) -> SideOutput:
    """An answer from the middle, of what windows of 5×5 average (section 5)."""
    return SideOutput(
        [
            AveragePool(5, stride=3, edge="count", name=f"{name}-pool"),
            Conv2D(128, 1, name=f"{name}-project"),
            ReLU(name=f"{name}-project-relu"),
            Flatten(name=f"{name}-flatten"),
            Dense(1024, name=f"{name}-hidden"),
            ReLU(name=f"{name}-relu"),
            Dropout(0.7, name=f"{name}-dropout"),
            Dense(classes, name=f"{name}-logits"),
        ],
        name,
        weight=0.3,
    )


def _convolution(name: str, filters: int, size: int) -> list[Layer]:
    return [Conv2D(filters, size, padding=size // 2, name=name), ReLU()]


def _halved() -> Layer:
    """Overlapping pooling to half the resolution, ⌈(n − 1)/2⌉."""
    return MaxPool(3, stride=2, edge="count")
