"""A box that was found, and the outputs of the network that made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.ops.arguments import Position


BACKGROUND = "background"
"""What is no thing of any class, where that has a logit of its own."""


@dataclass(frozen=True)
class FoundBox:
    """A box, the logit that it was found by, and the outputs that its four numbers come from.

    Attributes:
        box: x0, y0, x1, y1 in pixels of what the network takes.
        name: Of its class.
        probability: 0 to 1.
        logits: By class, the places in the network's output of the logits where it was found; with
            that of :data:`BACKGROUND` where classes and this rule each other out.
        numbers: By name, the places of the outputs that its edges come from.
        words: Where it was found, in words: ``cell in row 12, column 7``.
    """

    box: tuple[float, float, float, float]
    name: str
    probability: float
    logits: Mapping[str, Position]
    numbers: Mapping[str, Position]
    words: str

    @property
    def logit(self) -> Position:
        """The place in the network's output of the logit of its class."""
        return self.logits[self.name]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "class": self.name,
            "probability": self.probability,
            "box": list(self.box),
            "logit": list(self.logit),
            "numbers": {name: list(at) for name, at in self.numbers.items()},
        }


@dataclass(frozen=True)
class Candidate:
    """A box that may be found, and what became of it.

    Attributes:
        found: The box.
        step: Where it ended, see :data:`pellucid.ops.finding.FOUND` and those beside it.
        other: The logit of the box that it overlaps too much; none where it does not.
    """

    found: FoundBox
    step: str
    other: Position | None = None
