"""Global average pooling: each feature map becomes its mean.

y[n, c] = (1 / HW) Σ_{i, j} x[n, i, j, c]

Lin et al. 2013, *Network in network*, section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.formula import nested
from pellucid.ops.operation import INFERENCE, Mode
from pellucid.ops.pool import GlobalPool

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class GlobalAveragePool(GlobalPool):
    """Global average pooling; x is (N, H, W, C), y is (N, C)."""

    kind: ClassVar[str] = "global_average_pool"
    title: ClassVar[str] = "step 2, global average pooling"
    rule: ClassVar[Rule] = "sum"

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x_nhwc,) = inputs
        return x_nhwc.mean(axis=(1, 2)), x_nhwc.shape

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        _, height, width, _ = saved
        share = gradient[:, None, None, :] / (height * width)
        return (np.broadcast_to(share, saved).copy(),), {}

    def multiplied(self, weights: Weights, *inputs: Shape) -> Array:
        height, width, _ = inputs[0]
        return np.array(1.0 / (height * width))

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        cells = self.cells(at, inputs)
        return f"{nested('SUM', cells)}/{len(cells)}"
