"""Units that a ReLU has silenced for good: 0 for every picture, and so without a gradient.

A unit is a channel: of a feature map it is dead if it is 0 at all places of all pictures, since
what feeds it has the same weights everywhere; of rows, such as regions or steps, in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines import get_engine
from pellucid.engines.batches import images_at_once, parts
from pellucid.errors import ShapeError
from pellucid.graph import Network, Node
from pellucid.ops import Concatenate, GlobalAveragePool, Reshape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.engines import Engine
    from pellucid.ops.operation import Operation

SAMPLE = 256
"""Pictures that are enough to tell."""


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


def activity(
    network: Network, images: NDArray[Any], *, engine: Engine | None = None
) -> tuple[Activity, ...]:
    """Look for dead units behind every ReLU, in the order of the layers.

    Only the mean of every feature map is kept, and pictures are computed in batches, so that the
    memory is that of a few predictions.

    Args:
        network: The network.
        images: Some pictures (N, H, W, C); of more than :data:`SAMPLE` that number, at even
            distances, since pictures often lie sorted by class.
        engine: Who computes; by default the one that is used everywhere.

    Raises:
        ShapeError: If the images are not the network's.
    """
    if not len(images):
        raise ShapeError("expected at least one picture to look at, got none")
    chosen = np.linspace(0, len(images) - 1, min(len(images), SAMPLE)).round().astype(np.int64)
    silencing = [node for node in network.graph.nodes if node.operation.rectifies]
    if not silencing:
        return ()
    program = (engine or get_engine()).load(_means(network, silencing))
    size = images_at_once(program.forward_bytes)
    speaks = np.zeros(program.graph.output_shape, np.bool_)
    for part in parts(len(chosen), size):
        with np.errstate(all="ignore"):  # a diverged network's values: what is no number speaks
            speaks |= (program.forward(images[chosen[part]]) != 0).any(axis=0)
    ends = np.cumsum([network.graph.shapes[node.name][-1] for node in silencing])
    return tuple(
        Activity(node.name, len(own), int(len(own) - np.count_nonzero(own)), len(chosen))
        for node, own in zip(silencing, np.split(speaks, ends[:-1]), strict=True)
    )


def _means(network: Network, layers: Sequence[Node]) -> Network:
    """A network that answers with the mean of each channel of these layers, one after the other.

    Behind a ReLU nothing is negative: the mean is 0 where all is 0, and only there.
    """
    graph = network.graph
    nodes: list[Node] = []
    ends = []
    taken = set(graph.types)

    def add(operation: Operation, *inputs: str) -> str:
        name = next(n for i in count() if (n := f"{operation.kind}{i}") not in taken)
        taken.add(name)
        nodes.append(Node(name, operation, inputs))
        return name

    for layer in layers:
        name, shape = layer.name, graph.shapes[layer.name]
        if len(shape) not in (1, 3):  # rows, or a map for each of several regions
            name = add(Reshape((-1, 1, shape[-1])), name)
        ends.append(name if len(shape) == 1 else add(GlobalAveragePool(), name))
    answer = add(Concatenate(), *ends) if len(ends) > 1 else ends[0]
    return network.part(graph.extend(nodes).select(answer))
