"""Philox4x32-10 once more, in plain Python integers, word by word as the paper writes it.

Salmon et al., *Parallel random numbers: as easy as 1, 2, 3* (SC 2011), section 3.3.
"""

from __future__ import annotations

WORD = 0xFFFFFFFF


def philox(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Four random words of four counter words and two key words."""
    right0, left0, right1, left1 = counter
    for turn in range(10):
        key0 = (key[0] + turn * 0x9E3779B9) & WORD
        key1 = (key[1] + turn * 0xBB67AE85) & WORD
        high0, low0 = divmod(0xD2511F53 * right0, 1 << 32)
        high1, low1 = divmod(0xCD9E8D57 * right1, 1 << 32)
        right0, left0, right1, left1 = high1 ^ left0 ^ key0, low1, high0 ^ left1 ^ key1, low0
    return right0, left0, right1, left1


def word(element: int, seed: int, step: int, stream: int, purpose: int = 0) -> int:
    """The word of one element: word e mod 4 of counter (e div 4, 0, step, stream)."""
    return philox((element // 4, 0, step, stream), (seed, purpose))[element % 4]
