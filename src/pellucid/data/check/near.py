r"""Pictures that are nearly the same: copies made smaller, lighter, or stored with more loss.

A perceptual hash proposes, and the small copies decide. The hash has 64 bits: which of the lowest
8 × 8 frequencies of a 16 × 16 copy (its cosine transform) are above their median (Zauner,
*Implementation and benchmarking of perceptual image hash functions*, 2010). Two pictures are
compared if at most :data:`MOST_BITS` bits differ, and are nearly the same if the correlation of
their copies is at least :data:`LEAST_CORRELATION`; brightness and contrast do not matter to it.

Comparing all pairs would take too long. Cut into ``MOST_BITS + 2`` bands, two hashes that differ in
at most MOST_BITS bits agree in two whole bands at least: so only hashes that do are compared.
"""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

MOST_BITS = 6
"""Hashes of pictures that are nearly the same differ in at most so many of their 64 bits."""

LEAST_CORRELATION = 0.98
"""The copies of pictures that are nearly the same correlate at least so much."""

_FLAT = 2.0  # standard deviation in grey levels below which a picture shows nothing to compare
_FREQUENCIES = 8
_TOGETHER = 4096
_U = np.uint64


def near_groups(thumbnails: Sequence[NDArray[np.uint8]]) -> list[list[int]]:
    """Return groups of pictures that are nearly the same, each with its chain of neighbours.

    Pictures of one plain grey are left out: there is nothing to compare.

    Args:
        thumbnails: Small grey copies, shape (16, 16) each, all of them different pictures.

    Returns:
        Positions, ascending in each group, at least two; groups by their first.
    """
    shown = [i for i, small in enumerate(thumbnails) if float(small.std()) >= _FLAT]
    if len(shown) < 2:
        return []
    small = np.stack([thumbnails[i] for i in shown])
    hashes, first, which = np.unique(
        perceptual_hashes(small), return_index=True, return_inverse=True
    )
    one, other = close_pairs(hashes, MOST_BITS)
    repeated = np.flatnonzero(first[which] != np.arange(len(small)))
    left = np.concatenate([first[one], first[which[repeated]]])
    right = np.concatenate([first[other], repeated])
    same = _correlation(_standard(small), left, right) >= LEAST_CORRELATION
    groups = _joined(left[same].tolist(), right[same].tolist())
    return [[shown[i] for i in group] for group in groups]


def perceptual_hashes(thumbnails: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return the hash of each picture, shape (N,).

    Args:
        thumbnails: Small grey copies, shape (N, S, S).
    """
    count, side, _ = thumbnails.shape
    frequency = np.arange(_FREQUENCIES)[:, np.newaxis]
    waves = np.cos(np.pi * frequency * (np.arange(side) + 0.5) / side).astype(np.float32)
    bits = np.empty((count, _FREQUENCIES**2), np.bool_)
    for start in range(0, count, _TOGETHER):
        chosen = slice(start, start + _TOGETHER)
        amounts = waves @ thumbnails[chosen].astype(np.float32) @ waves.T
        flat = amounts.reshape(-1, _FREQUENCIES**2)
        bits[chosen] = flat > np.median(flat, axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(">u8")[:, 0].astype(np.uint64)


def close_pairs(
    hashes: NDArray[np.uint64], most: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return all pairs of hashes that differ in at most ``most`` bits, each pair once.

    Args:
        hashes: All different, shape (N,).
        most: How many bits may differ, 0..30.

    Returns:
        The positions of one and of the other, the smaller first.
    """
    count = len(hashes)
    edges = np.linspace(0, 64, most + 3).round().astype(int).tolist()
    bands = [(1 << high) - (1 << low) for low, high in pairwise(edges)]
    found = [np.empty(0, np.int64)]
    for two in combinations(bands, 2):
        kept = hashes & np.uint64(sum(two))
        order = np.argsort(kept, kind="stable")
        for one, other in _neighbours(kept[order]):
            i, j = order[one], order[other]
            close = _differing(hashes[i], hashes[j]) <= most
            i, j = i[close], j[close]
            found.append(np.minimum(i, j) * count + np.maximum(i, j))
    pairs = np.unique(np.concatenate(found))
    return pairs // max(count, 1), pairs % max(count, 1)


def _neighbours(
    ascending: NDArray[np.uint64],
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield all pairs of positions with equal values: those one apart, two apart, and so on."""
    distance = 1
    here = np.arange(len(ascending) - 1)
    while True:
        here = here[: np.searchsorted(here, len(ascending) - distance)]
        here = here[ascending[here] == ascending[here + distance]]
        if not here.size:
            return
        yield here, here + distance
        distance += 1


def _differing(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return how many bits differ: added up in twos, fours, eights, and all eights at once."""
    bits = one ^ other
    bits -= (bits >> _U(1)) & _U(0x5555555555555555)
    bits = (bits & _U(0x3333333333333333)) + ((bits >> _U(2)) & _U(0x3333333333333333))
    bits = (bits + (bits >> _U(4))) & _U(0x0F0F0F0F0F0F0F0F)
    return (bits * _U(0x0101010101010101)) >> _U(56)


def _correlation(
    standard: NDArray[np.float32], left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return Pearson's correlation of the pictures of each pair."""
    result = np.empty(len(left), np.float32)
    for start in range(0, len(left), _TOGETHER):
        chosen = slice(start, start + _TOGETHER)
        result[chosen] = (standard[left[chosen]] * standard[right[chosen]]).mean(axis=1)
    return result


def _standard(small: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the values of each picture with mean 0 and variance 1, shape (N, S · S)."""
    values = small.reshape(len(small), -1).astype(np.float32)
    values -= values.mean(axis=1, keepdims=True)
    values /= values.std(axis=1, keepdims=True)
    return values


def _joined(left: list[int], right: list[int]) -> list[list[int]]:
    """Return the groups that pairs make: whatever is connected, also over others."""
    leader: dict[int, int] = {}

    def leader_of(member: int) -> int:
        while leader.setdefault(member, member) != member:
            leader[member] = leader[leader[member]]
            member = leader[member]
        return member

    for one, other in zip(left, right, strict=True):
        low, high = sorted((leader_of(one), leader_of(other)))
        leader[high] = low
    groups: dict[int, list[int]] = {}
    for member in sorted(leader):
        groups.setdefault(leader_of(member), []).append(member)
    return list(groups.values())
