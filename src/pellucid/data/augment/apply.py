"""Apply an augmentation to pictures of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.augment.affine import placed
from pellucid.data.augment.colour import recoloured
from pellucid.data.augment.cutout import cover
from pellucid.data.augment.draws import (
    COLOUR,
    FREQUENCY,
    PLACE,
    SHAPE,
    TIME,
    below,
    checked_indices,
    draw,
    spread,
)
from pellucid.data.augment.masks import mask
from pellucid.data.augment.mixup import mixed, mixed_targets, mixup_partners
from pellucid.data.augment.places import blocks_of, mirrored_by, placement_of, rounded
from pellucid.data.augment.shift import flip_and_shift
from pellucid.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.counter_random import Words
    from pellucid.data.augment.settings import Augmentation


def augmented(
    images: NDArray[np.uint8],
    indices: NDArray[np.integer[Any]],
    augmentation: Augmentation,
    *,
    seed: int,
    epoch: int,
) -> NDArray[np.uint8]:
    """Return changed copies of pictures, by everything but mixup.

    What happens to a picture is a function of (seed, epoch, its index) alone: neither of the batch,
    nor of the order, nor of the number of threads.

    Args:
        images: The batch, shape (N, H, W, C) with C 1 or 3, uint8; it is not changed.
        indices: The pictures' positions in the data set, shape (N,), 0..2³² − 1.
        augmentation: What is done.
        seed: The run's seed, 0..2³² − 1.
        epoch: From 0.

    Returns:
        A new array of the same shape and type.

    Raises:
        ShapeError: The pictures are no such array, or not as many as the indices.
        ArgumentError: An index, the seed or the epoch is outside its range.
    """
    _check_images(images, len(indices))
    if not augmentation.changes_pixels or not len(images):
        return images.copy()
    words = draw(blocks_of(augmentation), indices, seed, epoch)
    changed = _moved(images, augmentation, words) if augmentation.moves else images.copy()
    if augmentation.recolours:
        amounts = augmentation.brightness, augmentation.contrast, augmentation.saturation
        brightness, contrast, saturation = (
            1.0 + spread(word, amount)
            for word, amount in zip(words[COLOUR][:3], amounts, strict=True)
        )
        changed = recoloured(changed, brightness, contrast, saturation)
    if augmentation.cutout:
        _, height, width, _ = changed.shape
        side = max(1, rounded(augmentation.cutout * min(height, width)))
        rows, columns = below(words[SHAPE][2], height), below(words[SHAPE][3], width)
        cover(changed, side, rows, columns, augmentation.border)
    for block, axis, share in (
        (FREQUENCY, 1, augmentation.frequency_mask),
        (TIME, 2, augmentation.time_mask),
    ):
        if share:
            mask(changed, words[block], max(1, rounded(share * changed.shape[axis])), axis)
    return changed


def flipped(
    indices: NDArray[np.integer[Any]], augmentation: Augmentation, *, seed: int, epoch: int
) -> NDArray[np.bool_]:
    """Return which pictures :func:`augmented` mirrors, shape (N,).

    Args:
        indices: The pictures' positions in the data set, shape (N,), 0..2³² − 1.
        augmentation: What is done.
        seed: The run's seed, 0..2³² − 1.
        epoch: From 0.

    Raises:
        ArgumentError: An index, the seed or the epoch is outside its range.
    """
    if not augmentation.horizontal_flip:
        return np.zeros(len(indices), np.bool_)
    return mirrored_by(draw([PLACE], indices, seed, epoch)[PLACE][0])


def augmented_batch(
    images: NDArray[np.uint8],
    labels: NDArray[Any],
    indices: NDArray[np.integer[Any]],
    augmentation: Augmentation,
    *,
    classes: int,
    seed: int,
    epoch: int,
    mirrored: NDArray[Any] | None = None,
    windows: Sequence[NDArray[np.int64]] | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return a batch of changed pictures with what is wanted of them; mixup included.

    With mixup, both pictures of a pair are changed as :func:`augmented` changes them, and then
    mixed.

    Args:
        images: All pictures of the data set, shape (M, H, W, C), uint8; they are not changed.
        labels: Of all, shape (M,), 0..K − 1; or other targets, shape (M, K), which are mixed, too.
        indices: The batch: positions 0..M − 1, shape (N,).
        augmentation: What is done.
        classes: K.
        seed: The run's seed, 0..2³² − 1.
        epoch: From 0.
        mirrored: What is wanted of each picture where it is mirrored, of the shape of ``labels``;
            None: the same.
        windows: As :func:`mixup_partners` takes them; None: any picture is mixed with any.

    Returns:
        Pictures, shape (N, H, W, C), uint8; and targets, shape (N, K), float32: of labels, each
        row a distribution.

    Raises:
        ShapeError: The pictures are no such array.
        ArgumentError: An index, a label, the seed or the epoch is outside its range.
    """
    _check_images(images, len(labels))
    checked_indices(indices, len(images))
    batch = augmented(images[indices], indices, augmentation, seed=seed, epoch=epoch)

    def wanted(chosen: NDArray[np.integer[Any]]) -> NDArray[Any]:
        if mirrored is None:
            return np.asarray(labels[chosen])
        flip = flipped(chosen, augmentation, seed=seed, epoch=epoch)
        flip = flip.reshape(-1, *[1] * (labels.ndim - 1))
        return np.asarray(np.where(flip, mirrored[chosen], labels[chosen]))

    own = wanted(indices)
    if not augmentation.mixup:
        return batch, mixed_targets(own, own, np.ones(len(indices), np.float32), classes)
    partners, weights = mixup_partners(
        indices, len(images), alpha=augmentation.mixup, seed=seed, epoch=epoch, windows=windows
    )
    others = augmented(images[partners], partners, augmentation, seed=seed, epoch=epoch)
    targets = mixed_targets(own, wanted(partners), weights, classes)
    return mixed(batch, others, weights), targets


def _moved(
    images: NDArray[np.uint8], augmentation: Augmentation, words: dict[int, tuple[Words, ...]]
) -> NDArray[np.uint8]:
    count, height, width, _ = images.shape
    where = placement_of(augmentation, words, count, height, width)
    if augmentation.resamples:
        return placed(images, where, augmentation.border)
    return flip_and_shift(images, where.flip, where.down, where.right, augmentation.border)


def _check_images(images: NDArray[np.uint8], count: int) -> None:
    if images.ndim != 4 or images.shape[3] not in (1, 3) or images.dtype != np.uint8:
        raise ShapeError(
            f"pictures are {images.dtype} of shape {images.shape}; expected uint8 of shape "
            f"(N, H, W, C) with C 1 (grey) or 3 (red, green, blue)"
        )
    if len(images) != count or 0 in images.shape[1:]:
        raise ShapeError(
            f"pictures of shape {images.shape} for {count} indices; expected one each, "
            "with at least one pixel"
        )
