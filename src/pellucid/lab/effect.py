"""Two networks on all pictures of a part: numbers, and who gets another answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.errors import ArgumentError
from pellucid.evaluation.edit_effect import data_effect, task_effect
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.lab.asked import Pair
    from pellucid.lab.opened import OpenedRuns

MOST_FLIPS = 200
"""Pictures with another answer that are sent, the first ones."""


def effect_of(opened: OpenedRuns, pair: Pair, part: str | None = None) -> dict[str, Any]:
    """What a second network does otherwise than a first.

    Args:
        opened: The runs' networks and pictures.
        pair: The networks.
        part: Which of the first one's pictures; None for those that judge it.

    Raises:
        ArgumentError: If they answer different questions.
        PellucidError: If one of them, or the pictures, cannot be used.
    """
    first = opened.estimator(pair.first)
    second = opened.estimator(pair.second, pair.edits)
    one, other = first.model_, second.model_
    if (one.task.kind, one.classes) != (other.task.kind, other.classes):
        raise ArgumentError("the networks have other classes, and so no answers to compare")
    if one.preprocessing != other.preprocessing:
        raise ArgumentError(
            "the networks take other pictures; compare them with: pellucid compare RUN RUN DATA"
        )
    pictures = opened.part(pair.first, part).dataset
    if not one.task.of_one_class:
        return {"task": one.task.kind, **task_effect(first, second, pictures).to_dict()}
    found = data_effect(first, second, pictures)
    flips = found.flips()
    places = found.numbers.disagree.tolist()
    return {
        "task": one.task.kind,
        **found.numbers.to_dict(),
        "flips": [
            {"number": number, **{name: printable(str(text)) for name, text in flip.items()}}
            for number, flip in zip(places[:MOST_FLIPS], flips[:MOST_FLIPS], strict=True)
        ],
        "flipped": len(flips),
    }
