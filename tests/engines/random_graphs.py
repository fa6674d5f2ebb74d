"""Small networks drawn at random, with the shapes at which kernels of convolution change."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from pellucid.errors import ShapeError
from pellucid.layers import (
    AveragePool,
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    LeakyReLU,
    MaxPool,
    Normalise,
    Parallel,
    ReLU,
    Residual,
    Sequential,
    Tanh,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.graph import Graph
    from pellucid.layers import Block
    from pellucid.ops.window import Padding


def random_graph(seed: int) -> tuple[Graph, int]:
    """A network, and how many images to give it.

    One filter, kernels of 1×1 and of one row, strides, dilation, groups, one channel and batches
    that threads share unevenly come up often.
    """
    draw = random.Random(f"graph {seed}")
    while True:
        channels = draw.choice((1, 3))
        shape = (draw.randint(6, 20), draw.randint(6, 26), channels)
        layers: list[Block] = [Normalise([128.0] * channels, [64.0] * channels)]
        for _ in range(draw.randint(1, 3)):
            layers += draw.choice(_BLOCKS)(draw)
        layers.append(draw.choice((Flatten(), GlobalAveragePool())))
        layers.append(Dense(draw.choice((2, 3, 10))))
        try:
            return Sequential(layers).graph(shape), draw.choice((1, 1, 2, 3, 4, 5, 8, 16, 17))
        except ShapeError:  # too small for a window, or groups that do not divide
            continue


def _convolution(draw: random.Random) -> list[Block]:
    side = draw.choice((1, 1, 2, 3, 5))
    size = (side, side) if draw.random() < 0.7 else (side, draw.choice((1, 2, 3)))
    paddings: list[Padding] = ["same", "valid", ((1, 0), (0, 2)), ((1, 1), (1, 1))]
    return [
        Conv2D(
            draw.choice((1, 1, 2, 3, 4, 8, 16)),
            size,
            stride=(draw.choice((1, 1, 2, 3)), draw.choice((1, 1, 2, 3))),
            dilation=(draw.choice((1, 1, 2)), draw.choice((1, 1, 3))),
            padding=draw.choice(paddings),
            groups=draw.choice((1, 1, 1, 1, 2, 3)),
            bias=draw.random() < 0.7,
        ),
        draw.choice((ReLU(), LeakyReLU(0.1), Tanh())),
    ]


def _shortcut(draw: random.Random) -> list[Block]:
    filters, stride = draw.choice((1, 2, 3, 8)), draw.choice(((1, 2), (2, 2), (2, 1), (3, 2)))
    body: list[Block] = [
        Conv2D(filters, 3, stride=stride, padding="same", bias=False),
        BatchNorm(),
        ReLU(),
        Conv2D(filters, draw.choice((1, 3)), padding="same"),
    ]
    return [Residual(body, shortcut=[Conv2D(filters, 1, stride=stride)]), ReLU()]


def _branches(draw: random.Random) -> list[Block]:
    first: list[Block] = [Conv2D(draw.choice((1, 2, 5)), 1), Tanh()]
    second: list[Block] = [Conv2D(draw.choice((1, 3)), (1, 3), padding="same"), ReLU()]
    return [Parallel([first, second])]


def _pooling(draw: random.Random) -> list[Block]:
    pool = draw.choice((MaxPool, AveragePool))
    return [pool(draw.choice((2, 3)), stride=draw.choice((1, 2)))]


_BLOCKS: tuple[Callable[[random.Random], list[Block]], ...] = (
    _convolution,
    _convolution,
    _convolution,
    _shortcut,
    _branches,
    _pooling,
)
