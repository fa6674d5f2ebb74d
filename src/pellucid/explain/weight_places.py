"""Which weight each term of an opened value was multiplied with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.ops import Conv2D, Dense, PReLU, Subsample

if TYPE_CHECKING:
    from pellucid.explain.activations import Position
    from pellucid.explain.value_terms import ValueTerms
    from pellucid.ops.operation import Shape


def weight_places(opened: ValueTerms) -> list[tuple[str, Position] | None]:
    """For each term the weight's full name and place in it; none where the factor is no weight.

    A batch norm's factor is made of several weights: see its details instead.
    """
    operation = opened.node.operation
    places = [opened.source(i)[1] for i in range(len(opened))]
    name, channel = opened.layer, opened.at[-1]
    if isinstance(operation, Dense):
        return [(f"{name}.kernel", (place[0], channel)) for place in places]
    if isinstance(operation, Subsample):
        return [(f"{name}.coefficient", (channel,))] * len(places)
    if isinstance(operation, PReLU):
        negative = not opened.terms.values[0] > 0
        return [(f"{name}.slope", (channel,)) if negative else None]
    if isinstance(operation, Conv2D):
        shape = opened.activations.shape(opened.node.inputs[0])
        return [
            (f"{name}.kernel", kernel_place(operation, shape, opened.at, place)) for place in places
        ]
    return [None] * len(places)


def kernel_place(operation: Conv2D, shape: Shape, output: Position, read: Position) -> Position:
    """Which of a kernel's weights an output multiplies an input value with: (ky, kx, c, o).

    Args:
        operation: The convolution.
        shape: Of its input.
        output: The output's position.
        read: The position of a value that it reads.
    """
    window, o = operation.window, output[2]
    first = o // (operation.filters // operation.groups) * (shape[2] // operation.groups)
    ky, kx = (
        (read[axis] - output[axis] * window.stride[axis] + window.along(axis, shape[axis]).before)
        // window.dilation[axis]
        for axis in (0, 1)
    )
    return ky, kx, read[2] - first, o
