"""Local response normalisation: a value is damped by its neighbours' activity across channels.

    y[c] = x[c] / (k + α Σ_{j = max(0, c − n/2)}^{min(C − 1, c + n/2)} x[j]²)^β

Krizhevsky et al. 2012, *ImageNet classification with deep CNNs* (AlexNet), section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.errors import ArgumentError
from pellucid.ops.operation import INFERENCE, Mode, Operation, image_shape
from pellucid.ops.terms import Terms, weighted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.ops.operation import Array, Saved, Shape


@dataclass(frozen=True)
class LocalResponseNorm(Operation):
    """Local response normalisation; x and y are (N, H, W, C).

    Attributes:
        size: How many channels take part, odd, centred on the value's own.
        alpha: Weight of the sum of squares (not divided by the size), 0 to 1e6.
        beta: The exponent, 0 to 100.
        k: The constant that is added, more than 0.
    """

    kind: ClassVar[str] = "local_response_norm"
    size: int = 5
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 2.0

    def __post_init__(self) -> None:
        checks.whole("size", self.size)
        if self.size % 2 == 0:
            raise ArgumentError(f"size must be odd, to be centred on a channel, got {self.size}")
        checks.number("alpha", self.alpha, 0.0, 1e6)
        checks.number("beta", self.beta, 0.0, 100.0)
        checks.number("k", self.k, 1e-12, 1e6)

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        return image_shape(inputs[0])

    def multiply_adds(self, *inputs: Shape) -> int:
        return int(np.prod(inputs[0])) * (self.size + 1)

    def forward(
        self, inputs: Sequence[Array], weights: Mapping[str, Array], mode: Mode = INFERENCE
    ) -> tuple[Array, Saved]:
        (x,) = inputs
        base = self.k + self.alpha * self._over_neighbours(x * x)
        y = x * base**-self.beta
        return y, (x, base, y)

    def backward(
        self, gradient: Array, saved: Saved, weights: Mapping[str, Array]
    ) -> tuple[tuple[Array, ...], dict[str, Array]]:
        x, base, y = saved
        own = gradient * base**-self.beta
        # x[j] also damps every neighbour c: ∂y[c]/∂x[j] = −2αβ·x[j]·y[c]/base[c], and being a
        # neighbour is mutual, so the same window gathers it.
        damping = self._over_neighbours(gradient * y / base)
        return (own - 2 * self.alpha * self.beta * x * damping,), {}

    def terms(
        self, inputs: Sequence[Array], weights: Mapping[str, Array], at: tuple[int, ...]
    ) -> Terms:
        (x,) = inputs
        row, column, channel = at
        half = self.size // 2
        near = x[row, column, max(0, channel - half) : channel + half + 1].astype(np.float64)
        factor = float((self.k + self.alpha * (near * near).sum()) ** -self.beta)
        return weighted([(0, *at)], [x[at]], [factor])

    def _over_neighbours(self, values: Array) -> Array:
        """For each channel, the sum over the channels at most half the size away."""
        half, channels = self.size // 2, values.shape[-1]
        padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(half, half)])
        total = np.zeros_like(values)
        for k in range(self.size):
            total += padded[..., k : k + channels]
        return total
