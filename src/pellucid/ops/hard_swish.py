"""Hard swish: a value times its hard sigmoid.

    y = x · min(max(0, x/6 + 1/2), 1)

At the kinks, x = −3 and x = 3, the derivative is declared to be that of the outer side, 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.pointwise import Pointwise

if TYPE_CHECKING:
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class HardSwish(Pointwise):
    """Hard swish (Howard et al. 2019, *Searching for MobileNetV3*, section 5.2); any shape."""

    kind: ClassVar[str] = "hard_swish"
    title: ClassVar[str] = "step 1(b), hard swish"
    words: ClassVar[str] = "x times its hard sigmoid"

    def function(self, x: Array) -> Array:
        return x * np.clip(x / 6 + 0.5, 0, 1)

    def derivative(self, x: Array, y: Array) -> Array:
        inner = np.where(x <= -3, 0.0, x / 3 + 0.5)
        return np.where(x >= 3, 1.0, inner).astype(x.dtype)

    def kinks(self) -> tuple[float, ...]:
        return (-3.0, 3.0)

    def formula_of(self, x: str) -> str:
        return f"{x}*MIN(1,MAX(0,{x}/6+0.5))"
