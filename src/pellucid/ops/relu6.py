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
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class ReLU6(Pointwise):
    """ReLU capped at 6 (Krizhevsky 2010, *Convolutional deep belief networks*); any shape."""

    kind: ClassVar[str] = "relu6"

    def function(self, x: Array) -> Array:
        return np.clip(x, 0, 6)

    def derivative(self, x: Array, y: Array) -> Array:
        return ((x > 0) & (x < 6)).astype(x.dtype)
