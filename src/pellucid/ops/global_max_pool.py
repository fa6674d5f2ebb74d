"""Global max pooling: each feature map becomes its largest value.

    y[n, c] = max_{i, j} x[n, i, j, c]

Among equals the first in row-major order wins, and alone gets the gradient; NaN counts as larger
than any number. Oquab et al. 2015, *Is object localization for free?*, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.operation import INFERENCE, Mode
from pellucid.ops.pool import GlobalPool

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.arguments import Arrays, Backward, Details, Forward, Position, Weights
    from pellucid.ops.operation import Array, Saved
    from pellucid.ops.terms import Rule, Terms


@dataclass(frozen=True)
class GlobalMaxPool(GlobalPool):
    """Global max pooling; x is (N, H, W, C), y is (N, C)."""

    kind: ClassVar[str] = "global_max_pool"
    title: ClassVar[str] = "step 2, global max pooling"
    rule: ClassVar[Rule] = "maximum"

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x_nhwc,) = inputs
        x_npc = x_nhwc.reshape(len(x_nhwc), -1, x_nhwc.shape[3])
        winner = x_npc.argmax(axis=1)[:, None]  # the first of equals, or the first NaN
        return np.take_along_axis(x_npc, winner, axis=1)[:, 0], (winner, x_nhwc.shape)

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        winner, shape = saved
        dx_npc = np.zeros((shape[0], shape[1] * shape[2], shape[3]), gradient.dtype)
        np.put_along_axis(dx_npc, winner, gradient[:, None], axis=1)
        return (dx_npc.reshape(shape),), {}

    def decisions(self, inputs: Arrays) -> tuple[Array, ...]:
        _, (winner, _) = self.forward(inputs, {})
        return (winner[:, 0],)

    def winners(self, x: Array) -> NDArray[np.int64]:
        _, (winner, shape) = self.forward([x[None]], {})
        return np.stack(np.unravel_index(winner[0, 0], shape[1:3]), axis=-1)

    def details(self, terms: Terms, inputs: Arrays, weights: Weights, at: Position) -> Details:
        return {"winner": list(terms.source(terms.own)[1])}
