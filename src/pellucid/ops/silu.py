"""SiLU, also called swish: a value times its sigmoid.

y = x / (1 + e^{−x})
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.pointwise import Pointwise
from pellucid.ops.sigmoid import sigmoid

if TYPE_CHECKING:
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class SiLU(Pointwise):
    """Sigmoid linear unit (Elfwing et al. 2017; Ramachandran et al. 2017, *Swish*); any shape."""

    kind: ClassVar[str] = "silu"
    title: ClassVar[str] = "step 1(b), SiLU"
    words: ClassVar[str] = "x/(1 + e^−x)"

    def function(self, x: Array) -> Array:
        return np.asarray(x * sigmoid(x))

    def derivative(self, x: Array, y: Array) -> Array:
        s = sigmoid(x)
        return np.asarray(s * (1 + x * (1 - s)))

    def kinks(self) -> tuple[float, ...]:
        return ()

    def formula_of(self, x: str) -> str:
        return f"{x}/(1+EXP(-{x}))"
