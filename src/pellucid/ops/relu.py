"""ReLU, the rectifier: what is negative becomes zero, to break linearity.

    y = max(0, x)

At the kink, x = 0, the derivative is declared to be 0; NaN stays NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.pointwise import Pointwise

if TYPE_CHECKING:
    from pellucid.ops.arguments import Weights
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class ReLU(Pointwise):
    """Rectified linear unit (Nair and Hinton 2010); any shape."""

    kind: ClassVar[str] = "relu"
    title: ClassVar[str] = "step 1(b), ReLU"
    words: ClassVar[str] = "max(0, x)"
    rectifies: ClassVar[bool] = True

    def function(self, x: Array) -> Array:
        return np.maximum(x, 0)

    def derivative(self, x: Array, y: Array) -> Array:
        return (x > 0).astype(x.dtype)

    def kinks(self) -> tuple[float, ...]:
        return (0.0,)

    def formula_of(self, x: str) -> str:
        return f"MAX(0,{x})"

    def offset(self, weights: Weights, y: Array) -> Array:
        return np.zeros(1)
