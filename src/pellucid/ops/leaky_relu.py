"""Leaky ReLU: negative values are made small instead of zero.

    y = x for x > 0, slope · x otherwise

At the kink, x = 0, the derivative is declared to be the slope.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.ops.formula import constant
from pellucid.ops.pointwise import Pointwise

if TYPE_CHECKING:
    from pellucid.ops.arguments import Weights
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class LeakyReLU(Pointwise):
    """Leaky rectified linear unit (Maas et al. 2013); any shape.

    Attributes:
        slope: The slope on the negative side, from -1e6 to 1e6.
    """

    kind: ClassVar[str] = "leaky_relu"
    title: ClassVar[str] = "step 1(b), leaky ReLU"
    words: ClassVar[str] = "x where it is positive, else a small share of it"
    slope: float = 0.01

    def __post_init__(self) -> None:
        checks.number("slope", self.slope, -1e6, 1e6)

    def function(self, x: Array) -> Array:
        return np.where(x > 0, x, self.slope * x).astype(x.dtype)

    def derivative(self, x: Array, y: Array) -> Array:
        return np.where(x > 0, 1.0, self.slope).astype(x.dtype)

    def kinks(self) -> tuple[float, ...]:
        return (0.0,)

    def formula_of(self, x: str) -> str:
        return f"IF({x}>0,{x},{constant(self.slope)}*{x})"

    def offset(self, weights: Weights, y: Array) -> Array:
        return np.zeros(1)
