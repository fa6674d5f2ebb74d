"""Batch normalisation: each channel is brought to mean 0 and variance 1, then scaled and shifted.

    y = γ · (x − μ) / √(σ² + ε) + β

In training μ and σ² are the batch's own, over all images and positions of a channel; at inference
they are running averages, and the whole is one affine map a channel. Ioffe and Szegedy 2015, *Batch
normalization*, algorithms 1 and 2; as there, the variance that is followed is the unbiased one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.ops.operation import INFERENCE, Mode, Operation, Parameter
from pellucid.ops.terms import Terms, weighted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.ops.operation import Array, Saved, Shape


@dataclass(frozen=True)
class BatchNorm(Operation):
    """Batch normalisation over the last axis; any shape.

    Attributes:
        momentum: The share of the newest batch in the running statistics, 0 to 1.
        epsilon: Added to the variance, 1e-12 to 1.
    """

    kind: ClassVar[str] = "batch_norm"
    momentum: float = 0.1
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        checks.number("momentum", self.momentum, 0.0, 1.0)
        checks.number("epsilon", self.epsilon, 1e-12, 1.0)

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        return inputs[0]

    def parameters(self, *inputs: Shape) -> dict[str, Parameter]:
        shape = (inputs[0][-1],)
        return {
            "gamma": Parameter(shape, 1.0, "scale"),
            "beta": Parameter(shape, 0.0, "bias"),
            "mean": Parameter(shape, 0.0, "statistic"),
            "variance": Parameter(shape, 1.0, "statistic"),
        }

    def multiply_adds(self, *inputs: Shape) -> int:
        return int(np.prod(inputs[0]))

    def forward(
        self, inputs: Sequence[Array], weights: Mapping[str, Array], mode: Mode = INFERENCE
    ) -> tuple[Array, Saved]:
        (x,) = inputs
        if mode.training:
            over = tuple(range(x.ndim - 1))
            mean, variance = x.mean(axis=over), x.var(axis=over)
        else:
            mean, variance = weights["mean"], weights["variance"]
        deviation = np.sqrt(variance + self.epsilon)
        x_hat = (x - mean) / deviation
        return weights["gamma"] * x_hat + weights["beta"], (x_hat, deviation, mean, variance, mode)

    def backward(
        self, gradient: Array, saved: Saved, weights: Mapping[str, Array]
    ) -> tuple[tuple[Array, ...], dict[str, Array]]:
        x_hat, deviation, _, _, mode = saved
        over = tuple(range(x_hat.ndim - 1))
        gradients = {"gamma": (gradient * x_hat).sum(axis=over), "beta": gradient.sum(axis=over)}
        dx_hat = gradient * weights["gamma"]
        if mode.training:  # the batch's mean and variance depend on every x
            count = x_hat.size // x_hat.shape[-1]
            through_mean = dx_hat.sum(axis=over) / count
            through_variance = x_hat * ((dx_hat * x_hat).sum(axis=over) / count)
            dx_hat = dx_hat - through_mean - through_variance
        return (dx_hat / deviation,), gradients

    def updated_statistics(self, saved: Saved, weights: Mapping[str, Array]) -> dict[str, Array]:
        x_hat, _, mean, variance, mode = saved
        if not mode.training:
            return {}
        count = x_hat.size // x_hat.shape[-1]
        unbiased = variance * (count / max(count - 1, 1))
        old, new = 1.0 - self.momentum, self.momentum
        return {
            "mean": (old * weights["mean"] + new * mean).astype(mean.dtype),
            "variance": (old * weights["variance"] + new * unbiased).astype(mean.dtype),
        }

    def terms(
        self, inputs: Sequence[Array], weights: Mapping[str, Array], at: tuple[int, ...]
    ) -> Terms:
        (x,) = inputs
        channel = at[-1]
        gamma, beta, mean, variance = (
            float(weights[name][channel]) for name in ("gamma", "beta", "mean", "variance")
        )
        factor = gamma / float(np.sqrt(variance + self.epsilon))
        return weighted([(0, *at)], [x[at]], [factor], bias=beta - factor * mean)
