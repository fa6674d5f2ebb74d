"""Folds for cross-validation: stratified, seeded, and pictures that belong together in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALWAYS_LEARNED = -1
"""The fold of pictures that are in none: every fold's network learns from them."""


def make_folds(
    strata: NDArray[np.integer], groups: NDArray[np.integer], folds: int, seed: int
) -> NDArray[np.int64]:
    """Divide pictures into folds, each with the strata in the proportions of the whole.

    Groups are dealt out, the large ones first and equal ones in an order drawn by the seed, each to
    the fold that has fewest of its strata, and of those to the smallest. A group that holds all of
    a stratum is in no fold: that could not be learned where it is held out.

    Args:
        strata: The class of each picture, or what else is to be balanced, (N,); or several labels
            of each, (N, K), whose combinations are balanced.
        groups: Pictures with the same number stay together, (N,).
        folds: How many, at least 2.
        seed: Equal seeds give equal folds.

    Returns:
        The fold of each picture, (N,): 0 to ``folds`` − 1, or :data:`ALWAYS_LEARNED`.
    """
    _, group_of, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    stratum_of = _places(strata, folds)
    held = np.zeros((len(sizes), int(stratum_of.max(initial=0)) + 1), np.int64)
    np.add.at(held, (group_of, stratum_of), 1)
    drawn = np.random.PCG64(seed).random_raw(len(sizes))
    loads = np.zeros((folds, held.shape[1]), np.int64)
    alone = (held > 0).sum(axis=0) < 2
    fold_of = np.full(len(sizes), ALWAYS_LEARNED, np.int64)
    for group in np.lexsort((drawn, -sizes)).tolist():
        if alone[held[group] > 0].any():
            continue
        total = loads.sum(axis=1)
        fold = int(np.lexsort((total, loads @ held[group]))[0])
        fold_of[group] = fold
        loads[fold] += held[group]
    return fold_of[group_of]


def _places(strata: NDArray[np.integer], folds: int) -> NDArray[np.int64]:
    """Strata as numbers from 0, (N,); combinations too rare for every fold join the commonest."""
    if strata.ndim == 1:
        return np.asarray(np.unique(strata, return_inverse=True)[1].reshape(-1), np.int64)
    _, places, counts = np.unique(strata, axis=0, return_inverse=True, return_counts=True)
    places = np.asarray(places.reshape(-1), np.int64)
    places[counts[places] < folds] = counts.argmax()
    return places
