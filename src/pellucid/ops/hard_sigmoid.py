"""Hard sigmoid: a sigmoid of three straight pieces, which needs no exponential.

    y = min(max(0, x/6 + 1/2), 1)

At the kinks, x = −3 and x = 3, the derivative is declared to be 0.
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
class HardSigmoid(Pointwise):
    """Hard sigmoid (Howard et al. 2019, *Searching for MobileNetV3*, section 5.2); any shape."""

    kind: ClassVar[str] = "hard_sigmoid"
    title: ClassVar[str] = "step 1(b), hard sigmoid"
    words: ClassVar[str] = "x/6 + 1/2, and 0 at least, 1 at most"

    def function(self, x: Array) -> Array:
        return np.clip(x / 6 + 0.5, 0, 1)

    def derivative(self, x: Array, y: Array) -> Array:
        return np.where((y > 0) & (y < 1), 1 / 6, 0.0).astype(x.dtype)

    def kinks(self) -> tuple[float, ...]:
        return (-3.0, 3.0)

    def offset(self, weights: Weights, y: Array) -> Array:
        return np.where(y <= 0, 0.0, np.where(y >= 1, 1.0, 0.5))

    def formula_of(self, x: str) -> str:
        return f"MIN(1,MAX(0,{x}/6+0.5))"
