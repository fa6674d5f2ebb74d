"""The random numbers of a picture: a function of (seed, epoch, index) alone.

They come from :mod:`pellucid.counter_random`: block ``b`` of picture ``i`` is counter ``(b, 0,
epoch, i)`` under key ``(seed, "AUGM")``, four words. So a picture is changed alike in any batch,
at any place in it, and by any number of threads; and every change has words of its own, so that
turning one on does not change what the others draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import checks
from pellucid.counter_random import philox
from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.counter_random import Words

PLACE, SHAPE, COLOUR, PARTNER, WEIGHT = range(5)
"""Blocks: flip and shift; rotation, scale and cut-out; colours; mixup's other picture; and mixup's
weight, for which all that follow are too."""

TIME, FREQUENCY = 2**31, 2**31 + 1
"""Blocks of what is covered in pictures of sound; far behind those of mixup's weight."""

_STREAM = int.from_bytes(b"AUGM", "big")  # apart from dropout, whose key ends in 0
_WORD = 2**32


def draw(
    blocks: Sequence[int], indices: NDArray[np.integer[Any]], seed: int, epoch: int
) -> dict[int, tuple[Words, ...]]:
    """Return four words of shape (N,) for each block.

    Args:
        blocks: Their numbers.
        indices: Which pictures of the data set, shape (N,), 0..2³² − 1.
        seed: The run's seed, 0..2³² − 1.
        epoch: From 0, to 2³² − 1.

    Raises:
        ArgumentError: An index, the seed or the epoch is outside its range.
    """
    pictures = checked_indices(indices)
    checks.whole("seed", seed, 0, _WORD - 1)
    checks.whole("epoch", epoch, 0, _WORD - 1)
    shape = len(blocks), len(pictures)
    block = np.broadcast_to(np.array(blocks, np.uint64)[:, np.newaxis], shape)
    counter = (
        block,
        np.zeros(shape, np.uint64),
        np.full(shape, epoch, np.uint64),
        np.broadcast_to(pictures.astype(np.uint64), shape),
    )
    words = philox(counter, (seed, _STREAM))
    return {number: tuple(word[k] for word in words) for k, number in enumerate(blocks)}


def checked_indices(
    indices: NDArray[np.integer[Any]], count: int = _WORD
) -> NDArray[np.integer[Any]]:
    """Return indices as an array, if they are whole numbers 0..count − 1.

    Raises:
        ArgumentError: They are not, or not in one row.
    """
    numbers = np.asarray(indices)
    if numbers.ndim != 1 or (numbers.size and numbers.dtype.kind not in "iu"):
        raise ArgumentError(
            f"indices are {numbers.dtype} of shape {numbers.shape}; expected integers of shape (N,)"
        )
    if numbers.size and not 0 <= int(numbers.min()) <= int(numbers.max()) < count:
        raise ArgumentError(
            f"indices reach from {numbers.min()} to {numbers.max()}; expected positions in the "
            f"data set, from 0 to {count - 1}"
        )
    return numbers


def uniform(words: Words) -> NDArray[np.float64]:
    """Return words as numbers in (0, 1): the middles of 2³² equal intervals."""
    return (words + 0.5) / _WORD


def spread(words: Words, amount: float) -> NDArray[np.float64]:
    """Return words as numbers in (−amount, amount)."""
    return amount * (2.0 * uniform(words) - 1.0)


def below(words: Words, count: int) -> NDArray[np.int64]:
    """Return words as whole numbers 0..count − 1, with ``count`` at most 2³²."""
    return ((words * np.uint64(count)) >> np.uint64(32)).astype(np.int64)
