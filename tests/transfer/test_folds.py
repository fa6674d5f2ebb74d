"""Folds: every picture in one, classes alike, copies together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.transfer.folds import ALWAYS_LEARNED, make_folds
from pellucid.transfer.groups import copies

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
