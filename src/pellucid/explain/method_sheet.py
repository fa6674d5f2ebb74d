"""All methods side by side: one question about one picture, a map for each method."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.errors import ArgumentError
from pellucid.explain.evidence import Evidence
from pellucid.explain.explanation import explain
from pellucid.explain.methods import METHODS
from pellucid.record import Record

if TYPE_CHECKING:
    from pellucid.explain.activations import Activations
    from pellucid.explain.heatmap import Heatmap
    from pellucid.ops.operation import Array


@dataclass(frozen=True, eq=False)
class MethodSheet(Record):
    """What every method answers to one scored.

    Attributes:
        image: The picture as the network takes it, (H, W, C).
        found: The explanations by method, in the order of the methods.
        refused: Why a method does not suit this network, by method.
    """

    record_kind: ClassVar[str] = "methods"
    image: Array
    found: dict[str, Heatmap | Evidence]
    refused: dict[str, str]

    @property
    def heatmaps(self) -> dict[str, Heatmap]:
        """A heatmap for each method, evidence as its pixels' shares."""
        return {
            name: each.heatmap() if isinstance(each, Evidence) else each
            for name, each in self.found.items()
        }

    def to_dict(self) -> dict[str, Any]:
        """Every method's record by its name, and why others gave none."""
        return {
            "schema": 1,
            "record": "methods",
            "methods": {name: each.to_dict() for name, each in self.found.items()},
            "refused": self.refused,
        }


def explain_by_every_method(
    activations: Activations,
    *,
    target: str | int | None = None,
    against: str | int | None = None,
    box: int | None = None,
    number: str | None = None,
    place: tuple[float, float] | None = None,
    word: int | None = None,
    second: float | None = None,
    **options: Any,
) -> MethodSheet:
    """Explain an answer by every method that suits the network.

    Args:
        activations: The picture in its network.
        target: The class in question; none: the network's answer.
        against: The class to compare it with; none: no other, for evidence the likeliest other one.
        box: Of detectors, which of the boxes that were found, from 0; none: the most probable.
        number: Of detectors, which distance of the box; none: its class.
        place: Of detectors, a place instead of a box, see
            :func:`pellucid.explain.score.choose_score`.
        word: Of speech to text, which of the words that were written, from 0.
        second: Of speech to text, a time instead.
        options: ``layer``, ``size`` and so on; each is given to the methods that take it.

    Raises:
        ArgumentError: If a class is unknown, or no method suits.
    """
    found: dict[str, Heatmap | Evidence] = {}
    refused: dict[str, str] = {}
    for method in METHODS:
        taken = inspect.signature(METHODS[method].function).parameters
        given = {name: value for name, value in options.items() if name in taken}
        try:
            found[method] = explain(
                activations, method,
                target=target, against=against, box=box, number=number, place=place, word=word,
                second=second, **given,
            )  # fmt: skip
        except ArgumentError as error:
            refused[method] = str(error)
    if not found:
        raise ArgumentError(next(iter(refused.values())))
    return MethodSheet(activations.pixels, found, refused)
