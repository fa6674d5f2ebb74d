"""One of the words or characters that a network for speech wrote, and the output it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.ops.arguments import Position


@dataclass(frozen=True)
class WrittenUnit:
    """A word or a character, and the steps at which it was the likeliest.

    Attributes:
        name: The word or the character.
        logit: The place in the network's output of its logit at the step where it is the most
            probable.
        step: That step, from 0.
        first: The first of the steps at which it is the likeliest.
        behind: The step behind the last of these.
        probability: At that step, 0 to 1.
    """

    name: str
    logit: Position
    step: int
    first: int
    behind: int
    probability: float

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "name": self.name,
            "logit": list(self.logit),
            "step": self.step,
            "steps": [self.first, self.behind - 1],
            "probability": self.probability,
        }
