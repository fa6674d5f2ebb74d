"""Which convolutions are computed by Winograd's algorithm, and in which form: by shapes alone.

The choice decides on bits, so it is the same on every processor, in a page, alone and in batches.
It comes from times measured once, of one thread with vectors of 8 and of 16 floats, of 8 to 128
channels and pictures of 8 to 64 pixels: products take 1.1 times as long as those of the direct
convolution, since sums are shorter; and the transforms of a tile and channel take as long as the
multiply-adds that the form names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.emit.winograd_forms import FOUR, TAPS, TWO
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.engines.native.emit.winograd_forms import Form
    from pellucid.ops.operation import Operation, Shape

PRODUCTS = 1.1
"""Time of a multiply-add, in those of the direct convolution."""

WORTH_IT = 1.25
"""How many times as fast it must be."""

FEWEST = 8
"""Channels or filters below which too many lanes are idle."""


def choose_form(channels: int, filters: int, outputs: tuple[int, int]) -> Form | None:
    """The form for 3 × 3 kernels of stride 1; none where the direct convolution is better.

    Args:
        channels: That come in.
        filters: That come out.
        outputs: (height, width) of what comes out.
    """
    if min(channels, filters) < FEWEST:
        return None
    direct = TAPS**2 * channels * filters * outputs[0] * outputs[1]
    cost, form = min(
        ((_cost(form, channels, filters, outputs), form) for form in (FOUR, TWO)),
        key=lambda found: found[0],
    )
    return form if direct >= WORTH_IT * cost else None


def _cost(form: Form, channels: int, filters: int, outputs: tuple[int, int]) -> float:
    tiles = -(-outputs[0] // form.outputs) * -(-outputs[1] // form.outputs)
    products = PRODUCTS * form.products * channels * filters
    return tiles * (products + form.transforms * (channels + filters) / 2)


def why_not(operation: Operation, shape: Shape) -> tuple[Form | None, str]:
    """The form for an operation on an input of a shape, or why there is none.

    Args:
        operation: A convolution.
        shape: (height, width, channels).
    """
    if not isinstance(operation, ops.Conv2D):
        return None, f"computes convolutions, not {operation.kind}"
    if operation.size != (TAPS, TAPS):
        return None, f"a kernel is {operation.size[0]}×{operation.size[1]}, not {TAPS}×{TAPS}"
    if operation.stride != (1, 1) or operation.dilation != (1, 1):
        return None, "takes every position, without stride and dilation"
    if operation.groups > 1:
        return None, "computes convolutions without groups"
    height, width, _ = operation.output_shape(shape)
    form = choose_form(shape[2], operation.filters, (height, width))
    if form is None:
        size = f"{counted(shape[2], 'channel')} and {counted(operation.filters, 'filter')}"
        return None, f"transforms would take longer than they spare for {size} at {height}×{width}"
    return form, ""
