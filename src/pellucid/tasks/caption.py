"""A caption that was written of a picture, and where each of its words looked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@short_repr
@dataclass(frozen=True, eq=False)
class Caption:
    """What was written of a picture.

    Attributes:
        words: The words.
        log_probability: Of all words and the end, given the picture, natural logarithm.
        looked: Where each word looked, float64 (n, h, w); each word's adds up to 1.
    """

    words: tuple[str, ...]
    log_probability: float
    looked: NDArray[np.float64]

    def __str__(self) -> str:
        return " ".join(self.words)

    def to_dict(self) -> dict[str, Any]:
        """The caption as JSON values: ``caption``, ``words`` and ``log_probability``."""
        return {
            "caption": str(self),
            "words": list(self.words),
            "log_probability": self.log_probability,
        }
