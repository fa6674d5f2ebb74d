"""Which outputs of a layer read one of its inputs' values: the way forward from a position."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.ops import (
    Concatenate,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    LocalResponseNorm,
    Softmax,
)
from pellucid.ops.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.explain.activations import Position
    from pellucid.ops.operation import Operation, Shape
    from pellucid.ops.window import Window


def dependents(
    operation: Operation, shapes: Sequence[Shape], branch: int, at: Position
) -> list[Position]:
    """The positions in an operation's output that depend on one input value.

    Args:
        operation: The operation.
        shapes: Of its inputs, for one image.
        branch: Which input the value stands in.
        at: Where it stands there.
    """
    shape = shapes[branch]
    if isinstance(operation, Conv2D):
        group = at[2] // (shape[2] // operation.groups)
        filters = operation.filters // operation.groups
        reading = range(group * filters, (group + 1) * filters)
        windows = windows_over(operation.window, shape, at)
        return [(i, j, o) for i, j in windows for o in reading]
    if isinstance(operation, Pool):
        return [(i, j, at[2]) for i, j in windows_over(operation.window, shape, at)]
    if isinstance(operation, Dense):
        return [(unit,) for unit in range(operation.units)]
    if isinstance(operation, GlobalAveragePool):
        return [(at[2],)]
    if isinstance(operation, Flatten):
        return [(int(np.ravel_multi_index(at, shape)),)]
    if isinstance(operation, Concatenate):
        before = sum(other[-1] for other in shapes[:branch])
        return [(*at[:-1], before + at[-1])]
    if isinstance(operation, Softmax):
        return [(*at[:-1], k) for k in range(shape[-1])]
    if isinstance(operation, LocalResponseNorm):
        half = operation.size // 2
        near = range(max(0, at[2] - half), min(shape[2], at[2] + half + 1))
        return [(*at[:2], c) for c in near]
    return [at]  # all others act on each value alone


def windows_over(window: Window, shape: Shape, at: Position) -> list[tuple[int, int]]:
    """The windows (row, column) that hold an image position, in row-major order."""
    found = []
    for axis in (0, 1):
        span = window.along(axis, shape[axis])
        offsets = (
            at[axis] + span.before - k * window.dilation[axis] for k in range(window.size[axis])
        )
        starts = (start for start in offsets if start % window.stride[axis] == 0)
        places = (start // window.stride[axis] for start in starts)
        found.append(sorted(place for place in places if 0 <= place < span.output))
    return [(i, j) for i in found[0] for j in found[1]]
