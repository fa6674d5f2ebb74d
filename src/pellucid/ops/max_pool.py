"""Max pooling: of every window, channel by channel, the largest value.

    y[n, i, j, c] = max_{ky, kx} x[n, i·s − p + ky, j·s − p + kx, c]

Positions outside the image never win. Among equals the first in row-major order wins, and alone
gets the gradient; NaN counts as larger than any number, so that it is seen and not lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops import patches
from pellucid.ops.operation import INFERENCE, Mode
from pellucid.ops.pool import Pool

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.arguments import Arrays, Backward, Details, Forward, Position, Weights
    from pellucid.ops.operation import Array, Saved
    from pellucid.ops.terms import Rule, Terms


@dataclass(frozen=True)
class MaxPool(Pool):
    """Max pooling; x is (N, H, W, C), y is (N, H', W', C)."""

    kind: ClassVar[str] = "max_pool"
    title: ClassVar[str] = "step 2, max pooling"
    rule: ClassVar[Rule] = "maximum"

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x_nhwc,) = inputs
        _, height, width, _ = x_nhwc.shape
        padded = patches.pad(x_nhwc, self.window)
        inside = patches.pad(np.ones((1, height, width, 1), bool), self.window, fill=False)
        best = winner = None
        for place, (_, (rows, columns)) in enumerate(patches.offsets(self.window, height, width)):
            value, real = padded[:, rows, columns], inside[:, rows, columns]
            if best is None or winner is None:
                best = np.where(real, value, -np.inf).astype(x_nhwc.dtype)
                winner = np.where(np.broadcast_to(real, value.shape), place, -1)
                continue
            larger = (value > best) | (np.isnan(value) & ~np.isnan(best)) | (winner < 0)
            wins = real & larger
            best, winner = np.where(wins, value, best), np.where(wins, place, winner)
        assert best is not None
        return best, (winner, x_nhwc.shape)

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        winner, (n, height, width, channels) = saved
        padded = patches.pad(np.zeros((n, height, width, channels), gradient.dtype), self.window)
        for place, (_, (rows, columns)) in enumerate(patches.offsets(self.window, height, width)):
            padded[:, rows, columns] += np.where(winner == place, gradient, 0)
        return (patches.crop(padded, self.window, height, width),), {}

    def decisions(self, inputs: Arrays) -> tuple[Array, ...]:
        _, (winner, _) = self.forward(inputs, {})
        return (winner,)

    def winners(self, x: Array) -> NDArray[np.int64]:
        _, (winner, _) = self.forward([x[None]], {})
        taps = np.unravel_index(winner[0], self.size)
        outputs = np.indices(winner[0].shape)
        return np.stack(
            [
                outputs[k] * self.stride[k] - axis.before + taps[k]
                for k, axis in enumerate(self.reads(x.shape).inputs[0][:2])
            ],
            axis=-1,
        ).astype(np.int64)

    def details(self, terms: Terms, inputs: Arrays, weights: Weights, at: Position) -> Details:
        window = super().details(terms, inputs, weights, at)
        return {**window, "winner": list(terms.source(terms.own)[1])}
