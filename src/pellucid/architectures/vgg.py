"""VGG's networks, and small ones in their manner.

Simonyan and Zisserman 2014, *Very deep convolutional networks for large-scale image recognition*,
section 2.1. All kernels are 3×3: two in a row see as far as one of 5×5, with fewer weights and one
ReLU more. Max pooling halves the resolution between the blocks, and each block has twice the maps
of the one before.

``vgg11``, ``vgg16`` and ``vgg19`` are the paper's configurations A, D and E: no norms, and three
dense layers with 124 million weights.

What is younger than the paper in the small ones: a batch norm behind each convolution (Ioffe and
Szegedy 2015), and in place of the hidden dense layers the average over all positions (Lin et al.
2013, *Network in network*, section 3.2), so that pictures may have any size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.architectures.alexnet import dense_layers
from pellucid.architectures.blocks import convolution_pool_relu, convolution_relu
from pellucid.layers import Conv2D, Dense, Flatten, GlobalAveragePool, MaxPool, ReLU, Sequential

if TYPE_CHECKING:
    from pellucid.layers import Block


def vgg11(classes: int) -> Sequential:
    """VGG-11 (table 1, A): 132 863 336 weights, 7.6 billion multiply-adds at 224×224."""
    return _vgg((1, 1, 2, 2, 2), classes)


def vgg16(classes: int) -> Sequential:
    """VGG-16 (table 1, D): 138 357 544 weights, 15.5 billion multiply-adds at 224×224."""
    return _vgg((2, 2, 3, 3, 3), classes)


def vgg19(classes: int) -> Sequential:
    """VGG-19 (table 1, E): 143 667 240 weights, 19.6 billion multiply-adds at 224×224."""
    return _vgg((2, 2, 4, 4, 4), classes)


def _vgg(blocks: tuple[int, ...], classes: int) -> Sequential:
    """Blocks of convolutions 3×3, each ended by a pooling; pictures of any size from 32×32 on.

    The hidden dense layers have weights for every position, so that other pictures than those of
    224×224 need another number of them.
    """
    layers: list[Block] = []
    for block, (count, maps) in enumerate(zip(blocks, (64, 128, 256, 512, 512), strict=True), 1):
        for each in range(1, count + 1):
            layers += [Conv2D(maps, 3, padding=1, name=f"conv{block}-{each}"), ReLU()]
        layers += [MaxPool(2)]
    return Sequential([*layers, *dense_layers(classes)])


def vgg_small(classes: int) -> Sequential:
    """Seven convolutions with 32 to 256 maps; 1.2 million weights, for photos of 24×24 and more.

    The first block is a single convolution, since at full resolution everything costs most: a
    network that learns some thousand photos in minutes, without a GPU. Takes pictures of any size
    from 8×8 on.
    """
    return Sequential(
        [
            *convolution_relu(32),
            MaxPool(2),
            *convolution_relu(64),
            *convolution_relu(64),
            MaxPool(2),
            *convolution_relu(128),
            *convolution_relu(128),
            MaxPool(2),
            *convolution_relu(256),
            *convolution_relu(256),
            GlobalAveragePool(),
            Dense(classes),
        ]
    )


def vgg_medium(classes: int) -> Sequential:
    """The same number of convolutions, each a step earlier than the pooling: twice the work.

    The layer that doubles the maps works at the resolution before the pooling, and the pooling
    follows it directly, so that batch norm and ReLU have a quarter of the values to do. More
    accurate than :func:`vgg_small` in the same number of epochs, which take twice the time. At last
    come the maxima of every 4×4 positions, one for each map where pictures are 32×32: the network
    answers by the strongest trace of a feature. Takes pictures of any size from 8×8 on.
    """
    return Sequential(
        [
            *convolution_relu(32),
            *convolution_pool_relu(64),
            *convolution_relu(64),
            *convolution_pool_relu(128),
            *convolution_relu(128),
            *convolution_pool_relu(256),
            *convolution_relu(256),
            MaxPool(4, padding="same"),
            Flatten(),
            Dense(classes),
        ]
    )
