"""Receptive fields: which part of the image a value deep in the network can depend on.

Through a window of extent k and stride s, a field of size r whose neighbours lie j pixels apart
grows to r + (k − 1)·j, and j to j·s (Araujo et al. 2019, *Computing receptive fields of CNNs*).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.graph.graph import INPUT
from pellucid.ops import Concatenate, Flatten, Softmax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.graph.graph import Graph, Node
    from pellucid.ops.operation import Shape


@dataclass(frozen=True)
class ReceptiveField:
    """The image rows (or columns) that position ``i`` of a feature map depends on.

    They run from ``start + i·stride`` to ``start + i·stride + size − 1``; what lies outside the
    image is padding.
    """

    size: int
    stride: int
    start: int


Span = tuple[int, int]
"""First row (or column), and one past the last."""

Area = tuple[Span, Span]
"""Rows and columns of a feature map; may reach beyond its edges, into the padding."""

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


def seen_pixels(graph: Graph, layer: str, at: Sequence[int]) -> Area:
    """The part of the image that one value can depend on, padding beyond the edges included.

    Followed back from the value itself, layer by layer, so that it also holds for a flattened
    vector's entries, which see as much as the positions that they came from.

    Args:
        graph: The network's.
        layer: Where the value stands.
        at: (row, column, channel), or (unit,) of a flat vector.
    """
    areas: dict[str, Area] = {}  # what is needed of each feature map, and of the image
    units: dict[str, set[int]] = {}  # and of each flat vector
    if len(at) == 3:
        areas[layer] = (at[0], at[0] + 1), (at[1], at[1] + 1)
    else:
        units[layer] = {at[0]}
    for node in reversed(graph.nodes):
        if node.name not in areas and not units.get(node.name):
            continue
        shapes = graph.inputs_of(node)
        for branch, (name, shape) in enumerate(zip(node.inputs, shapes, strict=True)):
            if len(shape) == 3:
                needed = _area_read(node, shape, areas.get(node.name), units.get(node.name))
                areas[name] = _joined(areas[name], needed) if name in areas else needed
            else:
                units.setdefault(name, set()).update(_units_read(node, shapes, branch, units))
    return areas.get(INPUT, ((0, 0), (0, 0)))  # a value that depends on no pixel sees none


def _area_read(node: Node, shape: Shape, area: Area | None, units: set[int] | None) -> Area:
    """What a layer needs of feature maps for its output there."""
    height, width, _ = shape
    if units is not None and isinstance(node.operation, Flatten):
        rows, columns, _ = np.unravel_index(sorted(units), shape)
        return (
            (int(rows.min()), int(rows.max()) + 1),
            (int(columns.min()), int(columns.max()) + 1),
        )
    reach = node.operation.reach(shape)
    if area is None or reach.size is None:
        return (0, height), (0, width)
    down, across = (
        (
            first * reach.stride[axis] - reach.before[axis],
            (end - 1) * reach.stride[axis] - reach.before[axis] + reach.size[axis],
        )
        for axis, (first, end) in enumerate(area)
    )
    return down, across


def _units_read(
    node: Node, shapes: Sequence[Shape], branch: int, units: dict[str, set[int]]
) -> set[int]:
    """What a layer needs of one of its flat inputs for units of its output."""
    (length,) = shapes[branch]
    whole = node.operation.reach(shapes[branch]).size is None
    if whole or isinstance(node.operation, Softmax):  # which divides by a sum over all of them
        return set(range(length))
    wanted = units[node.name]
    if isinstance(node.operation, Concatenate):
        before = sum(shape[0] for shape in shapes[:branch])
        return {unit - before for unit in wanted if before <= unit < before + length}
    return wanted


def _joined(one: Area, other: Area) -> Area:
    """The least area that holds both."""
    (top, bottom), (left, right) = (
        (min(a[0], b[0]), max(a[1], b[1])) for a, b in zip(one, other, strict=True)
    )
    return (top, bottom), (left, right)
