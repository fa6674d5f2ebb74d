"""Global average pooling: each feature map becomes its mean.

y[n, c] = (1 / HW) Σ_{i, j} x[n, i, j, c]

Lin et al. 2013, *Network in network*, section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.formula import nested
from pellucid.ops.operation import INFERENCE, Mode, Operation, image_shape
from pellucid.ops.reads import Reads, along, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.ops.formula import Cells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.reads import Sources
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class GlobalAveragePool(Operation):
    """Global average pooling; x is (N, H, W, C), y is (N, C)."""

    kind: ClassVar[str] = "global_average_pool"
    title: ClassVar[str] = "step 2, global average pooling"
    family: ClassVar[Family] = "pooling"
    rule: ClassVar[Rule] = "sum"
    stem: ClassVar[str] = "pool"

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

    def reads(self, *inputs: Shape) -> Reads:
        height, width, channels = image_shape(inputs[0])
        return Reads(((whole(height), whole(width), along(0, channels)),), (channels,))

    def factors(
        self,
        inputs: Sequence[Array],
        weights: Mapping[str, Array],
        at: tuple[int, ...],
        sources: Sources,
    ) -> Array:
        return np.full(len(sources.table), 1.0 / len(sources.table))

    def formula(
        self, at: tuple[int, ...], inputs: Sequence[Cells], weights: Mapping[str, Cells]
    ) -> str:
        cells = self.cells(at, inputs)
        return f"{nested('SUM', cells)}/{len(cells)}"
