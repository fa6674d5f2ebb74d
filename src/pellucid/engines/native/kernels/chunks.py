"""A batch in parts whose sums are joined later, the same parts for any number of threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.kernel_gradient import difference
from pellucid.engines.native.memory.layout import FLOAT

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.ir import Function, Index, Value

CHUNKS = 16
"""Into how many parts a batch is cut for a kernel's gradient, if there is room for their sums."""

LARGEST_PARTIAL_SUMS = 3 << 20
"""Floats that the parts' sums may take."""


def chunk(f: Function, number: Index, chunks: int) -> tuple[Index, Index]:
    """From which to before which image a part goes: a rule that knows nothing of threads."""
    first, last = (f.divide(f.multiply("%images", n), chunks) for n in (number, f.add(number, 1)))
    return first, last


def why_by_filters(floats: int) -> str:
    """A note on a kernel's gradient that is not cut into parts of the batch, by its size."""
    wanted, most = (FLOAT * n / 2**20 for n in (floats * CHUNKS, LARGEST_PARTIAL_SUMS))
    return (
        f"cut by filters, not by images: partial sums would take {wanted:.0f} MB, more than "
        f"{most:.0f} MB"
    )


def each_part(
    f: Function,
    chunks: int,
    pieces: int,
    blocks: int,
    body: Callable[[Index, Index, Index], None],
) -> None:
    """Append a loop over a stage's units, the parts of the batch, each cut into pieces.

    Pieces of one part that one thread has are done together, as if it were not cut; those of the
    whole batch one by one.

    Args:
        f: The function; its units are pieces, part by part.
        chunks: Parts of the batch.
        pieces: Into how many each is cut: one, or as many as there are blocks of filters.
        blocks: Blocks of filters.
        body: Appends the code for a part, the first of its blocks, and how many.
    """
    if pieces == 1:
        _each(f, "%first", "%last", lambda number: body(number, 0, blocks))
        return
    assert pieces == blocks
    if chunks == 1:
        _each(f, "%first", "%last", lambda block: body(0, block, 1))
        return

    def part(number: Index) -> None:
        before = f.multiply(number, pieces)
        first = f.larger(0, difference(f, "%first", before))
        last = f.smaller(pieces, difference(f, "%last", before))
        body(number, first, difference(f, last, first))

    begin, end = f.divide("%first", pieces), f.divide(f.add("%last", pieces - 1), pieces)
    some = f.value("icmp slt i64 %first, %last")
    f.when(some, lambda: _each(f, begin, end, part))


def _each(f: Function, first: Index, last: Index, body: Callable[[Index], None]) -> None:
    def turn(number: Index, _: list[Value]) -> list[Value]:
        body(number)
        return []

    f.loop(first, last, 1, turn)
