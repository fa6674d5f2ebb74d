"""The backward sweep over a graph: which nodes take part, and how gradients are added up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from pellucid.graph.graph import Graph, Node
    from pellucid.ops.operation import Array


def values_with_gradient(
    graph: Graph, wanted: Iterable[str], weights: Container[str]
) -> frozenset[str]:
    """The values whose gradient is needed: those wanted, and those that something wanted leads to.

    Args:
        graph: The graph.
        wanted: Values whose gradient is asked for.
        weights: Full names of the weights whose gradient is asked for.
    """
    needed = set(wanted)
    for node in graph.nodes:
        own = any(name in weights for name in graph.parameters_of(node).values())
        if own or needed.intersection(node.inputs):
            needed.add(node.name)
    return frozenset(needed)


def sweep(
    graph: Graph,
    origins: Mapping[str, Array],
    needed: Container[str],
    backward: Callable[[Node, Array], Sequence[Array]],
) -> dict[str, Array]:
    """Carry gradients from where they are given to every value that needs one.

    A value that several nodes read gets the sum of what they give, in the reverse order of nodes.

    Args:
        graph: The graph.
        origins: ∂score/∂value where the score reads it; a node between two origins adds to it.
        needed: What :func:`values_with_gradient` found.
        backward: Called for a node with the gradient at its output; gives those at its inputs.

    Returns:
        The gradient at every value that one reached, by name.
    """
    found = dict(origins)
    for node in reversed(graph.nodes):
        if node.name not in found or node.name not in needed:
            continue
        at_inputs = backward(node, found[node.name])
        for name, gradient in zip(node.inputs, at_inputs, strict=True):
            if name in needed:
                found[name] = found[name] + gradient if name in found else gradient
    return found


def zeros_where_none(found: Mapping[str, Array], values: Mapping[str, Array]) -> dict[str, Array]:
    """Gradients at some values; zero at those that nothing leads from to the score."""
    return {name: found.get(name, np.zeros_like(value)) for name, value in values.items()}
