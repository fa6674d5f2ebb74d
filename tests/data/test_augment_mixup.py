"""Mixup: what its pictures and its target probabilities say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats

from pellucid.data.augment import (
    Augmentation,
    augmented,
    augmented_batch,
    mixed,
    mixed_targets,
    mixup_partners,
)
from pellucid.errors import ArgumentError, ShapeError
from tests.data.made_files import noise
from tests.messages import check_line

LABELS = np.array([0, 1, 2, 1, 0, 2, 2, 1])


def batch(
    augmentation: Augmentation, indices: Any, *, classes: int = 3, epoch: int = 1
) -> tuple[Any, Any]:
    return augmented_batch(
        noise(1, 8, 6, 5, 3), LABELS, np.asarray(indices), augmentation,
        classes=classes, seed=4, epoch=epoch,
    )  # fmt: skip


def test_without_mixup_targets_are_certain() -> None:
    flip = Augmentation(horizontal_flip=True)
    images, targets = batch(flip, [5, 0, 3])
    expected = augmented(
        noise(1, 8, 6, 5, 3)[[5, 0, 3]], np.array([5, 0, 3]), flip, seed=4, epoch=1
    )
    np.testing.assert_array_equal(images, expected)
    assert targets.dtype == np.float32
    assert targets.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize("alpha", [0.2, 1.0])
def test_pictures_and_targets_are_mixed_alike(alpha: float) -> None:
    """Both are recomputed from the partners and weights, in float64, from changed pictures."""
    photos = Augmentation(horizontal_flip=True, shift=0.2, mixup=alpha)
    indices = np.array([7, 2, 0, 1, 6])
    images, targets = batch(photos, indices)
    partners, weights = mixup_partners(indices, 8, alpha=alpha, seed=4, epoch=1)
    changed = augmented(noise(1, 8, 6, 5, 3), np.arange(8), photos, seed=4, epoch=1).astype(float)
    for row, (own, other, weight) in enumerate(
        zip(indices, partners, weights.astype(float), strict=True)
    ):
        exact = weight * changed[own] + (1 - weight) * changed[other]
        assert np.abs(images[row] - exact).max() <= 0.5001
        certain = np.eye(3)
        np.testing.assert_allclose(
            targets[row],
            weight * certain[LABELS[own]] + (1 - weight) * certain[LABELS[other]],
            atol=1e-6,
        )
    np.testing.assert_allclose(targets.sum(axis=1), 1.0, atol=1e-6)
    assert images.dtype == np.uint8


def test_a_pair_depends_on_seed_epoch_and_index_alone() -> None:
    mixing = Augmentation(mixup=0.5, rotation=20.0)
    images, targets = batch(mixing, np.arange(8))
    for i in (3, 0, 6):
        alone_images, alone_targets = batch(mixing, [i])
        np.testing.assert_array_equal(alone_images[0], images[i])
        np.testing.assert_array_equal(alone_targets[0], targets[i])
    assert (batch(mixing, np.arange(8), epoch=2)[0] != images).any()


@pytest.mark.parametrize("alpha", [0.05, 0.2, 0.7, 1.0])
def test_weights_are_beta_distributed(alpha: float) -> None:
    _, weights = mixup_partners(np.arange(5000), 10, alpha=alpha, seed=3, epoch=0)
    assert weights.dtype == np.float32
    assert weights.min() >= 0
    assert weights.max() <= 1
    # Only the lower half has precise floats: a small α crowds weights nearer to 1 than 1's
    # neighbour. The bounds are those that one seed in a thousand exceeds.
    distribution = scipy.stats.beta(alpha, alpha)
    low = weights[weights < 0.5].astype(float)
    assert abs(len(low) - 2500) <= 5 * 5000**0.5 / 2
    lower = scipy.stats.kstest(low, lambda x: 2 * distribution.cdf(x))
    assert lower.statistic < 1.95 / len(low) ** 0.5
    if alpha >= 0.7:
        whole = scipy.stats.kstest(weights.astype(float), distribution.cdf)
        assert whole.statistic < 1.95 / 5000**0.5


def test_partners_are_uniform_and_do_not_depend_on_alpha() -> None:
    partners, _ = mixup_partners(np.arange(7000), 7, alpha=0.3, seed=0, epoch=0)
    times = np.bincount(partners, minlength=7)
    assert len(times) == 7
    assert scipy.stats.chisquare(times).pvalue > 1e-4
    again, _ = mixup_partners(np.arange(7000), 7, alpha=1.0, seed=0, epoch=0)
    np.testing.assert_array_equal(partners, again)


def test_the_smallest_alpha_mixes_nothing() -> None:
    _, weights = mixup_partners(np.arange(1000), 10, alpha=1e-6, seed=1, epoch=0)
    assert set(weights.tolist()) == {0.0, 1.0}


def test_mixing_by_hand() -> None:
    own = np.array([[[[0], [10], [255]]]], np.uint8)
    other = np.array([[[[255], [11], [0]]]], np.uint8)
    for weight, values in ((0.0, [255, 11, 0]), (1.0, [0, 10, 255]), (0.25, [191, 11, 64])):
        made = mixed(own, other, np.array([weight], np.float32))
        assert made.ravel().tolist() == values


def test_targets_by_hand() -> None:
    weights = np.array([0.75, 0.75, 0.0], np.float32)
    targets = mixed_targets(np.array([0, 2, 1]), np.array([1, 2, 0]), weights, 3)
    assert targets.tolist() == [[0.75, 0.25, 0], [0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mixup_partners(np.array([0]), 0, alpha=0.2, seed=0, epoch=0), "count"),
        (lambda: mixup_partners(np.array([0]), 5, alpha=0.0, seed=0, epoch=0), "mixup"),
        (lambda: batch(Augmentation(mixup=0.2), [1, 2], classes=2), "labels reach from"),
        (lambda: batch(Augmentation(), [0], classes=0), "classes"),
        (lambda: batch(Augmentation(), [8]), "indices reach from 8 to 8; .* 0 to 7"),
    ],
)
def test_what_cannot_be_mixed(call: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message) as caught:
        call()
    check_line(caught.value, 200)


def test_as_many_labels_as_pictures() -> None:
    with pytest.raises(ShapeError, match="for 2 indices"):
        augmented_batch(
            noise(1, 3, 4, 4, 1), np.array([0, 1]), np.array([0]), Augmentation(),
            classes=2, seed=0, epoch=0,
        )  # fmt: skip
