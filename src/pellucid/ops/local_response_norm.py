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
from pellucid.ops.across_channels import AcrossChannels
from pellucid.ops.operation import INFERENCE, Mode, image_shape
from pellucid.ops.reads import Axis, Follow, Reads, along
from pellucid.ops.terms import Terms, weighted

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Details, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class LocalResponseNorm(AcrossChannels):
    """Local response normalisation; x and y are (N, H, W, C).

    Attributes:
        size: How many channels take part, odd, centred on the value's own.
        alpha: Weight of the sum of squares (not divided by the size), 0 to 1e6.
        beta: The exponent, 0 to 100.
        k: The constant that is added, more than 0.
    """

    kind: ClassVar[str] = "local_response_norm"
    title: ClassVar[str] = "local response normalisation"
    family: ClassVar[Family] = "normalisation"
    rule: ClassVar[Rule] = "function"
    stem: ClassVar[str] = "norm"
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

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x,) = inputs
        base = self.k + self.alpha * self._over_neighbours(x * x)
        y = x * base**-self.beta
        return y, (x, base, y)

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        x, base, y = saved
        own = gradient * base**-self.beta
        # x[j] also damps every neighbour c: ∂y[c]/∂x[j] = −2αβ·x[j]·y[c]/base[c], and being a
        # neighbour is mutual, so the same window gathers it.
        damping = self._over_neighbours(gradient * y / base)
        return (own - 2 * self.alpha * self.beta * x * damping,), {}

    def _over_neighbours(self, values: Array) -> Array:
        """For each channel, the sum over the channels at most half the size away."""
        half, channels = self.size // 2, values.shape[-1]
        padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(half, half)])
        total = np.zeros_like(values)
        for k in range(self.size):
            total += padded[..., k : k + channels]
        return total

    def reads(self, *inputs: Shape) -> Reads:
        height, width, channels = image_shape(inputs[0])
        near = Axis(channels, (Follow(2),), taps=self.size, before=self.size // 2)
        return Reads(((along(0, height), along(1, width), near),), inputs[0])

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        (x,) = inputs  # what the neighbours do is in the factor
        return weighted([(0, *at)], [x[at]], [self._base(x, at) ** -self.beta])

    def decisions(self, inputs: Arrays) -> tuple[Array, ...]:
        return ()

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        (x,) = inputs
        near = [place for _, place in self.reads(x.shape).inputs[0][2].read(at)]
        block = x.block((*at[:2], near[0]), (*at[:2], near[-1]))
        return f"{x.cell(at)}/({self.k!r}+{self.alpha!r}*SUMSQ({block}))^{self.beta!r}"

    def details(self, terms: Terms, inputs: Arrays, weights: Weights, at: Position) -> Details:
        (x,) = inputs
        return {"neighbours": self._near(x, at).tolist(), "base": self._base(x, at)}

    def window_cost(self, *inputs: Shape) -> tuple[int, int, int]:
        height, width, channels = image_shape(inputs[0])  # its window slides over channels
        return self.size, height * width * (channels + self.size), 0

    def _near(self, x: Array, at: Position) -> Array:
        """A value of one image and its neighbours across channels, float64."""
        half = self.size // 2
        near: Array = x[at[0], at[1], max(0, at[2] - half) : at[2] + half + 1]
        return near.astype(np.float64)

    def _base(self, x: Array, at: Position) -> float:
        """What the exponent is applied to."""
        near = self._near(x, at)
        return self.k + self.alpha * float((near * near).sum())
