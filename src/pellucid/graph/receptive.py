"""Receptive fields: which part of the image a value deep in the network can depend on.

Through a window of extent k and stride s, a field of size r whose neighbours lie j pixels apart
grows to r + (k − 1)·j, and j to j·s (Araujo et al. 2019, *Computing receptive fields of CNNs*).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.graph.graph import INPUT

if TYPE_CHECKING:
    from pellucid.graph.graph import Graph


@dataclass(frozen=True)
class ReceptiveField:
    """The image rows (or columns) that position ``i`` of a feature map depends on.

    They run from ``start + i·stride`` to ``start + i·stride + size − 1``; what lies outside the
    image is padding.
    """

    size: int
    stride: int
    start: int


Fields = tuple[ReceptiveField, ReceptiveField]
"""Down and across."""


def receptive_fields(graph: Graph) -> dict[str, Fields]:
    """The receptive field of every node's output positions, by name.

    A position that sees the whole image has the image's size and stride 0.
    """
    height, width, _ = graph.input_shape
    everything = ReceptiveField(height, 0, 0), ReceptiveField(width, 0, 0)
    pixel = ReceptiveField(1, 1, 0)
    fields: dict[str, Fields] = {INPUT: (pixel, pixel)}
    for node in graph.nodes:
        reach = node.operation.reach(graph.shapes[node.inputs[0]])
        if reach.size is None:
            fields[node.name] = everything
            continue
        merged = [_union([fields[name][axis] for name in node.inputs]) for axis in (0, 1)]
        down, across = (
            ReceptiveField(
                size=merged[axis].size + (reach.size[axis] - 1) * merged[axis].stride,
                stride=merged[axis].stride * reach.stride[axis],
                start=merged[axis].start - reach.before[axis] * merged[axis].stride,
            )
            for axis in (0, 1)
        )
        fields[node.name] = down, across
    return fields


def _union(fields: list[ReceptiveField]) -> ReceptiveField:
    """The field that holds those of all branches; joined branches share a stride."""
    start = min(field.start for field in fields)
    end = max(field.start + field.size for field in fields)
    return ReceptiveField(end - start, max(field.stride for field in fields), start)
