"""Average pooling: the mean of every window, channel by channel.

    y[n, i, j, c] = (1 / m) Σ_{ky, kx} x[n, i·s − p + ky, j·s − p + kx, c]

where m counts the window's positions inside the image, or with ``count_padding`` those inside the
padded image (what hangs over beyond the padding never counts).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.ops import patches
from pellucid.ops.formula import nested
from pellucid.ops.operation import INFERENCE, Mode
from pellucid.ops.pool import Pool

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class AveragePool(Pool):
    """Average pooling; x is (N, H, W, C), y is (N, H', W', C).

    Attributes:
        count_padding: Whether the zeros of the padding take part in the mean.
    """

    kind: ClassVar[str] = "average_pool"
    title: ClassVar[str] = "step 2, average pooling"
    rule: ClassVar[Rule] = "sum"
    count_padding: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.truth("count_padding", self.count_padding)

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x_nhwc,) = inputs
        total = patches.cut(x_nhwc, self.window).sum(axis=(3, 4))
        return total / self._counts(x_nhwc), x_nhwc

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        x_nhwc: Array = saved
        n, height, width, channels = x_nhwc.shape
        share = (gradient / self._counts(x_nhwc))[:, :, :, None, None]
        shape = (n, *self.window.output(height, width), *self.size, channels)
        return (patches.paste(np.broadcast_to(share, shape), self.window, height, width),), {}

    def _counts(self, x_nhwc: Array) -> Array:
        """How many positions each window averages over: (1, H', W', 1)."""
        _, height, width, _ = x_nhwc.shape
        padded = patches.pad(np.ones((1, height, width, 1), x_nhwc.dtype), self.window)
        if self.count_padding:
            rows, columns = self.window.along(0, height), self.window.along(1, width)
            padded[
                :, : rows.before + height + rows.after, : columns.before + width + columns.after
            ] = 1
        counts = np.zeros((1, *self.window.output(height, width), 1), x_nhwc.dtype)
        for _, (rows_at, columns_at) in patches.offsets(self.window, height, width):
            counts += padded[:, rows_at, columns_at]
        return counts

    def multiplied(self, weights: Weights, *inputs: Shape) -> Array:
        return np.asarray(1.0 / self._counts(np.ones((1, *inputs[0])))[0])

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        count = self._counts(np.ones((1, *inputs[0].shape)))[0, at[0], at[1], 0]
        return f"{nested('SUM', self.cells(at, inputs))}/{round(float(count))}"
