"""What exercises are made from: a picture in a network, its gradients, and chance with a seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pellucid.counter_random import random_words, stream_of
from pellucid.graph import INPUT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.explain.activations import Activations, Position
    from pellucid.explain.backward import Backward
    from pellucid.graph import Node
    from pellucid.ops.operation import Array, Family

PLACES = int.from_bytes(b"SHEE", "big")
"""The purpose of random numbers that choose places."""

COLOURS = 3

ALIVE = 0.02
"""The share of a layer's largest value that a channel's values have, or it is as good as dead."""

TRIED = 120
"""Places that are compared for one exercise."""


@dataclass(eq=False)
class Source:
    """A picture in a network.

    Attributes:
        activations: The picture's values.
        backward: Its loss and gradients; none where the task or the network has none.
        seed: Of the places that are chosen.
        digits: Of the largest number of a table.
        shown: Channels of layers whose values exercises show already, so that no answer is printed
            beside another exercise.
    """

    activations: Activations
    backward: Backward | None
    seed: int
    digits: int
    shown: dict[str, set[int]] = field(default_factory=dict)

    def layers(self, test: Callable[[Node], bool]) -> list[Node]:
        """The layers that a test takes, in the network's order."""
        return [node for node in self.activations.model.network.graph.nodes if test(node)]

    def of_family(self, family: Family) -> list[Node]:
        """The layers of a family."""
        return self.layers(lambda node: node.operation.family == family)

    def gradient(self, layer: str) -> Array:
        """∂loss/∂output of a layer."""
        assert self.backward is not None
        return np.asarray(self.backward.gradients.values[layer][0], np.float64)

    def in_colour(self, layer: str) -> bool:
        """Whether a layer's channels are red, green and blue: of pixels, normalised or not."""
        graph = self.activations.model.network.graph
        if layer != INPUT and graph[layer].operation.kind != "normalise":
            return False
        return self.activations.shape(layer)[-1] == COLOURS

    def best(
        self,
        name: str,
        places: Sequence[Position],
        score: Callable[[Position], float],
        avoid: set[int] | None = None,
    ) -> Position:
        """A place that suits an exercise best, of some that chance has picked.

        Args:
            name: What is chosen, so that each choice has random numbers of its own.
            places: All that there are, one at least.
            score: How well one suits; of equals the first that was picked is taken.
            avoid: Last positions (channels) that are not taken where others are left.
        """
        left = [place for place in places if not avoid or place[-1] not in avoid] or list(places)
        words = random_words((len(left),), self.seed, 0, stream_of(name), PLACES)
        picked = [left[k] for k in np.argsort(words, kind="stable")[:TRIED].tolist()]
        return max(picked, key=score)

    def take(self, layer: str, channel: int) -> None:
        """Note that an exercise shows values of a channel."""
        self.shown.setdefault(layer, set()).add(channel)


def places_of(shape: Sequence[int]) -> list[Position]:
    """All positions of an array, or every so-many-th of a large one."""
    total = int(np.prod(shape))
    step = max(1, total // 20_000)
    found = np.unravel_index(np.arange(0, total, step), tuple(shape))
    return list(zip(*(axis.tolist() for axis in found), strict=True))
