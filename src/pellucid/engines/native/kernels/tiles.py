"""What reports say of a convolution's tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from pellucid.engines.native.emit.convolution import split_evenly
from pellucid.engines.native.emit.kernel_gradient import FEWEST_SUMS
from pellucid.engines.native.memory.layout import whole_vectors
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.engines.native.memory.geometry import Convolution, Packing


class BackwardWork(TypedDict):
    """Bytes of weights that are read, (rows, vectors) of sums in registers, and notes."""

    read: int
    tile: tuple[int, int]
    notes: list[str]


def tile_of(convolution: Convolution) -> tuple[int, int]:
    """The largest tile that a convolution is cut into; rows are outputs, or images of one each."""
    vectors = convolution.packing.vectors
    most = convolution.rows
    if convolution.single:
        return most, vectors
    rows, across = convolution.outputs
    if across > most // 2:
        return max(split_evenly(across, most)), vectors
    return max(split_evenly(rows, min(rows, most // across))) * across, vectors


def kernel_tile_of(convolution: Convolution) -> tuple[int, int]:
    """The largest tile of a kernel's gradient; rows are channels, or channels of several taps."""
    packing = convolution.packing
    rows = packing.channels
    if convolution.tap_step[1] == rows:
        rows *= packing.taps[1]
    if rows * packing.vectors < FEWEST_SUMS:
        rows = packing.depth
    return max(split_evenly(rows, packing.sums // packing.vectors)), packing.vectors


def idle_lanes(packing: Packing, what: str, *, half: bool = False) -> list[str]:
    """Notes on lanes without a filter, and on tiles of one vector.

    Args:
        packing: The kernel.
        what: What its vectors hold: ``filters`` or ``channels``.
        half: Whether only half of the last vector is computed.
    """
    notes = []
    filled = whole_vectors(packing.filters, packing.lanes)
    lanes = filled - packing.lanes // 2 if half else filled
    if idle := lanes - packing.filters:
        notes.append(
            f"{packing.filters} {what} in {counted(lanes, 'lane')}: {idle / lanes:.0%} of them idle"
        )
    if packing.vectors == 1:
        count = filled // packing.lanes
        why = f"neither 2 nor 3 divides {count}" if count > 1 else "there is only one"
        notes.append(f"one vector of {what} a tile, since {why}")
    return notes
