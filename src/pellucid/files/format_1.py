"""Models of format 1, which had one graph and, before there were other tasks, class names alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.errors import ArgumentError
from pellucid.tasks import SingleLabel

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN = "main"
"""What the graph that answers is called among a model's graphs."""


def upgraded(document: Mapping[str, Any]) -> dict[str, Any]:
    """A model's description as format 2 has it.

    Raises:
        ArgumentError: If it is none of format 1.
    """
    found = dict(document)
    if "graph" not in found or "graphs" in found:
        raise ArgumentError("its description is not that of format 1, which has one 'graph'")
    found["graphs"] = {MAIN: found.pop("graph")}
    if "classes" in found:
        found["task"] = {
            "kind": SingleLabel.kind,
            "classes": found.pop("classes"),
            "label_kind": found.pop("label_kind", "text"),
        }
    return found
