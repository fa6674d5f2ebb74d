"""The order in which pictures are seen: a function of (seed, epoch) alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


def batches(count: int, batch_size: int, *, seed: int, epoch: int) -> Iterator[NDArray[np.int64]]:
    """Indices of every picture once, shuffled, in batches; the last may be smaller.

    Args:
        count: How many pictures there are.
        batch_size: How many go together.
        seed: The run's seed.
        epoch: From 0; each has its own order.
    """
    # The tag keeps this stream apart from others drawn with the same seed.
    order = np.random.default_rng([seed, epoch, 0x0BDE5]).permutation(count)
    for first in range(0, count, batch_size):
        yield order[first : first + batch_size]


def batches_per_epoch(count: int, batch_size: int) -> int:
    """How many batches :func:`batches` gives."""
    return -(-count // batch_size)
