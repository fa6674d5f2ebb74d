"""Mirror and move pictures by whole pixels: cut out of a padded copy, then turned back to front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.augment.border import inside

if TYPE_CHECKING:
    from numpy.typing import NDArray


def flip_and_shift(
    images: NDArray[np.uint8],
    flip: NDArray[np.bool_],
    down: NDArray[np.int64],
    right: NDArray[np.int64],
    border: str | int,
) -> NDArray[np.uint8]:
    """Return pictures that are mirrored, left to right, and then moved.

    Args:
        images: Shape (N, H, W, C).
        flip: Which are mirrored, shape (N,).
        down: Pixels by which each moves down, shape (N,); negative: up.
        right: Pixels by which each moves to the right, shape (N,); negative: to the left.
        border: What comes in at the other side, as in ``Augmentation``.
    """
    # all borders are symmetric, so that mirroring last needs only the opposite move before
    before = np.where(flip, -right, right)
    moved = shifted(images, down, before, border) if down.any() or right.any() else images.copy()
    chosen = moved[flip]
    mirrored = np.empty_like(chosen)
    for channel in range(images.shape[3]):  # planes of bytes are turned faster than pixels of three
        mirrored[..., channel] = chosen[:, :, ::-1, channel]
    moved[flip] = mirrored
    return moved


def shifted(
    images: NDArray[np.uint8],
    down: NDArray[np.int64],
    right: NDArray[np.int64],
    border: str | int,
) -> NDArray[np.uint8]:
    """Return pictures that are moved; see :func:`flip_and_shift`."""
    _, height, width, _ = images.shape
    above, beside = int(np.abs(down).max()), int(np.abs(right).max())
    padded = _padded(images, above, beside, border)
    moved = np.empty_like(images)
    corners = zip((above - down).tolist(), (beside - right).tolist(), strict=True)
    for picture, (top, left) in enumerate(corners):
        moved[picture] = padded[picture, top : top + height, left : left + width]
    return moved


def _padded(
    images: NDArray[np.uint8], above: int, beside: int, border: str | int
) -> NDArray[np.uint8]:
    """Return pictures with rows added above and below, and columns to the left and right."""
    count, height, width, channels = images.shape
    level = border if isinstance(border, int) else 0
    shape = count, height + 2 * above, width + 2 * beside, channels
    padded = np.full(shape, level, np.uint8)
    inner = padded[:, above : above + height]
    inner[:, :, beside : beside + width] = images
    if isinstance(border, int):
        return padded
    rows = inside(np.arange(-above, height + above), height - 1, border)
    columns = inside(np.arange(-beside, width + beside), width - 1, border)
    inner[:, :, :beside] = images.take(columns[:beside], axis=2)
    inner[:, :, beside + width :] = images.take(columns[beside + width :], axis=2)
    for row in (*range(above), *range(above + height, height + 2 * above)):
        padded[:, row] = inner[:, rows[row]]
    return padded
