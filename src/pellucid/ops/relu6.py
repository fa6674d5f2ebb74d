"""ReLU6: a rectifier with a ceiling.

    y = min(max(0, x), 6)

At the kinks, x = 0 and x = 6, the derivative is declared to be 0.
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
class ReLU6(Pointwise):
    """ReLU capped at 6 (Krizhevsky 2010, *Convolutional deep belief networks*); any shape."""

    kind: ClassVar[str] = "relu6"
    title: ClassVar[str] = "step 1(b), ReLU6"
    words: ClassVar[str] = "max(0, x), and 6 at most"
    rectifies: ClassVar[bool] = True

    def function(self, x: Array) -> Array:
        return np.clip(x, 0, 6)

    def derivative(self, x: Array, y: Array) -> Array:
        return ((x > 0) & (x < 6)).astype(x.dtype)

    def kinks(self) -> tuple[float, ...]:
        return (0.0, 6.0)

    def formula_of(self, x: str) -> str:
        return f"MIN(6,MAX(0,{x}))"

    def offset(self, weights: Weights, y: Array) -> Array:
        return np.where(y >= 6.0, y, 0.0)  # capped: 6, whatever comes
