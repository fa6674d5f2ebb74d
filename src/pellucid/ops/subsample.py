"""Trainable subsampling, LeNet-5's pooling: a window's sum, times a coefficient, plus a bias.

    y[n, i, j, c] = a[c] · Σ_{ky, kx} x[n, i·s − p + ky, j·s − p + kx, c] + b[c]

One coefficient and one bias for each feature map (LeCun et al. 1998, *Gradient-based learning
applied to document recognition*, section II.B, layer S2). The squashing function that follows
there is an operation of its own here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops import patches
from pellucid.ops.formula import nested
from pellucid.ops.initializers import check_initializer
from pellucid.ops.operation import INFERENCE, Mode, Parameter, image_shape
from pellucid.ops.pool import Pool
from pellucid.ops.reads import Reads, WeightPlace

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class Subsample(Pool):
    """Trainable subsampling; x is (N, H, W, C), y is (N, H', W', C).

    Attributes:
        initializer: How the coefficients start. 1/(window size) makes it an average at first.
    """

    kind: ClassVar[str] = "subsample"
    title: ClassVar[str] = "step 2, subsampling"
    rule: ClassVar[Rule] = "sum"
    initializer: str | float = 0.25

    def __post_init__(self) -> None:
        super().__post_init__()
        check_initializer("initializer", self.initializer)

    def parameters(self, *inputs: Shape) -> dict[str, Parameter]:
        _, _, channels = image_shape(inputs[0])
        inside = self.size[0] * self.size[1]
        coefficient = Parameter(
            (channels,), self.initializer, "scale", fan_in=inside, fan_out=inside
        )
        return {"coefficient": coefficient, "bias": Parameter((channels,), 0.0, "bias")}

    def multiply_adds(self, *inputs: Shape) -> int:
        height, width, channels = self.output_shape(*inputs)
        return height * width * channels

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x_nhwc,) = inputs
        sums = patches.cut(x_nhwc, self.window).sum(axis=(3, 4))
        return sums * weights["coefficient"] + weights["bias"], (sums, x_nhwc.shape)

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        sums, (n, height, width, channels) = saved
        spread = (gradient * weights["coefficient"])[:, :, :, None, None]
        shape = (n, *self.window.output(height, width), *self.size, channels)
        dx = patches.paste(np.broadcast_to(spread, shape), self.window, height, width)
        return (dx,), {
            "coefficient": (gradient * sums).sum(axis=(0, 1, 2)),
            "bias": gradient.sum(axis=(0, 1, 2)),
        }

    def reads(self, *inputs: Shape) -> Reads:
        coefficient = WeightPlace("coefficient", (("output", 2),))
        return replace(super().reads(*inputs), weight=coefficient)

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        coefficient, bias = (weights[name].cell(at[-1:]) for name in ("coefficient", "bias"))
        return f"{coefficient}*{nested('SUM', self.cells(at, inputs))}+{bias}"
