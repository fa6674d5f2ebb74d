"""Receptive fields: which part of the image a value deep in the network can depend on.

Through a window of extent k and stride s, a field of size r whose neighbours lie j pixels apart
grows to r + (k − 1)·j, and j to j·s (Araujo et al. 2019, *Computing receptive fields of CNNs*).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.graph.graph import Graph
    from pellucid.ops.reads import Axis

    Need = tuple[NDArray[np.int64], ...]
    """Positions along each axis of a value."""


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
    fields: dict[str, Fields] = {graph.input: (pixel, pixel)}
    for node in graph.nodes:
        shapes = graph.inputs_of(node)
        reads = node.operation.reads(*shapes)
        down, across = (
            _union(
                [
                    _through(fields[name][axis], axes, axis, everything[axis])
                    for name, axes in zip(node.inputs, reads.inputs, strict=True)
                ],
                reads.output[axis] if len(reads.output) == 3 else 1,
            )
            for axis in (0, 1)
        )
        fields[node.name] = down, across
    return fields


def _through(
    field: ReceptiveField, axes: tuple[Axis, ...], axis: int, everything: ReceptiveField
) -> ReceptiveField:
    """The field of what reads an input whose positions have this field."""
    if any(_anywhere(each) for each in axes[: max(1, len(axes) - 1)]):
        return everything
    if len(axes) != 3 or not axes[axis].slides:
        return field
    (follow,), read = axes[axis].follows, axes[axis]
    return ReceptiveField(
        size=field.size + (read.taps - 1) * abs(read.dilation) * field.stride,
        stride=field.stride * follow.stride,
        start=field.start - read.before * field.stride,
    )


def _anywhere(axis: Axis) -> bool:
    """Whether what is read does not move by whole steps, so that no stride describes it."""
    return axis.table is not None or axis.divisor > 1 or (axis.taps > 1 and not axis.slides)


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
        layer: In whose output the value is.
        at: (row, column, channel), or (unit,) of a flat vector.
    """
    needed: dict[str, Need] = {layer: tuple(np.array([place]) for place in at)}
    for node in reversed(graph.nodes):
        if node.name not in needed:
            continue
        shapes = graph.inputs_of(node)
        for name, axes in zip(node.inputs, node.operation.reads(*shapes).inputs, strict=True):
            read = (
                *(_positions(axis, needed[node.name]) for axis in axes[:-1]),
                _inside(axes[-1], _positions(axes[-1], needed[node.name])),
            )
            if any(not len(positions) for positions in read):
                continue  # of joined channels, those of another branch
            before = needed.get(name)
            needed[name] = (
                read
                if before is None
                else tuple(np.union1d(a, b) for a, b in zip(before, read, strict=True))
            )
    if graph.input not in needed:
        return (0, 0), (0, 0)  # a value that depends on no pixel sees none
    rows, columns = ((int(n.min()), int(n.max()) + 1) for n in needed[graph.input][:2])
    return rows, columns


def _positions(axis: Axis, needed: Need) -> NDArray[np.int64]:
    """What is read along an axis for outputs at these positions, beyond its edges too."""
    if axis.table is not None:
        numbers = np.arange(len(axis.table.entries)).reshape(axis.table.shape)
        inside = [
            needed[by][(needed[by] >= 0) & (needed[by] < length)]
            for by, length in zip(axis.table.by, axis.table.shape, strict=True)
        ]
        chosen = numbers[np.ix_(*inside)].ravel().tolist()
        read = {place for number in chosen for place, _ in axis.table.entries[number]}
        return np.array(sorted(read), np.int64)
    base = np.array([-axis.before])
    for follow in axis.follows:
        steps = np.unique(needed[follow.axis]) // follow.divide
        steps = np.unique(steps if follow.modulo is None else steps % follow.modulo)
        base = np.unique(base[:, None] + follow.stride * steps)
    sums = np.unique(base[:, None] + axis.dilation * np.arange(axis.taps))
    return np.asarray(sums[sums % axis.divisor == 0] // axis.divisor)


def _inside(axis: Axis, positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Channels (or units) that there are: of joined ones, those of this branch."""
    return positions[(positions >= 0) & (positions < axis.length)]
