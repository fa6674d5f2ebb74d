"""Random words from a counter: Philox4x32-10, as :mod:`pellucid.counter_random` defines it.

Each lane of a vector has a counter of its own, so that a vector of ``L`` lanes yields 4·L words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.counter_random import KEY_STEPS, MULTIPLIERS, ROUNDS
from pellucid.engines.native.emit.lanes import spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function, Index, Value

SEED, STEP = 8, 9
"""Which of a step's numbers are the seed and the number of the step, as 32-bit whole numbers."""

Words = tuple["Value", "Value", "Value", "Value"]
"""Four vectors of 32-bit words."""


def write_counter(scalars: NDArray[np.float32], seed: int, step: int) -> None:
    """Set the seed and the number of a step, from 0, among a step's numbers."""
    words = scalars.view(np.uint32)
    words[SEED], words[STEP] = seed & 0xFFFFFFFF, step & 0xFFFFFFFF


def random_words(f: Function, block: Index, scalars: Value, stream: int) -> Words:
    """The words of as many counters as a vector has lanes, from counter ``block`` on.

    Args:
        f: The function.
        block: Number of the first counter, not above 2³² − lanes.
        scalars: Pointer to a step's numbers.
        stream: Which random stream, a 32-bit number.

    Returns:
        The four words of every counter: word w of counter ``block + lane`` in lane ``lane`` of
        vector w.
    """
    seed, step = (spread(f, _word(f, scalars, which)) for which in (SEED, STEP))
    steps = ", ".join(f"i32 {lane}" for lane in range(f.vectors.lanes))
    first = str(block) if isinstance(block, int) else f.value(f"trunc i64 {block} to i32")
    counter = f.integer("add", spread(f, first), f"<{steps}>")
    return _philox(f, (counter, f.whole(0), step, f.whole(signed(stream))), (seed, f.whole(0)))


def in_order(f: Function, words: Words) -> list[Value]:
    """Words counter by counter instead of by their number: the four of the first, and so on."""
    kind, lanes = f.vectors.int, f.vectors.lanes
    pair, joined = f"<{2 * lanes} x i32>", ", ".join(f"i32 {i}" for i in range(2 * lanes))
    low, high = (
        f.value(f"shufflevector {kind} {a}, {kind} {b}, {pair} <{joined}>")
        for a, b in (words[:2], words[2:])
    )
    found = []
    for first in range(0, 4 * lanes, lanes):
        order = ", ".join(f"i32 {e % 4 * lanes + e // 4}" for e in range(first, first + lanes))
        found.append(f.value(f"shufflevector {pair} {low}, {pair} {high}, {kind} <{order}>"))
    return found


def _philox(f: Function, counter: Words, key: tuple[Value, Value]) -> Words:
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        high0, low0 = _product(f, c0, MULTIPLIERS[0])
        high1, low1 = _product(f, c2, MULTIPLIERS[1])
        c0 = f.integer("xor", f.integer("xor", high1, c1), k0)
        c2 = f.integer("xor", f.integer("xor", high0, c3), k1)
        c1, c3 = low1, low0
        k0, k1 = (
            f.integer("add", k, f.whole(signed(step)))
            for k, step in zip((k0, k1), KEY_STEPS, strict=True)
        )
    return c0, c1, c2, c3


def _product(f: Function, word: Value, factor: int) -> tuple[Value, Value]:
    """The upper and the lower 32 bits of a product with a constant."""
    narrow, wide = f.vectors.int, f"<{f.vectors.lanes} x i64>"
    extended = f.value(f"zext {narrow} {word} to {wide}")
    product = f.value(f"mul {wide} {extended}, splat (i64 {factor})")
    upper = f.value(f"lshr {wide} {product}, splat (i64 32)")
    return (
        f.value(f"trunc {wide} {upper} to {narrow}"),
        f.value(f"trunc {wide} {product} to {narrow}"),
    )


def signed(word: int) -> int:
    """A word of 32 bits as LLVM writes it, from −2³¹ to 2³¹ − 1."""
    return word - 2**32 if word >= 2**31 else word


def _word(f: Function, scalars: Value, which: int) -> Value:
    return f.value(f"load i32, ptr {f.at(scalars, which)}, align 4")
