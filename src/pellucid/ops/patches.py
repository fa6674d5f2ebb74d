"""Cutting an image into the patches that a window sees, and putting them back (im2col, col2im).

Wu, *Introduction to Convolutional Neural Networks* (2017), section 6: convolution is a matrix
product once every patch is laid out as a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.ops.operation import Array
    from pellucid.ops.window import Window


def pad(x_nhwc: Array, window: Window, fill: float = 0.0) -> Array:
    """Put the window's border (padding and overhang) around every image."""
    rows, columns = (window.along(axis, x_nhwc.shape[1 + axis]) for axis in (0, 1))
    border = (
        (0, 0),
        (rows.before, rows.after + rows.overhang),
        (columns.before, columns.after + columns.overhang),
        (0, 0),
    )
    return np.pad(x_nhwc, border, constant_values=fill)


def offsets(
    window: Window, height: int, width: int
) -> Iterator[tuple[tuple[int, int], tuple[slice, slice]]]:
    """For each place (ky, kx) in the window: the slices of the padded image seen there.

    Taking these slices of an array made by :func:`pad` gives, for that place, one value per window.
    """
    spans = window.along(0, height), window.along(1, width)
    for ky in range(window.size[0]):
        for kx in range(window.size[1]):
            slices = []
            for axis, k in enumerate((ky, kx)):
                first, stride = k * window.dilation[axis], window.stride[axis]
                slices.append(slice(first, first + (spans[axis].output - 1) * stride + 1, stride))
            yield (ky, kx), (slices[0], slices[1])


def cut(x_nhwc: Array, window: Window) -> Array:
    """All patches, zero outside the image: (N, out height, out width, kh, kw, C)."""
    n, height, width, channels = x_nhwc.shape
    padded = pad(x_nhwc, window)
    patches = np.empty((n, *window.output(height, width), *window.size, channels), x_nhwc.dtype)
    for (ky, kx), (rows, columns) in offsets(window, height, width):
        patches[:, :, :, ky, kx] = padded[:, rows, columns]
    return patches


def paste(patches: Array, window: Window, height: int, width: int) -> Array:
    """Add every patch back where it was cut: the transpose of :func:`cut`, (N, H, W, C)."""
    n, channels = patches.shape[0], patches.shape[-1]
    padded = pad(np.zeros((n, height, width, channels), patches.dtype), window)
    for (ky, kx), (rows, columns) in offsets(window, height, width):
        padded[:, rows, columns] += patches[:, :, :, ky, kx]
    return crop(padded, window, height, width)


def crop(padded: Array, window: Window, height: int, width: int) -> Array:
    """Take the border of :func:`pad` off again."""
    top, left = window.along(0, height).before, window.along(1, width).before
    return padded[:, top : top + height, left : left + width]
