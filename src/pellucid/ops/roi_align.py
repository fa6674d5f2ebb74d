"""RoI align: of each box a map of one size, by values between the positions of a larger map.

    y[n, r, i, j, c] = 1/k² · Σ over k×k places in part (i, j) of box r of x there, bilinear

A box is cut into size[0] × size[1] equal parts, without rounding; k×k places lie evenly in each
(He et al. 2017, *Mask R-CNN*, section 3: k = 2). The middle of the pixel at row p is at p + 1/2.
See :mod:`pellucid.ops.regions` for boxes, and for what lies outside.

Down and across are independent: y = A · x · Bᵀ for each channel, with how much each row and column
counts in each part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.ops.operation import INFERENCE, Mode
from pellucid.ops.regions import Regions, has_box, is_known, sampled
from pellucid.ops.terms import Terms

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.operation import Array, Saved, Shape
    from pellucid.ops.terms import Rule

MOST_SAMPLES = 4
"""Places down and across in a part."""


@dataclass(frozen=True)
class RoIAlign(Regions):
    """RoI align; x is (N, h, w, C), boxes are (N, R, 4 or more), y is (N, R, *size, C).

    Attributes:
        samples: k, 1 to 4.
    """

    kind: ClassVar[str] = "roi_align"
    title: ClassVar[str] = "regions, sampled"
    rule: ClassVar[Rule] = "sampled"
    samples: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.whole("samples", self.samples, 1, MOST_SAMPLES)

    def multiply_adds(self, *inputs: Shape) -> int:
        regions, height, width, channels = self.output_shape(*inputs)
        return 4 * self.samples**2 * regions * height * width * channels

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        x_nhwc, boxes = inputs
        down, across = self._factors(x_nhwc.shape, boxes, x_nhwc.dtype)
        n, regions, rows, height = down.shape
        width, channels = x_nhwc.shape[2:]
        lines = down.reshape(n, -1, height) @ x_nhwc.reshape(n, height, -1)
        y = across[:, :, None] @ lines.reshape(n, regions, rows, width, channels)
        y = np.where(has_box(boxes)[..., None, None, None], y, 0.0).astype(x_nhwc.dtype)
        unknown = has_box(boxes) & ~is_known(boxes)
        y[unknown] = np.nan
        return y, (x_nhwc.shape, boxes)

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        (n, height, width, channels), boxes = saved
        down, across = self._factors((n, height, width, channels), boxes, gradient.dtype)
        lines = across[:, :, None].swapaxes(-1, -2) @ gradient
        rows = down.reshape(n, -1, height).swapaxes(-1, -2)
        dx = rows @ lines.reshape(n, -1, width * channels)
        return (dx.reshape(n, height, width, channels), np.zeros_like(boxes)), {}

    def _factors(self, shape: Shape, boxes: Array, dtype: np.dtype[np.floating]) -> list[Array]:
        """How much rows, (N, R, size[0], h), and columns, (N, R, size[1], w), count in parts."""
        real = (has_box(boxes) & is_known(boxes))[..., None, None]
        found = []
        for low, parts, length in ((1, self.size[0], shape[1]), (0, self.size[1], shape[2])):
            ends = boxes[..., low], boxes[..., low + 2]
            factors = sampled(*ends, parts, self.samples, self.scale, length)
            found.append(np.where(real, factors, 0.0).astype(dtype))
        return found

    @property
    def samples_of_part(self) -> int:
        return self.samples

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        sources = self.sources(inputs, at)
        values, factors = sources.values(inputs), sources.factors
        assert factors is not None
        with np.errstate(invalid="ignore"):
            products = np.where(np.isnan(factors), 0.0, values * factors)
        return Terms("sampled", sources.table, values, factors, products)

    def decisions(self, inputs: Arrays) -> tuple[Array, ...]:
        return (inputs[1],)

    def window_cost(self, *inputs: Shape) -> tuple[int, int, int]:
        (height, width, channels), (regions, _) = inputs
        down, across = self.size
        lines = regions * down * width * channels
        factors = regions * (down * height + across * width) * self.samples * 4
        return 0, 0, 2 * lines + factors
