"""Mix pictures and their labels in pairs (Zhang et al., *mixup*, ICLR 2018).

Picture i becomes ``λ x_i + (1 − λ) x_j`` and its target ``λ y_i + (1 − λ) y_j``, with j any picture
of the data set, i itself included, and λ from Beta(α, α). Of data that do not fit into memory, j is
any of those that are there together with i.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import checks
from pellucid.data.augment.draws import PARTNER, WEIGHT, below, draw, uniform
from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_TRIES = 8  # at once; one in 256 pictures needs more, at α = 1


def mixup_partners(
    indices: NDArray[np.integer[Any]],
    count: int,
    *,
    alpha: float,
    seed: int,
    epoch: int,
    windows: Sequence[NDArray[np.int64]] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return with which picture each is mixed, and how much of its own remains.

    Args:
        indices: Positions in the data set, shape (N,).
        count: How many pictures the data set has, at least 1.
        alpha: Of Beta(α, α), more than 0, to 1: near 0, nearly nothing is mixed; 1 is uniform.
        seed: The run's seed, 0..2³² − 1.
        epoch: From 0.
        windows: Which pictures are mixed with each other, as positions in the data set; each
            picture is in one of them. None: any with any.

    Returns:
        The partners' positions in the data set, shape (N,); and the weights λ of the pictures
        themselves, shape (N,), 0..1. Both are a function of (seed, epoch, index, window) alone.

    Raises:
        ArgumentError: A value is outside its range.
    """
    checks.whole("count", count, 1, 2**32)
    checks.number("mixup", alpha, 1e-6, 1.0)
    words = draw([PARTNER], indices, seed, epoch)[PARTNER][0]
    partners = below(words, count)
    for window in windows or ():
        own = np.isin(indices, window)
        partners[own] = window[below(words[own], len(window))]
    return partners, _beta(np.asarray(indices), alpha, seed, epoch)


def mixed(
    images: NDArray[np.uint8], partners: NDArray[np.uint8], weights: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Return ``weights · images + (1 − weights) · partners``, rounded.

    Args:
        images: Shape (N, H, W, C).
        partners: Of the same shape.
        weights: Shape (N,), 0..1.
    """
    values = images.astype(np.float32)
    values -= partners
    values *= weights[:, np.newaxis, np.newaxis, np.newaxis]
    values += partners
    values += np.float32(0.5)
    return values.astype(np.uint8)


def mixed_targets(
    labels: NDArray[Any],
    partners: NDArray[Any],
    weights: NDArray[np.float32],
    classes: int,
) -> NDArray[np.float32]:
    """Return target probabilities, shape (N, K), whose rows add up to 1; or mixed targets.

    Args:
        labels: Shape (N,), 0..K − 1; or other targets, shape (N, K).
        partners: The labels of what they are mixed with, of the same shape.
        weights: Shape (N,), 0..1.
        classes: K.

    Raises:
        ArgumentError: A label is none of the classes.
    """
    checks.whole("classes", classes)
    if labels.ndim == 2:
        share = weights[:, np.newaxis]
        return np.asarray(share * labels + (1 - share) * partners, np.float32)
    for given in (labels, partners):
        if given.size and not 0 <= int(given.min()) <= int(given.max()) < classes:
            raise ArgumentError(
                f"labels reach from {given.min()} to {given.max()}; expected 0 to {classes - 1}"
            )
    targets = np.zeros((len(labels), classes), np.float32)
    row = np.arange(len(labels))
    targets[row, labels] = weights
    targets[row, partners] += 1 - weights
    return targets


def _beta(
    indices: NDArray[np.integer[Any]], alpha: float, seed: int, epoch: int
) -> NDArray[np.float32]:
    """Draw from Beta(α, α) with 0 < α ≤ 1, by Jöhnk's method (1964).

    With U and V uniform, U^(1/α) / (U^(1/α) + V^(1/α)) is so distributed where the sum is at most
    1, which happens at least every second time; otherwise the next block's words are tried.
    """
    weights = np.empty(len(indices), np.float32)
    waiting = np.arange(len(indices))
    first_block = WEIGHT
    while waiting.size:
        blocks = range(first_block, first_block + _TRIES)
        words = draw(blocks, indices[waiting], seed, epoch)
        # in logarithms, because powers of a small α are too small for any float
        own, other = (
            np.log(uniform(np.stack([words[block][k] for block in blocks]))) / alpha for k in (0, 1)
        )
        fits = np.logaddexp(own, other) <= 0.0
        found = np.flatnonzero(fits.any(axis=0))
        earliest = fits.argmax(axis=0)[found]
        difference = (other - own)[earliest, found]
        weights[waiting[found]] = 1.0 / (1.0 + np.exp(np.minimum(difference, 700.0)))
        waiting = np.delete(waiting, found)
        first_block += _TRIES
    return weights
