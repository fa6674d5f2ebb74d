"""The logistic sigmoid: squashes any number to between 0 and 1.

y = 1 / (1 + e^{−x})
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.pointwise import Pointwise

if TYPE_CHECKING:
    from pellucid.ops.operation import Array


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^{−x}) of each x, without overflow."""
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1, small) / (1 + small))


@dataclass(frozen=True)
class Sigmoid(Pointwise):
    """Logistic sigmoid; any shape."""

    kind: ClassVar[str] = "sigmoid"
    title: ClassVar[str] = "step 1(b), sigmoid"
    words: ClassVar[str] = "1/(1 + e^−x)"

    def function(self, x: Array) -> Array:
        return sigmoid(x)

    def derivative(self, x: Array, y: Array) -> Array:
        return np.asarray(y * (1 - y))

    def kinks(self) -> tuple[float, ...]:
        return ()

    def formula_of(self, x: str) -> str:
        return f"1/(1+EXP(-{x}))"
