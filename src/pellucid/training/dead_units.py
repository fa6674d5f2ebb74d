"""Units that a ReLU has silenced for good: 0 for every picture, and so without a gradient.

A unit is a channel: of a feature map it is dead if it is 0 at all places of all pictures, since
what feeds it has the same weights everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.engines import Program

SILENCING = frozenset({"relu", "relu6"})
"""The operations whose gradient is 0 where their output is."""

SAMPLE = 256
"""Pictures that are enough to tell: more cost memory, since all values of all layers are held."""


@dataclass(frozen=True)
class Activity:
    """How many of a layer's units ever speak.

    Attributes:
        layer: The ReLU's name.
        units: Its channels.
        dead: Those that are 0 for all pictures.
        pictures: How many pictures were looked at.
    """

    layer: str
    units: int
    dead: int
    pictures: int


def activity(program: Program, images: NDArray[Any]) -> tuple[Activity, ...]:
    """Look for dead units behind every ReLU, in the order of the layers.

    Args:
        program: The network.
        images: Some pictures (N, H, W, C); of more than :data:`SAMPLE`, so many are looked at, at
            even distances, since pictures often lie sorted by class.

    Raises:
        ShapeError: If the images are not the network's.
    """
    if not len(images):
        raise ShapeError("expected at least one picture to look at, got none")
    chosen = np.linspace(0, len(images) - 1, min(len(images), SAMPLE)).round().astype(np.int64)
    sample = images[chosen]
    values = program.values(sample)
    return tuple(
        _count(node.name, values[node.name], len(sample))
        for node in program.graph.nodes
        if node.operation.kind in SILENCING
    )


def _count(layer: str, value: NDArray[Any], pictures: int) -> Activity:
    speaks = (value != 0).any(axis=tuple(range(value.ndim - 1)))
    return Activity(layer, len(speaks), int(len(speaks) - np.count_nonzero(speaks)), pictures)
