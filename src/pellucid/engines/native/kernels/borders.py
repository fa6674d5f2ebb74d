"""The zeros around values and gradients, which let convolutions read past the edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.memory.layout import Border

if TYPE_CHECKING:
    from pellucid.ops.operation import Operation


def past_the_edge(operation: Operation, size: tuple[int, int]) -> Border:
    """The zeros that a convolution wants around a value that it reads, of (height, width)."""
    if not isinstance(operation, ops.Conv2D):
        return Border()
    sides = []
    for axis in (0, 1):
        span = operation.window.along(axis, size[axis])
        reach = (span.output - 1) * operation.stride[axis] + operation.window.extent(axis)
        sides += [span.before, max(0, reach - span.before - size[axis])]
    return Border(*sides)


def past_the_gradients_edge(
    operation: Operation, source: tuple[int, int, int], outputs: tuple[int, int]
) -> Border:
    """The zeros that a convolution's output gradient wants around it, to be convolved back.

    Input position y sees outputs (y + before − tap·dilation) / stride, for all taps.
    """
    if not isinstance(operation, ops.Conv2D):
        return Border()
    sides = []
    for axis in (0, 1):
        before = operation.window.along(axis, source[axis]).before
        furthest = operation.window.extent(axis) - 1
        stride = operation.stride[axis]
        first = -((furthest - before) // stride)
        last = (source[axis] - 1 + before) // stride
        sides += [max(0, -first), max(0, last - (outputs[axis] - 1))]
    return Border(*sides)
