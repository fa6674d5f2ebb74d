"""A network: a graph with its weights."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ShapeError
from pellucid.graph.graph import Graph
from pellucid.ops.initializers import initialise
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import DTypeLike

    from pellucid.ops.operation import Array

Weights = dict[str, "Array"]
"""Arrays by full name: ``{"conv1.kernel": …, "conv1.bias": …}``."""


@short_repr
@dataclass(frozen=True, eq=False)
class Network:
    """A graph with its weights.

    Attributes:
        graph: The graph.
        weights: An array for every parameter of the graph, shaped as the graph says.

    Raises:
        ShapeError: If a weight is missing, superfluous or of another shape.
    """

    graph: Graph
    weights: Mapping[str, Array]

    def __post_init__(self) -> None:
        check_weights(self.graph, self.weights)


def check_weights(graph: Graph, weights: Mapping[str, Array]) -> None:
    """Check that weights are those of a graph, all of them and no others.

    Raises:
        ShapeError: Naming the first that is not.
    """
    expected = {str(name): parameter.shape for name, parameter in graph.parameters.items()}
    for name, shape in expected.items():
        if name not in weights:
            raise ShapeError(f"weight {name!r} is missing")
        if tuple(weights[name].shape) != shape:
            raise ShapeError(
                f"weight {name!r} must have the shape {shape}, got {tuple(weights[name].shape)}"
            )
    if superfluous := sorted(weights.keys() - expected.keys()):
        raise ShapeError(f"the network has no weight {superfluous[0]!r}")


def up_to(network: Network, layer: str) -> Network:
    """The part of a network that a layer is computed by; its answer is the layer's value."""
    graph = network.graph
    wanted, nodes = {layer}, []
    for node in reversed(graph.nodes):
        if node.name in wanted:
            wanted |= set(node.inputs)
            nodes.append(node)
    part = Graph(graph.input_shape, tuple(reversed(nodes)))
    return Network(part, {str(name): network.weights[str(name)] for name in part.parameters})


def initial_weights(graph: Graph, seed: int, dtype: DTypeLike = np.float32) -> Weights:
    """First weights for a graph; the same seed gives the same bits.

    Each array has a random stream of its own, from the seed and its name, so that a layer starts
    the same whatever stands around it.
    """
    return {
        str(name): initialise(
            parameter, np.random.default_rng([seed, zlib.crc32(str(name).encode())]), dtype
        )
        for name, parameter in graph.parameters.items()
    }
