"""One arena for everything that a program touches: values, gradients, weights, scratch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALIGNMENT = 16
"""Every buffer begins at a multiple of so many floats: one cache line."""


@dataclass
class Arena:
    """Hands out places, in floats; nothing is allocated once a program runs."""

    size: int = 0
    names: dict[str, tuple[int, int]] = field(default_factory=dict)

    def place(self, name: str, floats: int) -> int:
        """The offset of a new buffer of so many floats."""
        offset = self.size
        self.names[name] = offset, floats
        self.size += -(-floats // ALIGNMENT) * ALIGNMENT
        return offset

    def make(self) -> NDArray[np.float32]:
        """The memory itself, zeroed: borders stay so, since nothing is ever written there."""
        raw = np.zeros(self.size + ALIGNMENT, np.float32)
        shift = (-raw.ctypes.data // 4) % ALIGNMENT
        return raw[shift : shift + self.size]
