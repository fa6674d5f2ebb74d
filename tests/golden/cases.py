"""The networks whose training is recorded, with all that it depends on.

Weights, images and labels are drawn here, from raw bits of a counter-based generator, so that no
change in how networks start or data are read shows in the recorded numbers. A new operation gets a
case of its own: the cases that are here stay as they are.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pellucid.architectures import ARCHITECTURES
from pellucid.graph import INPUT, Network
from pellucid.layers import (
    GRU,
    LSTM,
    Attention,
    AveragePool,
    BatchNorm,
    ChannelShuffle,
    ChannelSlice,
    Clip,
    Concatenate,
    Conv2D,
    ConvTranspose2D,
    Crop,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Gated,
    GlobalAveragePool,
    GlobalMaxPool,
    HardSigmoid,
    HardSwish,
    Input,
    LeakyReLU,
    LocalResponseNorm,
    MaxPool,
    Normalise,
    Pad,
    Parallel,
    PReLU,
    ReLU,
    ReLU6,
    Reshape,
    Residual,
    Resize,
    RoIAlign,
    RoIPool,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    SpatialTransformer,
    Subsample,
    Tanh,
    connect,
)
from pellucid.ops import CrossEntropy, MeanSquaredError
from pellucid.optimizers import SGD, Adam, AdamW

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.layers import Block, Value
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array
    from pellucid.optimizers import Optimizer

STEPS = 20
SEED = 7
"""Of dropout."""


@dataclass(frozen=True)
class Case:
    """A network and how it is trained.

    Attributes:
        layers: All of them, from pixels to logits; or what makes the logits of the pixels.
        shape: Of an image, (height, width, channels).
        count: Images in a batch; every step has new ones.
        optimizer: With the learning rate beside it.
        rate: Learning rate of every step.
        loss: On the logits.
        soft: Whether wanted probabilities (N, K) are given in place of labels (N,).
        pixels: ``uint8`` or ``float32``.
    """

    layers: tuple[Block, ...] | Callable[[Value], Value]
    shape: tuple[int, int, int]
    count: int
    optimizer: Optimizer
    rate: float
    loss: Loss = field(default_factory=CrossEntropy)
    soft: bool = False
    pixels: str = "uint8"

    def network(self) -> Network:
        """The network before the first step."""
        channels = self.shape[2]
        first = Normalise([120.0] * channels, [70.0] * channels)
        if callable(self.layers):
            pixels = Input(self.shape)
            graph = connect({INPUT: pixels}, {"logits": self.layers(first(pixels))})
        else:
            graph = Sequential([first, *self.layers]).graph(self.shape)
        weights = {
            str(name): _weight(str(name), parameter.shape)
            for name, parameter in graph.parameters.items()
        }
        return Network(graph, weights)

    def batch(self, step: int, classes: int) -> tuple[Array, Array]:
        """Images and labels of a step."""
        whole = uniform(f"images {step}", (self.count, *self.shape))
        images = (whole * 256).astype(self.pixels)
        labels = uniform(f"labels {step}", (self.count, classes))
        if not self.soft:
            return images, labels.argmax(axis=1)
        return images, (labels / labels.sum(axis=1, keepdims=True)).astype(np.float32)


def uniform(name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Multiples of 2⁻²⁴ from 0 to below 1; the same for a name wherever NumPy runs."""
    bits = np.random.Philox(key=zlib.crc32(name.encode())).random_raw(math.prod(shape))
    return np.asarray((bits >> np.uint64(40)) / 2.0**24).reshape(shape)


RANGES = {
    "gamma": (0.75, 1.25),
    "variance": (0.75, 1.25),
    "slope": (0.1, 0.4),
    "coefficient": (0.2, 0.5),
}
"""Where a weight lies that is no kernel; others lie within ±0.1."""


def _weight(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    own = name.rpartition(".")[2]
    limit = math.sqrt(6.0 / math.prod(shape[:-1]))  # He's, for kernels
    low, high = (-limit, limit) if own == "kernel" else RANGES.get(own, (-0.1, 0.1))
    return (low + (high - low) * uniform(name, shape)).astype(np.float32)


def _named(name: str) -> tuple[Block, ...]:
    return (ARCHITECTURES[name](10),)


def _norm_relu(*layers: Block) -> list[Block]:
    return [*layers, BatchNorm(), ReLU()]


# Every operation there was when numbers were first recorded, dropout excepted.
EVERY: tuple[Block, ...] = (
    Conv2D(6, (3, 2), padding="same"),
    LeakyReLU(0.1),
    Residual(
        [*_norm_relu(Conv2D(8, 3, padding="same", groups=2, bias=False))],
        shortcut=[Conv2D(8, 1, bias=False), BatchNorm(momentum=0.2)],
    ),
    PReLU(),
    Parallel(
        [
            [Conv2D(4, 3, padding="same", dilation=(2, 1)), ReLU6()],
            [MaxPool(3, stride=1, padding="same"), Conv2D(3, 1), Sigmoid()],
            [AveragePool(3, stride=1, padding=1, count_padding=True), Tanh()],
            [],
        ]
    ),
    LocalResponseNorm(5, alpha=0.01),
    MaxPool((3, 2), stride=2, edge="count"),
    AveragePool(2, stride=1, padding=((1, 0), (0, 1))),
    Subsample(2, edge="count"),
    Parallel(
        [
            [GlobalAveragePool(), Dense(6), PReLU()],
            [Flatten(), Dense(7, bias=False), BatchNorm(), Softmax(), Flatten()],
        ]
    ),
    Dense(5),
)

DROPOUT: tuple[Block, ...] = (
    *_norm_relu(Conv2D(11, 3, bias=False)),
    Residual([Dropout(0.3)]),
    MaxPool(2),
    Flatten(),
    Dropout(0.5),
    Dense(5),
)

# Kernels in groups and one a channel, of 1×1, of one row, with strides and uneven borders.
SEPARABLE: tuple[Block, ...] = (
    *_norm_relu(Conv2D(16, 3, stride=2, padding=1, bias=False)),
    Residual(
        [
            *_norm_relu(Conv2D(32, 1, bias=False)),
            *_norm_relu(Conv2D(32, 3, padding="same", groups=32, bias=False)),
            Conv2D(16, 1, bias=False),
            BatchNorm(),
        ]
    ),
    *_norm_relu(Conv2D(16, 3, stride=2, padding="same", groups=16, bias=False)),
    Conv2D(24, (1, 3), stride=(1, 2), padding=((0, 0), (2, 1)), groups=4),
    ReLU6(),
    Conv2D(9, 1, stride=(2, 1)),
    ReLU(),
    GlobalAveragePool(),
    Dense(5),
)

# What gates, mobile networks and layouts of channels are made of.
GATED: tuple[Block, ...] = (
    Pad(((1, 0), (2, 1)), value=0.25),
    Conv2D(12, 3, bias=False),
    BatchNorm(),
    SiLU(),
    Gated([GlobalAveragePool(), Dense(5), ReLU(), Dense(12), HardSigmoid()]),
    ChannelShuffle(3),
    Parallel(
        [
            [ChannelSlice(0, 5), HardSwish()],
            [ChannelSlice(5, 12), Clip(-0.5, 1.5)],
        ]
    ),
    Gated([Conv2D(1, 1), Sigmoid()]),
    Crop(((1, 0), (1, 2))),
    Conv2D(10, 3, stride=2, groups=2),
    GlobalMaxPool(),
    Dense(5),
)

# What generators and decoders make maps larger with.
DECODER: tuple[Block, ...] = (
    *_norm_relu(Conv2D(12, 3, stride=2, padding=1, bias=False)),
    *_norm_relu(ConvTranspose2D(9, (4, 3), stride=2, padding=1, bias=False)),
    ConvTranspose2D(6, (3, 2), stride=(1, 2), padding=((1, 0), (0, 2)), output_padding=(0, 1)),
    LeakyReLU(0.2),
    Parallel([[Resize(2), Conv2D(5, 3, stride=2)], [Resize(size=(10, 12), method="bilinear")]]),
    MaxPool(3),
    Flatten(),
    Dense(5),
)

# A spatial transformer before a small network.
TRANSFORMED: tuple[Block, ...] = (
    SpatialTransformer([MaxPool(2), Conv2D(4, 3), ReLU(), Flatten(), Dense(8), Tanh()], (10, 9)),
    *_norm_relu(Conv2D(8, 3, bias=False)),
    MaxPool(2),
    Flatten(),
    Dense(5),
)

# One that sees in perspective.
PERSPECTIVE: tuple[Block, ...] = (
    SpatialTransformer(
        [MaxPool(2), Conv2D(4, 3), ReLU(), Flatten(), Dense(8), Tanh()],
        (9, 10),
        transform="projective",
    ),
    *_norm_relu(Conv2D(8, 3, bias=False)),
    MaxPool(2),
    Flatten(),
    Dense(5),
)

# Pixels taken for words.
WORDS: tuple[Block, ...] = (
    Flatten(),
    Embedding(256, 5),
    *_norm_relu(PReLU()),
    Flatten(),
    Dense(5),
)

# The positions of a map as rows, each connected by itself.
ROWS: tuple[Block, ...] = (
    *_norm_relu(Conv2D(6, 3, bias=False)),
    Reshape((-1, 6)),
    Dense(9),
    Tanh(),
    Reshape((0, 3, -1)),
    *_norm_relu(Conv2D(4, 2)),
    Flatten(),
    Dense(5),
)

# A map's positions, read one after the other.
SEQUENCE: tuple[Block, ...] = (
    *_norm_relu(Conv2D(6, 3, bias=False)),
    Reshape((-1, 6)),
    Attention(),
    GRU(16),
    LSTM(4),
    Flatten(),
    Dense(5),
)


def _cells(x: Value) -> Value:
    """A map's positions, read from zeros, and again from a state and a cell made of the last."""
    maps = Sequential(_norm_relu(Conv2D(6, 3, bias=False)))(x)
    places = Reshape((-1, 6))(maps)
    read = LSTM(16)(places)
    first = Sequential([Flatten(), Dense(32), Tanh()])(read)
    again = LSTM(32)(places, first, Dense(32)(first))
    return Sequential([Flatten(), Dense(5)])(Concatenate()(read, again))


def _regions(x: Value) -> Value:
    """Regions of a map, some of them no boxes, pooled in two ways and connected by themselves."""
    maps = Sequential(_norm_relu(Conv2D(6, 3, bias=False)))(x)
    boxes = Sequential([Flatten(), Dense(5 * 6), Reshape((5, 6))])(maps)
    align, pool = RoIAlign((2, 3), scale=0.7)(maps, boxes), RoIPool((2, 3), scale=0.7)(maps, boxes)
    rows = [Sequential([Reshape((0, -1)), Dense(7), ReLU()])(each) for each in (align, pool)]
    return Sequential([Flatten(), Dense(5)])(Concatenate()(*rows))


CASES: dict[str, Case] = {
    "lecture": Case(_named("lecture"), (28, 28, 1), 6, SGD(momentum=0.9), 0.01),
    "lenet5": Case(_named("lenet5"), (28, 28, 1), 5, Adam(weight_decay=0.01), 0.001),
    "lenet5-original": Case(
        _named("lenet5-original"), (28, 28, 1), 5, SGD(momentum=0.8, nesterov=True), 0.02,
        MeanSquaredError(),
    ),
    "vgg-small": Case(
        _named("vgg-small"), (16, 16, 3), 5, SGD(weight_decay=5e-4), 0.01,
        CrossEntropy(label_smoothing=0.1),
    ),
    "vgg-medium": Case(
        _named("vgg-medium"), (16, 16, 3), 5, SGD(weight_decay=5e-4, clip_norm=1.0), 0.01
    ),
    "resnet20": Case(_named("resnet20"), (16, 16, 3), 5, SGD(momentum=0.5, clip_norm=2.0), 0.003),
    "every operation": Case(
        EVERY, (11, 9, 3), 6, AdamW(weight_decay=0.01, clip_norm=1.0), 0.003,
        CrossEntropy(0.1, (0.5, 1.0, 2.0, 1.5, 1.0)),
    ),
    "dropout": Case(DROPOUT, (9, 8, 2), 7, Adam(), 0.003, soft=True),
    "gated": Case(GATED, (11, 12, 3), 6, SGD(momentum=0.9), 0.01),
    "decoder": Case(DECODER, (9, 7, 3), 6, SGD(momentum=0.9), 0.01),
    "transformed": Case(TRANSFORMED, (13, 11, 2), 6, SGD(momentum=0.9), 0.01),
    "perspective": Case(PERSPECTIVE, (13, 11, 2), 6, SGD(momentum=0.9), 0.01),
    "regions": Case(_regions, (9, 8, 2), 6, SGD(momentum=0.9), 0.003),
    "rows": Case(ROWS, (8, 7, 2), 6, SGD(momentum=0.9), 0.01),
    "sequence": Case(SEQUENCE, (6, 5, 2), 6, SGD(momentum=0.9), 0.05),
    "cells": Case(_cells, (6, 5, 2), 6, SGD(momentum=0.9), 0.05),
    "words": Case(WORDS, (4, 5, 1), 6, Adam(), 0.003),
    "separable": Case(SEPARABLE, (19, 17, 3), 6, SGD(momentum=0.0), 0.03, pixels="float32"),
}  # fmt: skip
