"""A residual network for small pictures (He et al. 2015, *Deep residual learning*, section 4.2).

Blocks of two convolutions add what they compute to what they were given, so that a block need only
learn what is missing, and gradients reach the first layers unhindered, however many there are.
Three groups of n such blocks with 16, 32 and 64 maps, the second and third group at half the
resolution of the one before, make a network of 6n + 2 layers.

The paper's shortcuts fill new maps with zeros where their number doubles (option A); here they are
convolutions 1×1 with a batch norm (option B), which its networks for large pictures use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.architectures.blocks import convolution, convolution_relu
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    GlobalAveragePool,
    ReLU,
    Residual,
    Sequential,
)

if TYPE_CHECKING:
    from pellucid.layers import Block


def resnet20(classes: int) -> Sequential:
    """ResNet-20: n = 3, that is 20 layers deep; 0.27 million weights, for pictures of about 32×32.

    Takes pictures of any size: the average over all positions, before the dense layer, leaves one
    number a map. Learns slowly but well; see :func:`vgg_small` for results in a few minutes.
    """
    return Sequential(
        [
            *convolution_relu(16),
            *_group(16, blocks=3),
            *_group(32, blocks=3, stride=2),
            *_group(64, blocks=3, stride=2),
            GlobalAveragePool(),
            Dense(classes),
        ]
    )


def _group(filters: int, *, blocks: int, stride: int = 1) -> list[Block]:
    """Residual blocks with as many maps each; the first lowers the resolution by its stride."""
    layers: list[Block] = []
    for each in range(blocks):
        first = stride if each == 0 else 1
        body = [*convolution_relu(filters, first), *convolution(filters)]
        shortcut = [Conv2D(filters, 1, stride=first, bias=False), BatchNorm()] if first > 1 else []
        layers += [Residual(body, shortcut), ReLU()]
    return layers
