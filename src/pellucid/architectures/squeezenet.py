"""SqueezeNet (Iandola et al. 2016, *SqueezeNet: AlexNet-level accuracy with 50x fewer parameters*).

A fire module squeezes its input to few maps by convolutions 1×1, which then cost little to read,
and expands them again, half by windows of 1×1 and half of 3×3. Pooling comes late, so that layers
have large maps. The last convolution makes a map for each class, whose average is the logit: no
dense layer. There are no batch norms.

Published code has a ReLU behind the last convolution, too. It is left out: it stops a class from
learning for good as soon as its map is negative everywhere, which happens within the first epoch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.layers import (
    Conv2D,
    Dropout,
    GlobalAveragePool,
    MaxPool,
    Parallel,
    ReLU,
    Sequential,
)

if TYPE_CHECKING:
    from pellucid.layers import Block, Layer


def squeezenet(classes: int) -> Sequential:
    """SqueezeNet 1.0, table 1 of the paper: 1 248 424 weights, 0.82 billion multiply-adds at 224×224.

    Takes pictures of any size from 21×21 on, with as many weights.
    """  # noqa: E501 - one line says it
    return Sequential(
        [
            Conv2D(96, 7, stride=2, name="conv1"),
            ReLU(),
            _halved(),
            *(_fire(2, 16, 64), _fire(3, 16, 64), _fire(4, 32, 128)),
            _halved(),
            *(_fire(5, 32, 128), _fire(6, 48, 192), _fire(7, 48, 192), _fire(8, 64, 256)),
            _halved(),
            _fire(9, 64, 256),
            *_ending(classes),
        ]
    )


def squeezenet_1_1(classes: int) -> Sequential:
    """SqueezeNet 1.1: 1 235 496 weights, 0.35 billion multiply-adds at 224×224.

    As its authors published it later: a smaller first layer and earlier pooling, as accurate at
    less than half the cost. Takes pictures of any size from 17×17 on, with as many weights.
    """
    return Sequential(
        [
            Conv2D(64, 3, stride=2, name="conv1"),
            ReLU(),
            _halved(),
            *(_fire(2, 16, 64), _fire(3, 16, 64)),
            _halved(),
            *(_fire(4, 32, 128), _fire(5, 32, 128)),
            _halved(),
            *(_fire(6, 48, 192), _fire(7, 48, 192), _fire(8, 64, 256), _fire(9, 64, 256)),
            *_ending(classes),
        ]
    )


def _fire(number: int, squeezed: int, expanded: int) -> Sequential:
    """A fire module: (H, W, C) → (H, W, 2·expanded)."""
    name = f"fire{number}"
    wide: list[list[Block]] = [
        [Conv2D(expanded, 1, name=f"{name}-1x1"), ReLU()],
        [Conv2D(expanded, 3, padding=1, name=f"{name}-3x3"), ReLU()],
    ]
    return Sequential(
        [Conv2D(squeezed, 1, name=f"{name}-squeeze"), ReLU(), Parallel(wide, name=name)]
    )


def _halved() -> Layer:
    return MaxPool(3, stride=2, edge="count")


def _ending(classes: int) -> list[Block]:
    return [Dropout(0.5), Conv2D(classes, 1, name="conv10"), GlobalAveragePool()]
