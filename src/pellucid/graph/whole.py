"""Graphs that compute with whole numbers or bfloat16."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.errors import ArgumentError
from pellucid.ops import QUANTISED

if TYPE_CHECKING:
    from pellucid.graph.graph import Graph


def is_quantised(graph: Graph) -> bool:
    """Whether any of its layers makes or reads whole numbers or bfloat16."""
    return any(node.operation.kind in QUANTISED for node in graph.nodes)


def check_reals(graph: Graph, what: str) -> None:
    """Check that a graph computes with real numbers throughout.

    Args:
        graph: The graph.
        what: What is wanted of it: ``a gradient``.

    Raises:
        ArgumentError: If it is quantised.
    """
    if is_quantised(graph):
        raise ArgumentError(
            f"the model is quantised, and {what} needs float32; take the model that it was made "
            "from"
        )
