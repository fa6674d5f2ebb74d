"""Residual networks (He et al. 2015, *Deep residual learning for image recognition*).

Blocks add what they compute to what they were given, so that a block need only learn what is
missing, and gradients reach the first layers unhindered, however many there are.

For small pictures (section 4.2): three groups of n blocks of two convolutions 3×3 with 16, 32 and
64 maps, the second and third group at half the resolution of the one before, make 6n + 2 layers.
For large ones (section 4.1, table 1): four groups with 64 to 512 maps, after a convolution 7×7 and
a pooling that leave a sixteenth of the positions. From 50 layers on, a block is a bottleneck:
1×1 to fewer maps, 3×3, 1×1 to four times as many; its first convolution lowers the resolution, as
in the paper (later versions leave that to the 3×3 one, which costs 7 % more).

Where maps become more, the shortcut is a convolution 1×1 with a batch norm (option B). The paper's
networks for small pictures fill new maps with zeros instead (option A); with option B there are
1 % more weights.

All take pictures of any size: the average over all positions, before the dense layer, leaves one
number a map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.architectures.blocks import convolution, convolution_relu
from pellucid.layers import (
    Dense,
    GlobalAveragePool,
    MaxPool,
    ReLU,
    Residual,
    Sequential,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.layers import Block, Layer

# ------------------------------------------------------------------------------ for small pictures


def resnet20(classes: int) -> Sequential:
    """ResNet-20: n = 3, that is 20 layers deep; 0.27 million weights, for pictures of about 32×32.

    Learns slowly but well; see :func:`vgg_small` for results in a few minutes.
    """
    return _for_small(3, classes)


def resnet32(classes: int) -> Sequential:
    """ResNet-32: n = 5; 0.46 million weights, for pictures of about 32×32."""
    return _for_small(5, classes)


def resnet56(classes: int) -> Sequential:
    """ResNet-56: n = 9; 0.85 million weights, for pictures of about 32×32."""
    return _for_small(9, classes)


def resnet110(classes: int) -> Sequential:
    """ResNet-110: n = 18; 1.7 million weights, for pictures of about 32×32."""
    return _for_small(18, classes)


def _for_small(n: int, classes: int) -> Sequential:
    return Sequential(
        [
            *convolution_relu(16),
            *_group(_basic, 16, n, stride=1, same=True),
            *_group(_basic, 32, n, stride=2),
            *_group(_basic, 64, n, stride=2),
            GlobalAveragePool(),
            Dense(classes),
        ]
    )


# ------------------------------------------------------------------------------ for large pictures


def resnet18(classes: int) -> Sequential:
    """ResNet-18: 11 689 512 weights, 1.8 billion multiply-adds at 224×224."""
    return _for_large(_basic, (2, 2, 2, 2), classes)


def resnet34(classes: int) -> Sequential:
    """ResNet-34: 21 797 672 weights, 3.7 billion multiply-adds at 224×224."""
    return _for_large(_basic, (3, 4, 6, 3), classes)


def resnet50(classes: int) -> Sequential:
    """ResNet-50, of bottlenecks: 25 557 032 weights, 3.9 billion multiply-adds at 224×224."""
    return _for_large(_bottleneck, (3, 4, 6, 3), classes)


def resnet101(classes: int) -> Sequential:
    """ResNet-101, of bottlenecks: 44 549 160 weights, 7.6 billion multiply-adds at 224×224."""
    return _for_large(_bottleneck, (3, 4, 23, 3), classes)


def resnet152(classes: int) -> Sequential:
    """ResNet-152, of bottlenecks: 60 192 808 weights, 11 billion multiply-adds at 224×224."""
    return _for_large(_bottleneck, (3, 8, 36, 3), classes)


def _for_large(
    block: Callable[[int, int], list[Layer]], blocks: tuple[int, int, int, int], classes: int
) -> Sequential:
    first, *others = blocks
    return Sequential(
        [
            *convolution_relu(64, stride=2, size=7),
            MaxPool(3, stride=2, padding=1),
            # The pooling gives 64 maps: as many as a basic block of the first group has.
            *_group(block, 64, first, stride=1, same=block is _basic),
            *(
                each
                for maps, count in zip((128, 256, 512), others, strict=True)
                for each in _group(block, maps, count, stride=2)
            ),
            GlobalAveragePool(),
            Dense(classes),
        ]
    )


# ------------------------------------------------------------------------------------------ blocks

WIDER = 4
"""How many times as many maps a bottleneck has at its end as in its middle."""


def _basic(maps: int, stride: int) -> list[Layer]:
    """Two convolutions 3×3: (H, W, C) → (⌈H/stride⌉, ⌈W/stride⌉, maps)."""
    return [*convolution_relu(maps, stride), *convolution(maps)]


def _bottleneck(maps: int, stride: int) -> list[Layer]:
    """Convolutions 1×1, 3×3 and 1×1: (H, W, C) → (⌈H/stride⌉, ⌈W/stride⌉, 4·maps)."""
    return [
        *convolution_relu(maps, stride, size=1),
        *convolution_relu(maps),
        *convolution(WIDER * maps, size=1),
    ]


def _group(
    block: Callable[[int, int], list[Layer]],
    maps: int,
    blocks: int,
    *,
    stride: int,
    same: bool = False,
) -> list[Block]:
    """Residual blocks of one resolution; the first comes to it by its stride.

    Args:
        block: What makes a body from maps and stride.
        maps: Of each block.
        blocks: How many.
        stride: Of the first.
        same: Whether what the first is given already has the shape that it gives.
    """
    layers: list[Block] = []
    for each in range(blocks):
        first = stride if each == 0 else 1
        shortcut: list[Block] = []
        if each == 0 and not same:
            end = maps * WIDER if block is _bottleneck else maps
            shortcut = [*convolution(end, first, size=1)]
        layers += [Residual(block(maps, first), shortcut), ReLU()]
    return layers
