"""A network: one or several graphs over one store of weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph.graph import Graph
from pellucid.ops.bfloat16 import nearest_bfloat16
from pellucid.ops.initializers import initialise
from pellucid.renamed import warn
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import DTypeLike

    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array, Parameter
    from pellucid.ops.types import DType

Weights = dict[str, "Array"]
"""Arrays by full name: ``{"conv1.kernel": …, "conv1.bias": …}``."""


TRAINING = "training"
"""Among a network's graphs, the one that is trained where it is not the one that answers."""


@short_repr
@dataclass(frozen=True, eq=False)
class Network:
    """A graph with its weights, and further graphs that use the same ones.

    Attributes:
        graph: The graph that answers.
        weights: An array for every parameter of the graphs, shaped as they say.
        graphs: Further graphs over these weights, by name: parts of the first one, or what it is
            trained with, see :data:`TRAINING`.
        sides: The weight of the loss of each further output of the graph that it is trained with.
            That graph's first output is the network's own, whose loss has the weight 1.
        losses: The loss of a side output, where it is not the one of the network's own.

    Raises:
        ShapeError: If a weight is missing, superfluous or of another shape, or two graphs need
            different ones of the same name.
    """

    graph: Graph
    weights: Mapping[str, Array]
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    sides: Mapping[str, float] = field(default_factory=dict)
    losses: Mapping[str, Loss] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_weights(self.parameters, self.weights)

    @property
    def parameters(self) -> dict[str, Parameter]:
        """Every parameter of all graphs, by full name."""
        return parameters((self.graph, *self.graphs.values()))

    @property
    def training_graph(self) -> Graph:
        """The graph that is trained: the one that answers, or that with its side outputs."""
        return self.graphs.get(TRAINING, self.graph)

    def select(self, *names: str) -> Network:
        """The part of the network that computes some values, see :meth:`Graph.select`."""
        return self.part(self.graph.select(*names))

    def part(self, graph: Graph) -> Network:
        """A graph over these weights, with those of them that it needs."""
        return Network(graph, {str(name): self.weights[str(name)] for name in graph.parameters})


def parameters(graphs: Iterable[Graph]) -> dict[str, Parameter]:
    """Every parameter of some graphs over one store of weights, by full name.

    Raises:
        ShapeError: If two graphs need different ones of the same name.
    """
    found: dict[str, Parameter] = {}
    for graph in graphs:
        for name, parameter in graph.parameters.items():
            if found.setdefault(str(name), parameter) != parameter:
                raise ShapeError(
                    f"weight {str(name)!r} is of shape {found[str(name)].shape} in one graph and "
                    f"{parameter.shape} in another; rename one of them"
                )
    return found


def up_to(network: Network, layer: str) -> Network:
    """What :meth:`Network.select` was called; it warns."""
    warn("pellucid.graph.up_to", "Network.select")
    return network.select(layer)


def check_weights(expected: Graph | Mapping[str, Parameter], weights: Mapping[str, Array]) -> None:
    """Check that weights are those of some parameters, all of them and no others.

    Args:
        expected: The parameters by full name, or the graph that has them.
        weights: The arrays, by full name.

    Raises:
        ShapeError: Naming the first that is not.
        ArgumentError: If numbers that must be whole, or bfloat16, are not, or do not fit.
    """
    if isinstance(expected, Graph):
        expected = parameters([expected])
    for name, parameter in expected.items():
        if name not in weights:
            raise ShapeError(f"weight {name!r} is missing")
        if tuple(weights[name].shape) != parameter.shape:
            raise ShapeError(
                f"weight {name!r} must have the shape {parameter.shape}, got "
                f"{tuple(weights[name].shape)}"
            )
        if parameter.dtype == "bfloat16":
            _check_bfloat16(name, weights[name])
        elif parameter.dtype != "float32":
            _check_whole(name, weights[name], parameter.dtype)
    if superfluous := sorted(weights.keys() - expected.keys()):
        raise ShapeError(f"the network has no weight {superfluous[0]!r}")


def _check_bfloat16(name: str, array: Array) -> None:
    numbers = np.asarray(array)
    if not (nearest_bfloat16(numbers) == numbers).all():
        raise ArgumentError(
            f"weight {name!r:.80} must hold bfloat16, numbers of 8 significant bits, as quantised "
            "layers have them"
        )


def _check_whole(name: str, array: Array, dtype: DType) -> None:
    bounds, numbers = np.iinfo(dtype), np.asarray(array, np.float64)
    if not ((numbers == np.rint(numbers)) & (abs(numbers) <= bounds.max)).all():
        raise ArgumentError(
            f"weight {name!r:.80} must hold whole numbers {-bounds.max} .. {bounds.max}, as "
            "quantised layers have them"
        )


def initial_weights(graph: Graph, seed: int, dtype: DTypeLike = np.float32) -> Weights:
    """First weights for a graph; the same seed gives the same bits.

    Each array has a random stream of its own, from the seed and its name, so that a layer starts
    the same whatever is around it.
    """
    return {
        str(name): initialise(parameter, str(name), seed, dtype)
        for name, parameter in graph.parameters.items()
    }
