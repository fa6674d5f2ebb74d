"""Cut a batch into pieces whose intermediate values stay in a core's cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def chunks(count: int, size: int, together: int) -> Iterator[slice]:
    """Return slices of ``range(count)``, of at least one and as many as make ``together`` values.

    Args:
        count: Pictures in the batch.
        size: Values of each picture.
        together: Values wanted in a piece.
    """
    several = max(1, together // size)
    for first in range(0, count, several):
        yield slice(first, min(first + several, count))
