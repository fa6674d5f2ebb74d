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
from pellucid.ops.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.ops.operation import Array, Saved


@dataclass(frozen=True)
class MaxPool(Pool):
    """Max pooling; x is (N, H, W, C), y is (N, H', W', C)."""

    kind: ClassVar[str] = "max_pool"

    def forward(
        self, inputs: Sequence[Array], weights: Mapping[str, Array], mode: Mode = INFERENCE
    ) -> tuple[Array, Saved]:
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

    def backward(
        self, gradient: Array, saved: Saved, weights: Mapping[str, Array]
    ) -> tuple[tuple[Array, ...], dict[str, Array]]:
        winner, (n, height, width, channels) = saved
        padded = patches.pad(np.zeros((n, height, width, channels), gradient.dtype), self.window)
        for place, (_, (rows, columns)) in enumerate(patches.offsets(self.window, height, width)):
            padded[:, rows, columns] += np.where(winner == place, gradient, 0)
        return (patches.crop(padded, self.window, height, width),), {}

    def terms(
        self, inputs: Sequence[Array], weights: Mapping[str, Array], at: tuple[int, ...]
    ) -> Terms:
        (x_hwc,) = inputs
        sources = self.sources(at, x_hwc.shape)
        values = np.array([x_hwc[y, x, c] for _, y, x, c in sources], np.float64)
        own = int(np.argmax(values))  # the first of equals, or the first NaN
        factors = np.zeros_like(values)
        factors[own] = 1.0
        products = np.where(factors == 1.0, values, 0.0)  # a loser adds 0, an infinite one too
        return Terms("maximum", sources, values, factors, products, own=own)
