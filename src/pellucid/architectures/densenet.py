"""DenseNet (Huang et al. 2016, *Densely connected convolutional networks*, section 3, table 1).

Every layer reads the maps of all layers of its block before it, joined, and adds 32 of its own:
what was found once need not be found again, and gradients reach every layer directly. A convolution
1×1 first reduces what has come together to 128 maps. Between blocks, a transition halves the number
of maps and the resolution. Batch norm and ReLU come before each convolution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.architectures.blocks import convolution_relu
from pellucid.layers import (
    AveragePool,
    BatchNorm,
    Conv2D,
    Dense,
    GlobalAveragePool,
    MaxPool,
    Parallel,
    ReLU,
    Sequential,
)

if TYPE_CHECKING:
    from pellucid.layers import Block

GROWTH = 32
"""Maps that each layer adds (the paper's k)."""


def densenet121(classes: int) -> Sequential:
    """DenseNet-121: 7 978 856 weights, 2.8 billion multiply-adds at 224×224.

    Blocks of 6, 12, 24 and 16 layers. Takes pictures of any size from 29×29 on, with as many
    weights.
    """
    maps = 2 * GROWTH
    layers: list[Block] = [
        *convolution_relu(maps, stride=2, size=7),
        MaxPool(3, stride=2, padding=1),
    ]
    blocks = (6, 12, 24, 16)
    for number, count in enumerate(blocks):
        layers += [_dense_layer()] * count
        maps += count * GROWTH
        if number < len(blocks) - 1:
            maps //= 2
            layers += [BatchNorm(), ReLU(), Conv2D(maps, 1, bias=False), AveragePool(2)]
    return Sequential([*layers, BatchNorm(), ReLU(), GlobalAveragePool(), Dense(classes)])


def _dense_layer() -> Parallel:
    """(H, W, C) → (H, W, C + 32): what came, joined with what is found in it."""
    reduce = [BatchNorm(), ReLU(), *convolution_relu(4 * GROWTH, size=1)]
    return Parallel([[], [*reduce, Conv2D(GROWTH, 3, padding=1, bias=False)]])
