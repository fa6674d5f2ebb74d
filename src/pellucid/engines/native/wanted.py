"""What a program for inference gives besides its answer: values and gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.graph import Graph

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Wanted:
    """What is read after a program has run; each value and gradient gets a buffer of its own.

    Attributes:
        values: Nodes whose values are wanted.
        seeds: Nodes at which gradients come in; none for a program that only goes forward.
        gradients: Nodes, ``input`` among them, at whose values gradients are wanted.
        weights: Whether gradients of all weights are wanted.
    """

    values: frozenset[str] = frozenset()
    seeds: frozenset[str] = frozenset()
    gradients: frozenset[str] = frozenset()
    weights: bool = False

    @property
    def backward(self) -> bool:
        """Whether the program has a backward pass."""
        return bool(self.seeds)

    @property
    def names(self) -> frozenset[str]:
        """Nodes that must be computed, fused with nothing that hides them."""
        return self.values | self.seeds | self.gradients


NOTHING = Wanted()
"""Nothing but the answer."""


def part_that_makes(graph: Graph, names: Iterable[str]) -> Graph:
    """The nodes from which any of these are made, and these."""
    nodes = graph.nodes_before(names)
    return graph if len(nodes) == len(graph.nodes) else Graph(graph.inputs, nodes)
