"""Random numbers from a counter, so that all engines and any number of threads draw the same.

Philox4x32-10 of Salmon et al., *Parallel random numbers: as easy as 1, 2, 3* (SC 2011): ten rounds
of multiplication and exclusive-or turn a 128-bit counter and a 64-bit key into four random
32-bit words. Element ``e`` of a value takes word ``e mod 4`` of counter
``(e div 4, 0, step, layer)`` under key ``(seed, 0)``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)  # golden ratio and √3 − 1, as Weyl sequences

Words = NDArray[np.uint64]  # 32-bit words, held in 64 bits so that products fit


def philox(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> tuple[Words, ...]:
    """Four 32-bit random words for each counter.

    Args:
        counter: Four arrays of equal shape, each word 0 .. 2³² − 1.
        key: Two words, 0 .. 2³² − 1.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    low, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    for _ in range(ROUNDS):
        p0 = c0 * np.uint64(MULTIPLIERS[0])
        p1 = c2 * np.uint64(MULTIPLIERS[1])
        c0, c1, c2, c3 = (
            (p1 >> shift) ^ c1 ^ np.uint64(k0),
            p1 & low,
            (p0 >> shift) ^ c3 ^ np.uint64(k1),
            p0 & low,
        )
        k0, k1 = (k0 + KEY_STEPS[0]) & 0xFFFFFFFF, (k1 + KEY_STEPS[1]) & 0xFFFFFFFF
    return c0, c1, c2, c3


def random_words(shape: tuple[int, ...], seed: int, step: int, layer: int) -> NDArray[np.uint32]:
    """One 32-bit random word for each element of a value, in row-major order of ``shape``."""
    count = math.prod(shape)
    block = np.arange((count + 3) // 4, dtype=np.uint64)
    counter = (
        block,
        np.zeros_like(block),
        np.full_like(block, step & 0xFFFFFFFF),
        np.full_like(block, layer & 0xFFFFFFFF),
    )
    words = np.stack(philox(counter, (seed & 0xFFFFFFFF, 0)), axis=-1)
    return words.reshape(-1)[:count].reshape(shape).astype(np.uint32)
