"""Draw parts of whole groups, near the sizes that were asked for, with every class in proportion.

Groups are met in an order drawn by the seed, and one is taken where that brings a part nearer to
what it should hold: Σₖ |held − wanted| over the number of pictures and over those of each class or
label. Of several such orders the nearest counts, since a large group that comes first can spoil
one. A group never leaves the rest without a class that occurs, nor without any group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import DataError
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_MOST_ORDERS = 20
_GROUPS_MET = 2000  # in all orders together, so that many groups cost no more time than few


def group_split(
    strata: NDArray[np.int64],
    groups: NDArray[np.int64],
    sizes: Mapping[str, int],
    *,
    rest: str,
    seed: int,
    name: str,
) -> dict[str, NDArray[np.int64]]:
    """Draw parts of whole groups, and leave the rest.

    Args:
        strata: The class of each picture, (N,); or 1 where it has a label, 0 elsewhere, (N, K).
        groups: The group of each picture, (N,), from 0.
        sizes: How many pictures each part should have, by name.
        rest: Name of the part that takes what remains.
        seed: Equal seeds draw equal groups, on every machine.
        name: What the data are called in messages.

    Returns:
        The positions of each part in ascending order, ``rest`` first.

    Raises:
        DataError: There is no group that a part could take.
    """
    amounts = _amounts(strata, groups)
    whole = amounts.sum(axis=0)
    # labels may be missing in the rest, as where pictures are drawn one by one; classes may not
    needed = whole > 0 if strata.ndim == 1 else np.arange(len(whole)) == 0
    left = np.ones(len(amounts), bool)
    random = np.random.PCG64(seed)
    parts: dict[str, NDArray[np.int64]] = {}
    for part, size in sizes.items():
        # in units of one picture in N, so that all is counted in whole numbers
        wanted = whole * size
        best: tuple[int, list[int]] | None = None
        for _ in range(max(1, min(_MOST_ORDERS, _GROUPS_MET // len(amounts)))):
            order = np.argsort(random.random_raw(len(amounts)), kind="stable")
            order = order[left[order]]
            taken, missed = _taken(amounts, order, wanted, whole[0], needed)
            if taken and (best is None or missed < best[0]):
                best = missed, taken
        if best is None:
            raise _impossible(name, part, amounts, strata)
        left[best[1]] = False
        parts[part] = np.flatnonzero(np.isin(groups, best[1]))
    return {rest: np.flatnonzero(left[groups]), **parts}


def _amounts(strata: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pictures of each group, in all and by class or label: (groups, 1 + K)."""
    if strata.ndim == 1:
        _, places = np.unique(strata, return_inverse=True)
        marks = np.equal(places[:, np.newaxis], np.arange(int(places.max(initial=0)) + 1))
    else:
        marks = strata.astype(bool)
    marks = np.column_stack([np.ones(len(groups), bool), marks])
    amounts = np.zeros((int(groups.max()) + 1, marks.shape[1]), np.int64)
    np.add.at(amounts, groups, marks)
    return amounts


def _taken(
    amounts: NDArray[np.int64],
    order: NDArray[np.int64],
    wanted: NDArray[np.int64],
    count: int,
    needed: NDArray[np.bool_],
) -> tuple[list[int], int]:
    """The groups that a part takes when they are met in an order, and by how much it misses."""
    held = np.zeros(len(wanted), np.int64)
    remaining = amounts[order].sum(axis=0)
    missed = int(wanted.sum())
    taken: list[int] = []
    nearest: tuple[int, int] | None = None  # where even one group is more than is wanted
    for group in order.tolist():
        if (remaining - amounts[group] < 1)[needed].any():
            continue
        now = int(np.abs((held + amounts[group]) * count - wanted).sum())
        if now < missed:
            missed = now
            held += amounts[group]
            remaining -= amounts[group]
            taken.append(group)
        elif not taken and (nearest is None or now < nearest[0]):
            nearest = now, group
    if not taken and nearest is not None:
        return [nearest[1]], nearest[0]
    return taken, missed


def _impossible(
    name: str, part: str, amounts: NDArray[np.int64], strata: NDArray[np.int64]
) -> DataError:
    groups = counted(len(amounts), "group")
    alone = int(((amounts[:, 1:] > 0).sum(axis=0) == 1).sum()) if strata.ndim == 1 else 0
    if alone == amounts.shape[1] - 1 and len(amounts) > 1 and alone > 1:
        why = "every class is in one group alone, which must stay for training"
    elif alone:
        why = f"{counted(alone, 'class')} of one group alone, and no other is left"
    else:
        why = "at least one must stay for training"
    return DataError(
        f"{name}: none of its {groups} can be drawn for the {part} part: {why}; give more groups, "
        "divide the data yourself, or leave the groups out"
    )
