"""Convolutions and dense layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.describe import any_stage
from pellucid.engines.native.describe.subject import FLOAT, Description
from pellucid.engines.native.emit.convolution import split_evenly
from pellucid.engines.native.emit.kernel_gradient import FEWEST_SUMS
from pellucid.engines.native.kernels.chunks import CHUNKS, LARGEST_PARTIAL_SUMS
from pellucid.engines.native.kernels.convolve import Convolve
from pellucid.engines.native.memory.layout import whole_vectors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pellucid.engines.native.describe.subject import Subject
    from pellucid.engines.native.memory.geometry import Convolution, Packing


def forward(s: Subject) -> Description:
    """With what is fused."""
    made, plain = _made(s), any_stage.forward(s)
    remembered = s.winners if s.stage.pool is not None and s.training else 0
    return Description(
        _what(s),
        _tile(made.forward),
        plain.layout,
        plain.bytes_read + FLOAT * made.packing.size,
        plain.bytes_written + remembered,
        s.flops,
        tuple(_idle(made.packing, "filters")),
    )


def unpool(s: Subject) -> Description:
    """Each gradient to the position that won."""
    layout = _made(s).gradient.layout
    read = s.gradients(s.stage.target) + s.winners
    return Description("windows", None, layout, read, s.size(layout))


def data_gradient(s: Subject) -> Description:
    """A convolution with the kernel flipped, in as many parts as the stride makes phases."""
    made = _made(s)
    flipped = [each.convolution for each in made.flipped]
    largest = max(flipped, key=lambda convolution: convolution.packing.depth)
    notes = list(_idle(largest.packing, "channels"))
    if len(flipped) > 1:
        kind = "rows of the image" if made.forward.single else "phases of the stride"
        notes.append(f"in {len(flipped)} parts, the {kind}, each with its part of the kernel")
    return Description(
        f"{_what(s)}, flipped",
        _tile(largest),
        largest.target,
        s.size(made.gradient.layout) + FLOAT * sum(each.packing.size for each in flipped),
        s.gradients(*s.stage.sources),
        s.flops,
        tuple(notes),
    )


def kernel_gradient(s: Subject) -> Description:
    """Sums over images and positions."""
    made = _made(s)
    packing = made.packing
    notes = list(_idle(packing, "filters"))
    if not made.by_chunks and not made.forward.single:
        wanted, most = (FLOAT * n / 2**20 for n in (packing.size * CHUNKS, LARGEST_PARTIAL_SUMS))
        notes.append(
            f"cut by filters, not by images: partial sums would take {wanted:.0f} MB, more than "
            f"{most:.0f} MB"
        )
    return Description(
        "kernel gradient",
        _kernel_tile(made.forward),
        None,
        s.values(*s.stage.sources) + s.size(made.gradient.layout),
        FLOAT * made.parameter.size * made.parameter.chunks,
        s.flops,
        tuple(notes),
    )


def flip(s: Subject) -> Description:
    """The weights again, as the backward pass reads them."""
    copied = FLOAT * sum(flipped.convolution.packing.size for flipped in _made(s).flipped)
    return Description("copy, flipped", bytes_read=copied, bytes_written=copied)


def _made(s: Subject) -> Convolve:
    made = s.code.weighted[s.stage.node.name]
    assert isinstance(made, Convolve)
    return made


def _what(s: Subject) -> str:
    return "dense" if isinstance(s.stage.node.operation, ops.Dense) else "convolution"


def _tile(convolution: Convolution) -> tuple[int, int]:
    """The largest tile that a convolution is cut into; rows are outputs, or images of one each."""
    vectors = convolution.packing.vectors
    most = convolution.packing.sums // vectors
    if convolution.single:
        return most, vectors
    rows, across = convolution.outputs
    if across > most // 2:
        return max(split_evenly(across, most)), vectors
    return max(split_evenly(rows, min(rows, most // across))) * across, vectors


def _kernel_tile(convolution: Convolution) -> tuple[int, int]:
    """The largest tile of a kernel's gradient; rows are channels, or channels of several taps."""
    packing = convolution.packing
    rows = packing.channels
    if convolution.tap_step[1] == rows:
        rows *= packing.taps[1]
    if rows * packing.vectors < FEWEST_SUMS:
        rows = packing.depth
    return max(split_evenly(rows, packing.sums // packing.vectors)), packing.vectors


def _idle(packing: Packing, what: str) -> Iterable[str]:
    filled = whole_vectors(packing.filters, packing.lanes)
    if idle := filled - packing.filters:
        yield f"{packing.filters} {what} in {filled} lanes: {idle / filled:.0%} of them idle"
    if packing.vectors == 1:
        count = filled // packing.lanes
        why = f"neither 2 nor 3 divides {count}" if count > 1 else "there is only one"
        yield f"one vector of {what} a tile, since {why}"
