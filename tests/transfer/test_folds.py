"""Folds: every picture in one, classes alike, copies together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.transfer.folds import ALWAYS_LEARNED, make_folds
from pellucid.transfer.groups import connected, copies

if TYPE_CHECKING:
    from numpy.typing import NDArray


def test_proportions_groups_and_seed() -> None:
    labels = np.array([0] * 50 + [1] * 20 + [2] * 3 + [3])
    groups = np.arange(74)
    groups[:7] = 0
    folds = make_folds(labels, groups, 5, seed=3)
    assert len(set(folds[:7].tolist())) == 1
    assert folds[73] == ALWAYS_LEARNED  # the only one of its class
    assert (np.bincount(folds[labels == 0]) == 10).all()
    assert (np.bincount(folds[labels == 1]) == 4).all()
    assert sorted(np.bincount(folds[labels == 2], minlength=5).tolist()) == [0, 0, 1, 1, 1]
    assert np.array_equal(folds, make_folds(labels, groups, 5, seed=3))
    assert not np.array_equal(folds, make_folds(labels, groups, 5, seed=4))


def test_copies_and_near_copies_are_grouped() -> None:
    random = np.random.default_rng(2)
    small = random.integers(0, 255, (60, 8, 8, 3)).astype(np.uint8)
    images: NDArray[np.uint8] = small.repeat(4, axis=1).repeat(4, axis=2)
    images[3] = images[0]
    images[5] = np.minimum(images[1].astype(int) * 0.8 + 9, 255).astype(np.uint8)
    found = copies([images[:20], images[20:]], [image.tobytes() for image in images])
    assert found[3] == found[0]
    assert found[5] == found[1]
    assert len(set(found.tolist())) == 58
    tiny = images[:, :3, :3]
    assert len(set(copies([tiny], [image.tobytes() for image in tiny]).tolist())) >= 2


def test_groups_of_several_classes_are_balanced() -> None:
    random = np.random.default_rng(7)
    groups = np.repeat(np.arange(12), 10)
    labels = random.integers(0, 4, 120)
    folds = make_folds(labels, groups, 4, seed=1)
    assert all(len(set(folds[groups == g].tolist())) == 1 for g in range(12))
    assert np.bincount(folds).tolist() == [30, 30, 30, 30]
    labels[:10] = 4  # one group holds all of a class
    assert set(make_folds(labels, groups, 4, seed=1)[:10].tolist()) == {ALWAYS_LEARNED}


def test_groups_are_connected_through_others() -> None:
    first = np.array([0, 0, 1, 2, 3, 3, 4])
    second = np.array([5, 6, 6, 7, 7, 8, 9])
    found = connected(first, second)
    assert [np.flatnonzero(found == g).tolist() for g in np.unique(found)] == [
        [0, 1, 2], [3, 4, 5], [6],
    ]  # fmt: skip
