"""Clipping: values are kept within two bounds.

    y = min(max(low, x), high)

At the kinks, x = low and x = high, the derivative is declared to be 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.errors import ArgumentError
from pellucid.ops.formula import constant
from pellucid.ops.pointwise import Pointwise

if TYPE_CHECKING:
    from pellucid.ops.arguments import Weights
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class Clip(Pointwise):
    """Clipping; any shape.

    Attributes:
        low: The smallest value that comes out, from -1e6 to 1e6.
        high: The largest, more than ``low``.
    """

    kind: ClassVar[str] = "clip"
    title: ClassVar[str] = "step 1(b), clipping"
    words: ClassVar[str] = "x, between two bounds"
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        checks.number("low", self.low, -1e6, 1e6)
        checks.number("high", self.high, -1e6, 1e6)
        if not self.low < self.high:
            raise ArgumentError(
                f"high must be more than low, got low {self.low:g} and high {self.high:g}"
            )

    def function(self, x: Array) -> Array:
        return np.clip(x, self.low, self.high)

    def derivative(self, x: Array, y: Array) -> Array:
        return ((x > self.low) & (x < self.high)).astype(x.dtype)

    def kinks(self) -> tuple[float, ...]:
        return (self.low, self.high)

    def offset(self, weights: Weights, y: Array) -> Array:
        return np.where((y <= self.low) | (y >= self.high), y, 0.0)  # a bound, whatever comes

    def formula_of(self, x: str) -> str:
        return f"MIN({constant(self.high)},MAX({constant(self.low)},{x}))"
