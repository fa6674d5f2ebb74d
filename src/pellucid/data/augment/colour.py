"""Brightness, contrast and saturation, in one pass and with one rounding.

As in Pillow's ``ImageEnhance``, whose factors these are: brightness b multiplies, contrast c moves
away from the picture's mean grey m, saturation s from the pixel's grey g (ITU-R BT.601). One after
the other, on values v that are not cut off in between:

    b v,    c (b v) + (1 − c) b m,    and with its grey taken along, s and (1 − s):

    v' = b c s v + b c (1 − s) g + b (1 − c) m
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.augment.chunks import chunks
from pellucid.data.augment.means import mean_colours

if TYPE_CHECKING:
    from numpy.typing import NDArray

GREY = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in grey."""

_VALUES_TOGETHER = 32768


def recoloured(
    images: NDArray[np.uint8],
    brightness: NDArray[np.float64],
    contrast: NDArray[np.float64],
    saturation: NDArray[np.float64],
) -> NDArray[np.uint8]:
    """Return pictures with other colours, rounded, and cut off at 0 and 255.

    Args:
        images: Shape (N, H, W, C) with C 1 (grey; then saturation does nothing) or 3.
        brightness: Factor of each picture, shape (N,).
        contrast: Factor of each, shape (N,).
        saturation: Factor of each, shape (N,).
    """
    count, height, width, channels = images.shape
    if channels == 1:
        saturation = np.ones_like(saturation)
    overall = brightness * contrast
    own = (overall * saturation).astype(np.float32)
    grey = (overall * (1.0 - saturation)).astype(np.float32)
    fixed = (brightness * (1.0 - contrast) * _mean_grey(images) + 0.5).astype(np.float32)
    out = np.empty_like(images)
    for chosen in chunks(count, height * width * channels, _VALUES_TOGETHER):
        values = images[chosen].reshape(len(own[chosen]), -1).astype(np.float32)
        greys = _grey(values, channels) if grey[chosen].any() else None
        values *= own[chosen, np.newaxis]
        values += fixed[chosen, np.newaxis]
        if greys is not None:
            greys *= grey[chosen, np.newaxis]
            for channel in range(channels):
                values[:, channel::channels] += greys
        np.maximum(values, 0.0, out=values)
        np.minimum(values, 255.0, out=values)
        out[chosen] = values.astype(np.uint8).reshape(out[chosen].shape)
    return out


def _grey(values: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    """Return the grey of pixels, from their values one after the other; shape (N, H · W)."""
    sums = values[:, 0::channels] * np.float32(GREY[0])
    for channel in range(1, channels):
        sums += values[:, channel::channels] * np.float32(GREY[channel])
    return sums


def _mean_grey(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    shares = GREY if images.shape[3] == 3 else (1.0,)
    mean: NDArray[np.float64] = (mean_colours(images) * shares).sum(axis=1)
    return mean
