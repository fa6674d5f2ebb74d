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
        shape = graph.shapes[node.inputs[0]]
        reach = node.operation.reach(shape)
        if reach.size is None:
            fields[node.name] = everything
            continue
        positions = shape[:2] if len(shape) == 3 else (1, 1)
        merged = [
            _union([fields[name][axis] for name in node.inputs], positions[axis]) for axis in (0, 1)
        ]
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


def _union(fields: list[ReceptiveField], positions: int) -> ReceptiveField:
    """The least field that holds those of all branches at each of their positions.

    Joined branches share a stride, but for small maps that agree by chance: what one of those lags
    behind grows evenly, so that the first and the last position say it all.
    """
    stride = max(field.stride for field in fields)
    lags = [(field, i * (field.stride - stride)) for field in fields for i in (0, positions - 1)]
    start = min(field.start + lag for field, lag in lags)
    end = max(field.start + field.size + lag for field, lag in lags)
    return ReceptiveField(end - start, stride, start)
