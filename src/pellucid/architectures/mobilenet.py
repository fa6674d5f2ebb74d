"""MobileNets: convolutions taken apart, so that a telephone can afford them.

Howard et al. 2017, *MobileNets: efficient convolutional neural networks for mobile vision
applications*; Sandler et al. 2018, *MobileNetV2: inverted residuals and linear bottlenecks*.

A convolution 3×3 from C to K maps costs 9·C·K products a position. Taken apart into one kernel
3×3 a map (depthwise) and a convolution 1×1 that mixes the maps, it costs 9·C + C·K: a ninth to an
eighth. Pictures may have any size: the average over all positions precedes the dense layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.architectures.blocks import convolution
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    GlobalAveragePool,
    ReLU,
    ReLU6,
    Residual,
    Sequential,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.layers import Block, Layer


def mobilenet_v1(classes: int) -> Sequential:
    """MobileNet (table 1, width 1): 4 231 976 weights, 0.57 billion multiply-adds at 224×224."""
    layers: list[Block] = [*convolution(32, stride=2), ReLU()]
    before = 32
    for maps, stride in [
        (64, 1),
        *((128, 2), (128, 1)),
        *((256, 2), (256, 1)),
        *((512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1)),
        *((1024, 2), (1024, 1)),
    ]:
        layers += [*_depthwise(before, stride, ReLU), *convolution(maps, size=1), ReLU()]
        before = maps
    return Sequential([*layers, GlobalAveragePool(), Dense(classes)])


def mobilenet_v2(classes: int) -> Sequential:
    """MobileNetV2 (table 2, width 1): 3 504 872 weights, 0.3 billion multiply-adds at 224×224.

    A block expands few maps sixfold, filters each by itself, and reduces them to few again, without
    an activation, which would lose what few maps hold. The shortcut joins the narrow ends.
    """
    layers: list[Block] = [*convolution(32, stride=2), ReLU6()]
    before = 32
    for factor, maps, count, stride in [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]:
        for each in range(count):
            layers += _inverted(before, maps, factor, stride if each == 0 else 1)
            before = maps
    ending = [
        *convolution(1280, size=1),
        ReLU6(),
        GlobalAveragePool(),
        Dropout(0.2),
        Dense(classes),
    ]
    return Sequential([*layers, *ending])


def _inverted(before: int, maps: int, factor: int, stride: int) -> list[Block]:
    """An inverted residual: (H, W, before) → (⌈H/stride⌉, ⌈W/stride⌉, maps)."""
    wide = before * factor
    expand: list[Layer] = [*convolution(wide, size=1), ReLU6()] if factor > 1 else []
    body = [*expand, *_depthwise(wide, stride, ReLU6), *convolution(maps, size=1)]
    return [Residual(body)] if stride == 1 and before == maps else list(body)


def _depthwise(maps: int, stride: int, activation: Callable[[], Layer]) -> list[Layer]:
    """One kernel 3×3 for each map."""
    kernel = Conv2D(maps, 3, stride=stride, padding=1, groups=maps, bias=False)
    return [kernel, BatchNorm(), activation()]
