"""Divide labelled pictures into parts: seeded, stratified, without overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.group_split import group_split
from pellucid.data.label_split import label_split
from pellucid.data.side_cameras import check_own
from pellucid.data.test_fold import TEST, fold_split
from pellucid.errors import ArgumentError, DataError
from pellucid.text import brief_repr, counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.groups import Groups

Share = float | int
"""A fraction of all pictures (float, 0 < f < 1) or a number of pictures (int, ≥ 1)."""


def split(
    dataset: Dataset,
    shares: Sequence[Share],
    *,
    seed: int = 0,
    names: Sequence[str] | None = None,
) -> tuple[Dataset, ...]:
    """Divide a data set into parts.

    Every picture lands in exactly one part, and every part has the classes, or each of several
    labels, in the proportions of the whole, as nearly as whole pictures allow; the first part has
    at least one picture of every class that occurs. Pictures keep their order within a part. Where
    the data have groups, a group stays whole (:mod:`pellucid.data.group_split`), and parts are as
    near to the shares as groups allow.

    Args:
        dataset: What is divided.
        shares: Size of each part: fractions that add up to 1, such as ``(0.8, 0.1, 0.1)``, or
            numbers of pictures that add up to all.
        seed: Equal seeds give equal parts, on every machine and with every version of NumPy.
        names: What the parts are called; by default as the whole.

    Returns:
        The parts, in the order of ``shares``.

    Raises:
        ArgumentError: The shares do not add up, one of them is no fraction and no count, the names
            are fewer or more than the shares, or the seed is no integer ≥ 0.
        DataError: There are too few pictures for what is asked.
    """
    counts = all(isinstance(share, (int, np.integer)) for share in shares)
    whole = len(dataset) if counts else 1
    if len(shares) == 0 or abs(sum(shares) - whole) > 1e-9:
        raise ArgumentError(
            f"shares are {tuple(shares)!r}; expected fractions that add up to 1, or numbers of "
            f"pictures that add up to all {len(dataset)}"
        )
    titles = [dataset.name] * len(shares) if names is None else list(names)
    if len(titles) != len(shares):
        raise ArgumentError(
            f"{counted(len(titles), 'name')} for {counted(len(shares), 'share')}; expected one "
            "for each"
        )
    check_own(dataset.name, dataset.own)
    drawn = {f"share {i}": share for i, share in enumerate(shares[1:], 2)}
    positions = stratified_split(
        dataset.targets.strata, drawn,
        seed=seed, name=dataset.name, groups=dataset.groups,
    )  # fmt: skip
    return tuple(
        dataset.subset(indices, title)
        for indices, title in zip(positions.values(), titles, strict=True)
    )


def stratified_split(
    labels: NDArray[np.int64],
    shares: Mapping[str, Share],
    *,
    rest: str = "train",
    seed: int = 0,
    name: str = "data",
    groups: Groups | None = None,
) -> dict[str, NDArray[np.int64]]:
    """Draw parts from the positions of ``labels``, and leave the rest, as :func:`split` does.

    Args:
        labels: Class of each picture, shape (N,); or 1 where it has a label and 0 elsewhere,
            (N, K), which are drawn as :mod:`pellucid.data.label_split` says.
        shares: Size of each part but the last, by name.
        rest: Name of the part that takes what remains.
        seed: Integer ≥ 0.
        name: What the data are called in messages.
        groups: The group of each picture, which stays in one part; None where each picture is by
            itself.

    Returns:
        The positions of each part in ascending order, shape (n,) each, ``rest`` first.

    Raises:
        ArgumentError: A share is no fraction and no count, or the seed is no integer ≥ 0.
        DataError: There are too few pictures for what is asked.
    """
    if groups is not None:
        sizes = {
            part: number_of_pictures(share, len(labels), part) for part, share in shares.items()
        }
        seed = checked_seed(seed)
        if groups.fold and TEST in shares:
            return fold_split(labels, groups, sizes, rest=rest, seed=seed, name=name)
        return group_split(labels, groups.numbers, sizes, rest=rest, seed=seed, name=name)
    # raw 64-bit words, because NumPy promises to keep them; it does not promise that of shuffle()
    order = np.random.PCG64(checked_seed(seed)).random_raw(len(labels))
    if labels.ndim == 2:
        return _of_labels(labels, shares, rest, np.asarray(order, np.uint64), name)
    _, class_of, class_sizes = np.unique(labels, return_inverse=True, return_counts=True)
    shuffled = np.lexsort((order, class_of))  # class by class, each in a random order
    first = np.concatenate(([0], np.cumsum(class_sizes)))
    pools = [shuffled[first[k] : first[k + 1]] for k in range(len(class_sizes))]

    parts: dict[str, NDArray[np.int64]] = {}
    for part, share in shares.items():
        wanted = number_of_pictures(share, len(labels), part)
        quotas = _quotas([len(pool) for pool in pools], wanted, f"{name}, part {part!r}")
        taken = [pool[:quota] for pool, quota in zip(pools, quotas, strict=True)]
        pools = [pool[quota:] for pool, quota in zip(pools, quotas, strict=True)]
        parts[part] = np.sort(np.concatenate(taken)).astype(np.int64)
    return {rest: np.sort(np.concatenate(pools)).astype(np.int64), **parts}


def _of_labels(
    marks: NDArray[np.int64],
    shares: Mapping[str, Share],
    rest: str,
    chance: NDArray[np.uint64],
    name: str,
) -> dict[str, NDArray[np.int64]]:
    sizes = [number_of_pictures(share, len(marks), part) for part, share in shares.items()]
    left = len(marks) - sum(sizes)
    if left < 1:
        raise DataError(
            f"{name}, {' and '.join(map(repr, shares))}, asks for {counted(sum(sizes), 'picture')} "
            f"of {len(marks)}, and one must stay for training; add pictures or ask for fewer"
        )
    part_of = label_split(marks, [left, *sizes], chance)
    return {part: np.flatnonzero(part_of == k) for k, part in enumerate([rest, *shares])}


def checked_seed(seed: object) -> int:
    """Return the seed if it is an integer ≥ 0; raise ArgumentError otherwise."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ArgumentError(f"seed is {seed!r:.100}; expected an integer ≥ 0")
    return int(seed)


def check_validation(validation: object) -> None:
    """Raise ArgumentError unless it says how much to validate by: a share, a number, 0 or None."""
    if validation is None or (type(validation) in (int, float) and validation == 0):
        return
    number_of_pictures(validation, 1, "validation")


def number_of_pictures(share: object, total: int, part: str) -> int:
    """Return how many of ``total`` pictures a share means: at least one.

    Raises:
        ArgumentError: The share is no fraction (float, 0 < f < 1) and no count (int ≥ 1).
    """
    if isinstance(share, (int, np.integer)) and not isinstance(share, bool) and share >= 1:
        return int(share)
    if isinstance(share, (float, np.floating)) and 0 < share < 1:
        return max(1, int(float(share) * total + 0.5))
    raise ArgumentError(
        f"{part} is {brief_repr(share)}; expected a fraction of the pictures between 0 and 1, such "
        "as 0.1, or a whole number of pictures"
    )


def _quotas(sizes: list[int], wanted: int, name: str) -> list[int]:
    """Return how many pictures of each class make ``wanted``: proportional, whole, one left over.

    Largest remainders, in integers, so that no machine rounds differently; of equal remainders the
    larger class comes first, then the one that comes first by name.
    """
    total = sum(sizes)
    if wanted > total - len(sizes):
        raise DataError(
            f"{name} asks for {counted(wanted, 'picture')} where {total} are left, and one of each "
            f"of the {counted(len(sizes), 'class')} must stay for training; add pictures or ask "
            f"for fewer"
        )
    quotas = [size * wanted // total for size in sizes]
    by_remainder = sorted(
        range(len(sizes)), key=lambda k: (-(sizes[k] * wanted % total), -sizes[k], k)
    )
    missing = wanted - sum(quotas)
    while missing:
        for k in by_remainder:
            if missing and quotas[k] < sizes[k] - 1:
                quotas[k] += 1
                missing -= 1
    return quotas
