"""The order in which pictures are seen: a function of (seed, epoch) alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


def order(count: int, *, seed: int, epoch: int) -> NDArray[np.int64]:
    """Indices of every picture once, shuffled, shape (count,)."""
    # The tag keeps this stream apart from others drawn with the same seed.
    return np.random.default_rng([seed, epoch, 0x0BDE5]).permutation(count)


def batches(count: int, batch_size: int, *, seed: int, epoch: int) -> Iterator[NDArray[np.int64]]:
    """Indices of every picture once, shuffled, in batches; the last may be smaller.

    Args:
        count: How many pictures there are.
        batch_size: How many go together.
        seed: The run's seed.
        epoch: From 0; each has its own order.
    """
    shuffled = order(count, seed=seed, epoch=epoch)
    for first in range(0, count, batch_size):
        yield shuffled[first : first + batch_size]


def batches_per_epoch(count: int, batch_size: int) -> int:
    """How many batches :func:`batches` gives."""
    return -(-count // batch_size)


def automatic_batch_size(pictures: int, height: int, width: int) -> int:
    """Pictures a step where none are given: a power of two from 16 to 128.

    The largest with which an epoch has at least 50 steps and a batch at most 2²⁰ pixels; 16 where
    there is none. So few pictures still make many steps, and large ones fit into the memory.
    """
    sizes = (128, 64, 32)
    fitting = (n for n in sizes if pictures >= 50 * n and n * height * width <= 1 << 20)
    return next(fitting, 16)
