"""EfficientNet-Lite: mobile networks for photographs, scaled by a rule (Tan and Le 2019).

*EfficientNet: rethinking model scaling for convolutional neural networks*, table 1: seven stages of
inverted residuals (Sandler et al. 2018, *MobileNetV2*). Each block widens its input by convolutions
1×1, looks at each map alone with a depthwise convolution, and narrows the result by convolutions
1×1 again; where its output has the shape of its input, the input is added. Deeper and wider members
of the family follow from two factors.

The Lite variants (Liu 2020, *Higher accuracy on vision models with EfficientNet-Lite*) leave out
squeeze-and-excitation, have ReLU6 in place of swish, and scale neither the first and the last
convolution nor the number of blocks in the first and the last stage. Padding is that of TensorFlow:
where it is uneven, the odd pixel goes below and to the right. Training of the paper also leaves out
whole blocks at random (stochastic depth), which is not done here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    GlobalAveragePool,
    ReLU6,
    Residual,
    Sequential,
)

if TYPE_CHECKING:
    from pellucid.layers import Block

STEM, HEAD = 32, 1280
"""Maps of the first and of the last convolution, in every variant."""


@dataclass(frozen=True)
class Stage:
    """Blocks of one kind, as in the paper's table 1.

    Attributes:
        blocks: How many, before scaling.
        size: Of the depthwise kernel, in pixels.
        stride: Of the first block.
        widening: By how much a block widens its input; 1 leaves that convolution out.
        maps: What each block gives, before scaling.
    """

    blocks: int
    size: int
    stride: int
    widening: int
    maps: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def efficientnet_lite0(classes: int) -> Sequential:
    """EfficientNet-Lite0: 4 652 008 weights for 1 000 classes, for pictures of about 224×224."""
    return efficientnet_lite(classes, width=1.0, depth=1.0, dropout=0.2)


def efficientnet_lite1(classes: int) -> Sequential:
    """EfficientNet-Lite1, deeper: 5 416 680 weights, for pictures of about 240×240."""
    return efficientnet_lite(classes, width=1.0, depth=1.1, dropout=0.2)


def efficientnet_lite2(classes: int) -> Sequential:
    """EfficientNet-Lite2, deeper and wider: 6 092 072 weights, for pictures of about 260×260."""
    return efficientnet_lite(classes, width=1.1, depth=1.2, dropout=0.3)


def efficientnet_lite(classes: int, *, width: float, depth: float, dropout: float) -> Sequential:
    """One of the family.

    Layers are called by their place: ``stem``, ``block1-depthwise``, ``block1-project``,
    ``block2-expand``, …, ``block3-add`` and ``head`` are convolutions and sums; ``stem-norm`` and
    ``stem-relu`` follow ``stem``.

    Args:
        classes: Logits.
        width: The factor of the numbers of maps; they are rounded to multiples of 8.
        depth: The factor of the numbers of blocks, which are rounded up.
        dropout: The share of the 1 280 averages that is left out in training, 0 to 1.
    """
    layers = _convolution("stem", STEM, 3, stride=2)
    before, number = STEM, 0
    for stage in STAGES:
        scaled = stage not in (STAGES[0], STAGES[-1])
        blocks = math.ceil(depth * stage.blocks) if scaled else stage.blocks
        for each in range(blocks):
            number += 1
            after = rounded_maps(width * stage.maps)
            stride = stage.stride if each == 0 else 1
            name = f"block{number}"
            block = _block(name, before, after, stage, stride)
            same = stride == 1 and before == after
            layers += [Residual(block, name=f"{name}-add")] if same else block
            before = after
    layers += _convolution("head", HEAD, 1)
    return Sequential([*layers, GlobalAveragePool(), Dropout(dropout), Dense(classes)])


def rounded_maps(maps: float) -> int:
    """The nearest multiple of 8, at least 8; the next one where that is below 90 % of ``maps``."""
    nearest = max(8, int(maps + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * maps else nearest


def _block(name: str, before: int, after: int, stage: Stage, stride: int) -> list[Block]:
    """An inverted residual, (H, W, before) → (⌈H/stride⌉, ⌈W/stride⌉, after), without its sum."""
    wide = before * stage.widening
    layers = _convolution(f"{name}-expand", wide, 1) if wide != before else []
    layers += _convolution(f"{name}-depthwise", wide, stage.size, stride=stride, groups=wide)
    # no ReLU6 behind the narrow maps, which would lose too much (MobileNetV2, section 3.2)
    return [*layers, *_convolution(f"{name}-project", after, 1)[:-1]]


def _convolution(
    name: str, maps: int, size: int, *, stride: int = 1, groups: int = 1
) -> list[Block]:
    return [
        Conv2D(maps, size, stride=stride, padding="same", groups=groups, bias=False, name=name),
        BatchNorm(momentum=0.01, epsilon=1e-3, name=f"{name}-norm"),
        ReLU6(name=f"{name}-relu"),
    ]
