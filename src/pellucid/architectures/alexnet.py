"""AlexNet and ZF Net: five convolutions and three dense layers, which began it all.

Krizhevsky, Sutskever and Hinton 2012, *ImageNet classification with deep convolutional neural
networks*; Zeiler and Fergus 2013, *Visualizing and understanding convolutional networks*.

Both take pictures of 224×224 and answer among 1 000 classes. The first layers look at few, large
windows, pooling windows overlap (3×3, two pixels apart), and values are damped by their neighbours
across channels. Nine tenths of the weights are those of the dense layers, half of whose values are
dropped in training. Smaller pictures have fewer of these weights; AlexNet
takes pictures from 63×63 on, ZF Net from 53×53 on.

First weights are He's, which need no biases of 1 and no small Gaussian for the layers to begin
learning, as the papers had.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.layers import (
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    LocalResponseNorm,
    MaxPool,
    ReLU,
    Sequential,
)

if TYPE_CHECKING:
    from pellucid.layers import Block, Layer


def alexnet(classes: int) -> Sequential:
    """AlexNet as in 2012, with its two groups: 60 965 224 weights, 0.72 billion multiply-adds.

    Two graphics cards held half of the kernels each, so that ``conv2``, ``conv4`` and ``conv5``
    read only the maps of their own half (section 3.5, figure 2). Local response normalisation and
    overlapping pooling are those of sections 3.3 and 3.4. The paper's arithmetic needs pictures of
    227×227; a border of two zeros makes it right for 224×224.
    """
    return Sequential(
        [
            *_convolution("conv1", 96, 11, stride=4, padding=2),
            *_norm_and_pool(),
            *_convolution("conv2", 256, 5, padding=2, groups=2),
            *_norm_and_pool(),
            *_convolution("conv3", 384, 3, padding=1),
            *_convolution("conv4", 384, 3, padding=1, groups=2),
            *_convolution("conv5", 256, 3, padding=1, groups=2),
            MaxPool(3, stride=2),
            *dense_layers(classes),
        ]
    )


def zfnet(classes: int) -> Sequential:
    """ZF Net: 62 357 608 weights (counted from figure 3), 1.2 billion multiply-adds.

    AlexNet after its first layers had been looked at: 11×11 kernels four pixels apart mixed
    frequencies and left gaps, so the first layer has 7×7 kernels two pixels apart, and the second
    is two apart, too (section 4.1). All kernels read all maps.
    """
    return Sequential(
        [
            *_convolution("conv1", 96, 7, stride=2, padding=1),
            MaxPool(3, stride=2, padding=1),
            LocalResponseNorm(),
            *_convolution("conv2", 256, 5, stride=2),
            MaxPool(3, stride=2, padding=1),
            LocalResponseNorm(),
            *_convolution("conv3", 384, 3, padding=1),
            *_convolution("conv4", 384, 3, padding=1),
            *_convolution("conv5", 256, 3, padding=1),
            MaxPool(3, stride=2),
            *dense_layers(classes),
        ]
    )


def dense_layers(classes: int) -> list[Block]:
    """Two hidden layers of 4 096 units with dropout, and the logits: (H, W, C) → (classes,)."""
    return [
        Flatten(),
        Dense(4096, name="fc6"),
        ReLU(),
        Dropout(0.5),
        Dense(4096, name="fc7"),
        ReLU(),
        Dropout(0.5),
        Dense(classes, name="fc8"),
    ]


def _convolution(
    name: str, filters: int, size: int, *, stride: int = 1, padding: int = 0, groups: int = 1
) -> list[Layer]:
    kernel = Conv2D(filters, size, stride=stride, padding=padding, groups=groups, name=name)
    return [kernel, ReLU()]


def _norm_and_pool() -> list[Layer]:
    return [LocalResponseNorm(), MaxPool(3, stride=2)]
