"""The hyperbolic tangent: squashes any number to between −1 and 1.

y = tanh x
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.ops.pointwise import Pointwise

if TYPE_CHECKING:
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class Tanh(Pointwise):
    """Hyperbolic tangent; any shape."""

    kind: ClassVar[str] = "tanh"
    title: ClassVar[str] = "step 1(b), tanh"
    words: ClassVar[str] = "tanh x"

    def function(self, x: Array) -> Array:
        return np.tanh(x)

    def derivative(self, x: Array, y: Array) -> Array:
        return 1 - y * y

    def kinks(self) -> tuple[float, ...]:
        return ()

    def formula_of(self, x: str) -> str:
        return f"TANH({x})"
