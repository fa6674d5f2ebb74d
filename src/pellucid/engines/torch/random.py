"""Random numbers of :mod:`pellucid.counter_random` in PyTorch's integer arithmetic.

PyTorch multiplies 64-bit integers with sign, modulo 2⁶⁴, which leaves a product's 64 bits as they
are without one; masking after each shift takes the copies of the sign off. So the numbers are
drawn on the device that uses them, and are the reference's bit for bit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from pellucid.counter_random import KEY_STEPS, MULTIPLIERS, ROUNDS

if TYPE_CHECKING:
    from torch import Tensor

LOW = 0xFFFFFFFF

Words = tuple["Tensor", "Tensor", "Tensor", "Tensor"]
"""Four tensors of 32-bit words, held in int64."""


def philox(counter: Words, key: tuple[int, int]) -> Words:
    """Four 32-bit random words for each counter: Philox4x32-10 of Salmon et al. (SC 2011)."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        p0, p1 = c0 * MULTIPLIERS[0], c2 * MULTIPLIERS[1]
        c0, c1, c2, c3 = (
            ((p1 >> 32) & LOW) ^ c1 ^ k0,
            p1 & LOW,
            ((p0 >> 32) & LOW) ^ c3 ^ k1,
            p0 & LOW,
        )
        k0, k1 = (k0 + KEY_STEPS[0]) & LOW, (k1 + KEY_STEPS[1]) & LOW
    return c0, c1, c2, c3


def random_words(
    shape: tuple[int, ...], seed: int, step: int, stream: int, device: torch.device, first: int = 0
) -> Tensor:
    """One 32-bit random word for each element, in row-major order of ``shape``; int64.

    ``first`` is the place of the first row in a longer value, of which this is a part.
    """
    count, before = math.prod(shape), first * math.prod(shape[1:])
    start, skipped = before // 4, before % 4
    blocks = (skipped + count + 3) // 4
    block = start + torch.arange(blocks, dtype=torch.int64, device=device)
    counter = (
        block,
        torch.zeros_like(block),
        torch.full_like(block, step & LOW),
        torch.full_like(block, stream & LOW),
    )
    words = torch.stack(philox(counter, (seed & LOW, 0)), dim=-1)
    return words.reshape(-1)[skipped : skipped + count].reshape(shape)
