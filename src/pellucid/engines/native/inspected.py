"""Code that gives values or gradients by name, with the bits that prediction makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.compile import write
from pellucid.engines.native.wanted import Wanted, part_that_makes
from pellucid.graph.fold import Folded, fold

if TYPE_CHECKING:
    from pellucid.engines.native.compile import Code
    from pellucid.engines.native.target import Target
    from pellucid.graph import Graph


def write_inspected(
    graph: Graph, wanted: Wanted, target: Target, *, capacity: int, folds: bool
) -> tuple[Code, Folded]:
    """Write the code that makes what is wanted, and nothing that it does not need.

    Args:
        graph: The whole graph.
        wanted: Values, or gradients, which are of the graph as it is.
        target: What the code is for.
        capacity: Images that it has room for.
        folds: Whether the network predicts with its batch norms folded: values are then made so.

    Returns:
        The code, and the graph that it computes, with the makers of each value.
    """
    folded, named, ends = Folded.nothing(graph), wanted, wanted.seeds
    if not wanted.backward:
        if folds:
            folded = fold(graph, wanted.values)
        ends = frozenset(folded.makers[name] for name in wanted.values)
        named = Wanted(values=ends)
    part = part_that_makes(folded.graph, ends)
    return write(part, target, capacity=capacity, wanted=named), folded
