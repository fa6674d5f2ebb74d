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
from pellucid.ops.elementwise import Elementwise
from pellucid.ops.operation import INFERENCE, Mode, Parameter

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Details, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule, Terms


@dataclass(frozen=True)
class BatchNorm(Elementwise):
    """Batch normalisation over the last axis; any shape.

    Attributes:
        momentum: The share of the newest batch in the running statistics, 0 to 1.
        epsilon: Added to the variance, 1e-12 to 1.
    """

    kind: ClassVar[str] = "batch_norm"
    title: ClassVar[str] = "batch normalisation"
    family: ClassVar[Family] = "normalisation"
    rule: ClassVar[Rule] = "sum"
    stem: ClassVar[str] = "norm"
    sets_scale: ClassVar[bool] = True
    momentum: float = 0.1
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        checks.number("momentum", self.momentum, 0.0, 1.0)
        checks.number("epsilon", self.epsilon, 1e-12, 1.0)

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

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x,) = inputs
        if mode.training:
            over = tuple(range(x.ndim - 1))
            mean, variance = x.mean(axis=over), x.var(axis=over)
        else:
            mean, variance = weights["mean"], weights["variance"]
        deviation = np.sqrt(variance + self.epsilon)
        x_hat = (x - mean) / deviation
        return weights["gamma"] * x_hat + weights["beta"], (x_hat, deviation, mean, variance, mode)

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
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

    def updated_statistics(self, saved: Saved, weights: Weights) -> dict[str, Array]:
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

    def added(self, weights: Weights, shape: Shape) -> Array:
        return np.asarray(weights["beta"] - self._factor(weights) * weights["mean"])

    @property
    def norm_epsilon(self) -> float:
        return self.epsilon

    def multiplied(self, weights: Weights, *inputs: Shape) -> Array:
        return self._factor(weights)

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        w = {name: cells.cell(at[-1:]) for name, cells in weights.items()}
        deviation = f"SQRT({w['variance']}+{self.epsilon!r})"
        return f"{w['gamma']}*({inputs[0].cell(at)}-{w['mean']})/{deviation}+{w['beta']}"

    def details(self, terms: Terms, inputs: Arrays, weights: Weights, at: Position) -> Details:
        return {
            **{name: float(weight[at[-1]]) for name, weight in weights.items()},
            "epsilon": self.epsilon,
            "factor": float(terms.factors[0]),
            "shift": terms.bias,
        }

    def _factor(self, weights: Weights) -> Array:
        """γ / √(σ² + ε), what each channel is multiplied with at inference; float64."""
        gamma, variance = (weights[name].astype(np.float64) for name in ("gamma", "variance"))
        return np.asarray(gamma / np.sqrt(variance + self.epsilon))
