"""A batch in parts whose sums are joined later, the same parts for any number of threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index

CHUNKS = 16
"""Into how many parts a batch is cut for a kernel's gradient, if there is room for their sums."""

LARGEST_PARTIAL_SUMS = 3 << 20
"""Floats that the parts' sums may take."""


def chunk(f: Function, number: Index, chunks: int) -> tuple[Index, Index]:
    """From which to before which image a part goes: a rule that knows nothing of threads."""
    first, last = (f.divide(f.multiply("%images", n), chunks) for n in (number, f.add(number, 1)))
    return first, last
