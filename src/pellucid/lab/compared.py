"""Two networks on the same picture, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.explain.activations import Activations
from pellucid.graph import INPUT
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.preprocessing import Picture

MOST_ANSWERS = 10
"""Answers of each network that are sent, the likeliest."""


@dataclass(frozen=True, eq=False)
class Compared:
    """A picture in two networks.

    Attributes:
        sides: The picture in the first and in the second.
        layers: The names of all layers of both, in the order of the networks; those that both have
            once.
    """

    sides: tuple[Activations, Activations]
    layers: tuple[str, ...]

    @classmethod
    def of(cls, first: Any, second: Any, picture: Picture) -> Compared:
        """A picture in two estimators.

        Raises:
            PellucidError: If one of them does not take it.
        """
        one, other = Activations.of(first, picture), Activations.of(second, picture)
        return cls((one, other), merged(_names(one), _names(other)))

    def values(self, side: int, place: int) -> NDArray[np.float32] | None:
        """A layer's output in one of the networks; none where that has no such layer.

        Args:
            side: 0 or 1.
            place: Of the layer in :attr:`layers`.
        """
        name, activations = self.layers[place], self.sides[side]
        if name not in activations.model.network.graph.shapes:
            return None
        return np.asarray(activations.values[name], np.float32)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "sides": [_answer(side) for side in self.sides],
            "layers": [self._layer(place) for place in range(len(self.layers))],
        }

    def _layer(self, place: int) -> dict[str, Any]:
        one, other = self.values(0, place), self.values(1, place)
        change = None
        if one is not None and other is not None and one.shape == other.shape:
            change = relative_change(one, other)
        return {
            "name": printable(self.layers[place]),
            "shapes": [None if each is None else list(each.shape) for each in (one, other)],
            "kinds": [_kind(side, self.layers[place]) for side in self.sides],
            "change": change,
        }


def relative_change(before: NDArray[Any], after: NDArray[Any]) -> float | None:
    """|after − before| / |before|, by 2-norms; none where that is no finite number."""
    old = before.astype(np.float64)
    with np.errstate(all="ignore"):
        difference = float(np.linalg.norm((after - old).ravel()))
        size = float(np.linalg.norm(old.ravel()))
    if difference == 0.0:
        return 0.0
    return difference / size if size > 0.0 and np.isfinite(difference / size) else None


def merged(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    """Names of two lists, those that both have once, each list in its order as far as can be."""
    common = set(first) & set(second)
    found: dict[str, None] = {}
    rest = iter(second)
    for name in first:
        if name in common and name not in found:
            for other in rest:  # what only the second has before it
                found[other] = None
                if other == name:
                    break
        found[name] = None
    found.update(dict.fromkeys(rest))
    return tuple(found)


def _names(side: Activations) -> list[str]:
    return [INPUT, *(node.name for node in side.model.network.graph.nodes)]


def _kind(side: Activations, name: str) -> str | None:
    graph = side.model.network.graph
    return graph[name].operation.kind if name != INPUT and name in graph.shapes else None


def _answer(side: Activations) -> dict[str, Any]:
    """What a network answers: its classes with their probabilities, or its numbers."""
    answer, names = np.asarray(side.answer), side.classes
    rows: list[dict[str, Any]] = []
    if answer.shape == (len(names),):
        order = np.argsort(-answer, kind="stable")[:MOST_ANSWERS].tolist()
        rows = [{"name": printable(names[k]), "value": float(answer[k])} for k in order]
    return {"task": side.model.task.kind, "reads": side.model.task.read_as, "answers": rows}
