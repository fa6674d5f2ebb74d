"""RoI pooling: of each box a map of one size, by the largest values of its parts.

    y[n, r, i, j, c] = max of x[n, p, q, c] over the rows p and columns q of part (i, j) of box r

The box and its parts are rounded to whole positions (Girshick 2015, *Fast R-CNN*, section 2.1);
parts may overlap by one row or column. Among equals the first in row-major order wins, and alone
gets the gradient; NaN counts as larger than any number. A part without positions on the map is 0.
See :mod:`pellucid.ops.regions` for boxes and rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.operation import INFERENCE, Mode
from pellucid.ops.regions import Regions, covered, has_box, is_known
from pellucid.ops.terms import Terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.operation import Array, Saved, Shape
    from pellucid.ops.terms import Rule

NOWHERE = -1
"""The winner of a part without positions."""


@dataclass(frozen=True)
class RoIPool(Regions):
    """RoI pooling; x is (N, h, w, C), boxes are (N, R, 4 or more), y is (N, R, *size, C)."""

    kind: ClassVar[str] = "roi_pool"
    title: ClassVar[str] = "regions, pooled"
    rule: ClassVar[Rule] = "maximum"

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        x_nhwc, boxes = inputs
        winner = self._winners(x_nhwc, boxes)
        n, _, _, channels = x_nhwc.shape
        flat = x_nhwc.reshape(n, -1, channels)
        found = np.take_along_axis(flat, np.maximum(winner, 0).reshape(n, -1, channels), axis=1)
        y = np.where(winner == NOWHERE, 0.0, found.reshape(winner.shape)).astype(x_nhwc.dtype)
        y[has_box(boxes) & ~is_known(boxes)] = np.nan
        return y, (winner, x_nhwc.shape, boxes)

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        winner, (n, height, width, channels), boxes = saved
        dx = np.zeros((n, height * width, channels), gradient.dtype)
        image, *_, channel = np.ogrid[tuple(map(slice, winner.shape))]
        won = winner != NOWHERE
        image, channel = (np.broadcast_to(each, winner.shape)[won] for each in (image, channel))
        np.add.at(dx, (image, winner[won], channel), gradient[won])
        return (dx.reshape(n, height, width, channels), np.zeros_like(boxes)), {}

    def _winners(self, x_nhwc: Array, boxes: Array) -> NDArray[np.int64]:
        """The place row · w + column where each value was found, (N, R, *size, C)."""
        n, height, width, channels = x_nhwc.shape
        tops, bottoms = covered(boxes[..., 1], boxes[..., 3], self.size[0], self.scale, height)
        lefts, rights = covered(boxes[..., 0], boxes[..., 2], self.size[1], self.scale, width)
        winner = np.full((n, boxes.shape[1], *self.size, channels), NOWHERE)
        for k, r in np.argwhere(has_box(boxes) & is_known(boxes)).tolist():
            for i, (top, bottom) in enumerate(zip(tops[k, r], bottoms[k, r], strict=True)):
                for j, (left, right) in enumerate(zip(lefts[k, r], rights[k, r], strict=True)):
                    if top >= bottom or left >= right:
                        continue
                    part = x_nhwc[k, top:bottom, left:right].reshape(-1, channels)
                    row, column = np.divmod(part.argmax(axis=0), right - left)
                    winner[k, r, i, j] = (top + row) * width + left + column
        return winner

    @property
    def samples_of_part(self) -> int:
        return 0

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        sources = self.sources(inputs, at)
        values, factors = sources.values(inputs), np.full(len(sources.table), np.nan)
        products, own, of_map = np.zeros(len(values)), 0, sources.table[:, 0] == 0
        factors[of_map] = 0.0
        if of_map.any():  # the map's values come first
            own = int(np.argmax(values[of_map]))
            factors[own], products[own] = 1.0, values[own]
        return Terms("maximum", sources.table, values, factors, products, own=own)

    def decisions(self, inputs: Arrays) -> tuple[Array, ...]:
        return (self._winners(*inputs),)

    def window_cost(self, *inputs: Shape) -> tuple[int, int, int]:
        regions, height, width, channels = self.output_shape(*inputs)
        return 0, 0, 4 * regions * height * width * channels
