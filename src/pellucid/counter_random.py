"""Random numbers from a counter, so that all engines and any number of threads draw the same.

Philox4x32-10 of Salmon et al., *Parallel random numbers: as easy as 1, 2, 3* (SC 2011): ten rounds
of multiplication and exclusive-or turn a 128-bit counter and a 64-bit key into four random
32-bit words. Element ``e`` of a value takes word ``e mod 4`` of counter
``(e div 4, 0, step, stream)`` under key ``(seed, purpose)``.

Floats are made of the words by additions, multiplications, divisions and square roots of float64
alone, each rounded once, and in the order written here: so compiled code makes the same bits on any
machine, which no library's logarithm or sine promises.
"""

from __future__ import annotations

import math
import zlib

import numpy as np
from numpy.typing import NDArray

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)  # golden ratio and √3 − 1, as Weyl sequences

DROPOUT, START, ORDER = 0, int.from_bytes(b"INIT", "big"), int.from_bytes(b"ORDR", "big")
NOISE = int.from_bytes(b"NOIS", "big")
"""Purposes, each with random numbers of its own: masks of dropout, first weights, the order of
pictures, and what generators make pictures of."""

CHUNK = 1 << 14
"""Words made at once: few enough for what comes between to stay in a processor's cache."""

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


def random_words(
    shape: tuple[int, ...],
    seed: int,
    step: int,
    stream: int,
    purpose: int = DROPOUT,
    *,
    first: int = 0,
) -> NDArray[np.uint32]:
    """One 32-bit random word for each element of a value, in row-major order of ``shape``.

    Args:
        shape: The value's.
        seed: The run's.
        step: The number of the step.
        stream: See :func:`stream_of`.
        purpose: What the numbers are for.
        first: The place of the value's first row in a longer value, of which it is a part.
    """
    before = first * math.prod(shape[1:])
    start, skipped = before // 4, before % 4
    count = math.prod(shape)
    found = np.empty(-(-(skipped + count) // 4) * 4, np.uint32)
    for place in range(0, found.size, CHUNK):
        part = found[place : place + CHUNK].reshape(-1, 4)
        at = start + place // 4
        block = np.arange(at, at + len(part), dtype=np.uint64)
        counter = (
            block,
            np.zeros_like(block),
            np.full_like(block, step & 0xFFFFFFFF),
            np.full_like(block, stream & 0xFFFFFFFF),
        )
        for number, words in enumerate(philox(counter, (seed & 0xFFFFFFFF, purpose))):
            part[:, number] = words
    return found[skipped : skipped + count].reshape(shape)


def stream_of(name: str) -> int:
    """The number of the random stream of what has a name, 0 .. 2³² − 1: CRC-32 of its UTF-8."""
    return zlib.crc32(name.encode())


def uniform(words: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Words as numbers in (0, 1): the middles of 2³² equal intervals."""
    return np.asarray((words + 0.5) * 2.0**-32, np.float64)


def normal(words: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Words as normal numbers of mean 0 and variance 1, by pairs (Box and Muller 1958).

    Of a pair of words (u, v) as numbers in (0, 1), the numbers are √(−2 ln u) · cos 2πv and
    √(−2 ln u) · sin 2πv.

    Args:
        words: Of any shape; an odd last one is paired with a word of zeros.
    """
    flat = words.reshape(-1)
    found = np.empty(flat.size + flat.size % 2)
    for first in range(0, found.size, CHUNK):
        pairs = np.zeros(min(CHUNK, found.size - first), np.uint32)
        part = flat[first : first + CHUNK]
        pairs[: part.size] = part
        radius = np.sqrt(-2.0 * _logarithm(uniform(pairs[0::2])))
        cosine, sine = _circle(uniform(pairs[1::2]))
        found[first : first + CHUNK : 2] = radius * cosine
        found[first + 1 : first + CHUNK : 2] = radius * sine
    return found[: flat.size].reshape(words.shape)


def permutation(count: int, seed: int, step: int) -> NDArray[np.int64]:
    """The numbers 0 .. count − 1 in an order of chance: by their random words, ties by number."""
    words = random_words((count,), seed, step, 0, ORDER)
    return np.argsort(words, kind="stable").astype(np.int64, copy=False)


SERIES = tuple(2.0 / (2 * k + 1) for k in range(11))
"""ln((1 + s) / (1 − s)) in powers of s, odd ones alone; enough for |s| < 0.172."""

COSINE = tuple((-1.0) ** k / math.factorial(2 * k) for k in range(10))
SINE = tuple((-1.0) ** k / math.factorial(2 * k + 1) for k in range(9))
"""In powers of x²; enough for |x| ≤ π/4."""


def _logarithm(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ln x of normal numbers above zero: x = 2ᵉ · m with √½ ≤ m < √2, ln m by its series."""
    mantissa, exponent = np.frexp(x)
    low = mantissa < math.sqrt(0.5)
    mantissa = np.where(low, 2.0 * mantissa, mantissa)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    return (exponent - low) * math.log(2.0) + s * _polynomial(s * s, SERIES)


def _circle(turns: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cosine and sine of 2π · turns, for turns in (0, 1)."""
    quarter = np.floor(4.0 * turns + 0.5)
    x = (4.0 * turns - quarter) * (math.pi / 2.0)
    square = x * x
    cosine, sine = _polynomial(square, COSINE), x * _polynomial(square, SINE)
    odd = quarter % 2 == 1
    first, second = np.where(odd, sine, cosine), np.where(odd, cosine, sine)
    return (
        np.where((quarter == 1) | (quarter == 2), -first, first),
        np.where((quarter == 2) | (quarter == 3), -second, second),
    )


def _polynomial(x: NDArray[np.float64], coefficients: tuple[float, ...]) -> NDArray[np.float64]:
    """A polynomial by Horner's rule; coefficients from the lowest power on."""
    total = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + coefficient
    return total
