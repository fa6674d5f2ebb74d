"""One of a network's outputs: what it stands for, and as what it is explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.ops.arguments import Position


@dataclass(frozen=True)
class Output:
    """What one number in a network's output stands for.

    Attributes:
        name: The class, the label, the column of numbers; or ``distance to the left edge``.
        words: What is explained: ``logit of cat``, ``angle``.
        read_words: What users read of it: ``probability of cat``, ``angle``.
        factor: What the output is multiplied with where it is explained.
        constant: What is added to that.
        constant_words: What the constant is; empty where there is none.
        logarithm_of: The unit of the number whose logarithm is explained; empty where that is the
            number itself.
        is_number: Whether it is a number, which is raised or lowered; else a logit, which speaks
            for a class or against it.
    """

    name: str
    words: str
    read_words: str
    factor: float = 1.0
    constant: float = 0.0
    constant_words: str = ""
    logarithm_of: str = ""
    is_number: bool = False


def of_all(position: Position) -> Any:
    """The index of one output in arrays of many pictures' outputs, batch axis first."""
    return (slice(None), *position)
