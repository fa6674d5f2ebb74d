"""Global average pooling: each feature map becomes its mean.

y[n, c] = (1 / HW) Σ_{i, j} x[n, i, j, c]

Lin et al. 2013, *Network in network*, section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.operation import INFERENCE, Mode, Operation, Reach, image_shape
from pellucid.ops.terms import Terms, weighted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.ops.operation import Array, Saved, Shape


@dataclass(frozen=True)
class GlobalAveragePool(Operation):
    """Global average pooling; x is (N, H, W, C), y is (N, C)."""

    kind: ClassVar[str] = "global_average_pool"

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        return (image_shape(inputs[0])[2],)

    def forward(
        self, inputs: Sequence[Array], weights: Mapping[str, Array], mode: Mode = INFERENCE
    ) -> tuple[Array, Saved]:
        (x_nhwc,) = inputs
        return x_nhwc.mean(axis=(1, 2)), x_nhwc.shape

    def backward(
        self, gradient: Array, saved: Saved, weights: Mapping[str, Array]
    ) -> tuple[tuple[Array, ...], dict[str, Array]]:
        _, height, width, _ = saved
        share = gradient[:, None, None, :] / (height * width)
        return (np.broadcast_to(share, saved).copy(),), {}

    def terms(
        self, inputs: Sequence[Array], weights: Mapping[str, Array], at: tuple[int, ...]
    ) -> Terms:
        (x_hwc,) = inputs
        height, width, _ = x_hwc.shape
        (channel,) = at
        sources = [(0, y, x, channel) for y in range(height) for x in range(width)]
        return weighted(
            sources, x_hwc[:, :, channel], np.full(height * width, 1.0 / (height * width))
        )

    def reach(self, shape: Shape) -> Reach:
        return Reach(size=None)
