r"""Pictures that are nearly the same: copies made smaller, lighter, or stored with more loss.

A perceptual hash proposes, and the small copies decide. The hash has 64 bits: which of the lowest
8 × 8 frequencies of a 16 × 16 copy (its cosine transform) are above their median (Zauner,
*Implementation and benchmarking of perceptual image hash functions*, 2010). Two pictures are
compared if at most :data:`MOST_BITS` bits differ, and are nearly the same if the correlation of
their copies is at least :data:`LEAST_CORRELATION`; brightness and contrast do not matter to it.
Groups are alike pair by pair, and pairs that chance explains (:mod:`pellucid.data.check.chance`)
are withheld: plain pictures are often alike.

Comparing all pairs would take too long. Cut into ``MOST_BITS + 2`` bands, two hashes that differ in
at most MOST_BITS bits agree in two whole bands at least: so only hashes that do are compared. Where
hundreds agree, as of plain pictures, each is compared with those nearest in order only.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.check.chance import MOST_BY_CHANCE, Density

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

MOST_BITS = 6
"""Of 64 bits, those in which hashes of pictures that are nearly the same differ at most."""

LEAST_CORRELATION = 0.95
"""The copies of pictures that are nearly the same correlate at least so much."""

_FLAT = 2.0  # standard deviation in grey levels below which a picture shows nothing to compare
_FREQUENCIES = 8
_LINKS = 8  # pairs of each picture that suffice to link groups
_WINDOW = 128  # hashes of one band that are compared with each: bounds the work on plain pictures
_TOGETHER = 4096
_U = np.uint64


@dataclass(frozen=True)
class NearGroup:
    """Pictures that are nearly the same, every two of them.

    Attributes:
        positions: Which pictures, ascending, at least two.
        correlation: That of the two least alike, :data:`LEAST_CORRELATION`..1.
    """

    positions: tuple[int, ...]
    correlation: float


@dataclass(frozen=True)
class Withheld:
    """Pairs that are as much alike, but as many others would be by chance.

    Attributes:
        pairs: How many.
        pictures: Positions of the pictures in them, ascending.
        closest: The positions of the two most alike; empty if there are none.
        correlation: Theirs.
    """

    pairs: int = 0
    pictures: tuple[int, ...] = ()
    closest: tuple[int, ...] = ()
    correlation: float = 0.0


def near_groups(thumbnails: Sequence[NDArray[Any]]) -> tuple[list[NearGroup], Withheld]:
    """Return groups of pictures that are nearly the same, every two of them.

    Pictures of one plain grey are left out: there is nothing to compare. Pairs that chance explains
    (see :mod:`pellucid.data.check.chance`) are withheld and counted.

    Args:
        thumbnails: Small grey copies, shape (16, 16) each, values 0..255, all of them different
            pictures.

    Returns:
        The groups, by their first picture; no picture is in two. And what was withheld.
    """
    visible = [i for i, small in enumerate(thumbnails) if float(small.std()) >= _FLAT]
    if len(visible) < 2:
        return [], Withheld()
    small = np.stack([thumbnails[i] for i in visible])
    points = _standard(small)
    left, right, correlation = _alike(points, perceptual_hashes(small))
    if not len(left):
        return [], Withheld()
    strongest = _strongest(left, right, correlation)
    groups = _linked(points, left[strongest], right[strongest], correlation[strongest])
    group_of = np.arange(len(points))
    for group in groups:
        group_of[list(group.positions)] = group.positions[0]
    density = Density(points, group_of, np.unique(np.concatenate([left, right])))
    most = MOST_BY_CHANCE / len(points)
    distance = np.sqrt(np.maximum(0, 2 - 2 * correlation))
    by_chance = np.maximum(density.expected(left, distance), density.expected(right, distance))
    telling = by_chance <= most
    kept = np.flatnonzero(telling)
    kept = kept[_strongest(left[kept], right[kept], correlation[kept])]
    groups = _linked(points, left[kept], right[kept], correlation[kept])
    places = np.array(visible)
    return (
        [
            NearGroup(tuple(places[list(group.positions)].tolist()), group.correlation)
            for group in groups
        ],
        _withheld(places, left[~telling], right[~telling], correlation[~telling]),
    )


def _withheld(
    places: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    correlation: NDArray[np.float32],
) -> Withheld:
    if not len(left):
        return Withheld()
    first = int(correlation.argmax())
    return Withheld(
        pairs=len(left),
        pictures=tuple(places[np.unique(np.concatenate([left, right]))].tolist()),
        closest=tuple(sorted((int(places[left[first]]), int(places[right[first]])))),
        correlation=float(correlation[first]),
    )


def _alike(
    points: NDArray[np.float32], hashed: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return the pairs that the hash proposes and the small copies confirm, each pair once."""
    hashes, first, which = np.unique(hashed, return_index=True, return_inverse=True)
    one, other = close_pairs(hashes, MOST_BITS)
    repeated = np.flatnonzero(first[which] != np.arange(len(points)))
    left = np.concatenate([first[one], first[which[repeated]]])
    right = np.concatenate([first[other], repeated])
    correlation = _correlation(points, left, right)
    same = correlation >= LEAST_CORRELATION
    return left[same], right[same], np.minimum(correlation[same], 1)


def _strongest(
    left: NDArray[np.int64], right: NDArray[np.int64], correlation: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Return which pairs are among the :data:`_LINKS` most alike of one of their pictures."""
    picture = np.concatenate([left, right])
    pair = np.tile(np.arange(len(left)), 2)
    order = np.lexsort((-np.tile(correlation, 2), picture))
    first = np.searchsorted(picture[order], picture[order])  # where each picture's pairs begin
    rank = np.arange(len(order)) - first
    return np.unique(pair[order[rank < _LINKS]])


def _linked(
    points: NDArray[np.float32],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    correlation: NDArray[np.float32],
) -> list[NearGroup]:
    """Return the groups that pairs make by complete linkage, by their first picture.

    The most alike are joined first, and two groups only if all their pictures are alike.
    """
    members: dict[int, list[int]] = {}
    group_of: dict[int, int] = {}
    least: dict[int, float] = {}
    order = np.argsort(-correlation, kind="stable")
    for i, j in zip(left[order].tolist(), right[order].tolist(), strict=True):
        a, b = group_of.setdefault(i, i), group_of.setdefault(j, j)
        if a == b:
            continue
        one, other = members.setdefault(a, [i]), members.setdefault(b, [j])
        between = float((points[one] @ points[other].T).min()) / points.shape[1]
        if between < LEAST_CORRELATION:
            continue
        least[a] = min(between, least.get(a, 1.0), least.pop(b, 1.0))
        for member in members.pop(b):
            group_of[member] = a
            one.append(member)
    groups = [
        NearGroup(tuple(sorted(of)), least[leader]) for leader, of in members.items() if len(of) > 1
    ]
    return sorted(groups, key=lambda group: group.positions)


def perceptual_hashes(thumbnails: NDArray[Any]) -> NDArray[np.uint64]:
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
        order = np.lexsort((hashes, kept))
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
    """Yield pairs of positions with equal values: those one apart, two apart, and so on."""
    here = np.arange(len(ascending) - 1)
    for distance in range(1, _WINDOW + 1):
        here = here[: np.searchsorted(here, len(ascending) - distance)]
        here = here[ascending[here] == ascending[here + distance]]
        if not here.size:
            return
        yield here, here + distance


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


def _standard(small: NDArray[Any]) -> NDArray[np.float32]:
    """Return the values of each picture with mean 0 and variance 1, shape (N, S · S)."""
    values = small.reshape(len(small), -1).astype(np.float32)
    values -= values.mean(axis=1, keepdims=True)
    values /= values.std(axis=1, keepdims=True)
    return values
