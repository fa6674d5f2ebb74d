r"""Turn and scale pictures about their middle: bilinear interpolation, many pictures at once.

With p and q the positions of an output and an input pixel from the middle of the picture,
``((W − 1)/2, (H − 1)/2)``, R(θ) the turn by θ against the clock, s the scale, F the mirror and d
the shift,

    p = s R(θ) F q + d        and so        q = F R(−θ) (p − d) / s,

and an output pixel is what lies at q: between four pixels, the mean of the four weighted by how
near they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.augment.border import inside
from pellucid.data.augment.chunks import chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PIXELS_TOGETHER = 16384


@dataclass(frozen=True)
class Placement:
    """Where each picture goes; every array has shape (N,).

    Attributes:
        flip: Whether it is mirrored, left to right.
        angle: Its turn against the clock, in radians.
        scale: By how much it grows.
        down: Pixels by which it moves down.
        right: Pixels by which it moves to the right.
    """

    flip: NDArray[np.bool_]
    angle: NDArray[np.float64]
    scale: NDArray[np.float64]
    down: NDArray[np.int64]
    right: NDArray[np.int64]

    def part(self, chosen: slice) -> Placement:
        """Return the placement of some of the pictures."""
        return Placement(
            self.flip[chosen],
            self.angle[chosen],
            self.scale[chosen],
            self.down[chosen],
            self.right[chosen],
        )


def placed(images: NDArray[np.uint8], placement: Placement, border: str | int) -> NDArray[np.uint8]:
    """Return pictures, shape (N, H, W, C), mirrored, turned, scaled and moved.

    Args:
        images: Shape (N, H, W, C).
        placement: Where each goes.
        border: What comes in from outside, as in ``Augmentation``.
    """
    count, height, width, _ = images.shape
    out = np.empty_like(images)
    for chosen in chunks(count, height * width, _PIXELS_TOGETHER):
        y, x = _sources(placement.part(chosen), height, width)
        _interpolate(images[chosen], y, x, border, out[chosen])
    return out


def _sources(
    placement: Placement, height: int, width: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the row and the column that each output pixel is read from, shape (n, H, W) each."""
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    y = np.arange(height) - middle_y - placement.down[:, np.newaxis]
    x = np.arange(width) - middle_x - placement.right[:, np.newaxis]
    cosine = (np.cos(placement.angle) / placement.scale)[:, np.newaxis]
    sine = (np.sin(placement.angle) / placement.scale)[:, np.newaxis]
    mirror = np.where(placement.flip, -1.0, 1.0)[:, np.newaxis]
    return (
        _sums(cosine * y + middle_y, sine * x),
        _sums(-mirror * sine * y + middle_x, mirror * cosine * x),
    )


def _sums(by_row: NDArray[np.float64], by_column: NDArray[np.float64]) -> NDArray[np.float32]:
    return (
        by_row.astype(np.float32)[:, :, np.newaxis] + by_column.astype(np.float32)[:, np.newaxis, :]
    )


def _interpolate(
    images: NDArray[np.uint8],
    y: NDArray[np.float32],
    x: NDArray[np.float32],
    border: str | int,
    out: NDArray[np.uint8],
) -> None:
    _, height, width, channels = images.shape
    level = border if isinstance(border, int) else None
    padded = _padded(images, 0 if level is None else level)
    _, rows, columns, _ = padded.shape
    for positions, side in ((y, height), (x, width)):
        if level is None:
            inside(positions, side - 1, border)
        else:
            np.clip(positions, -1, side, out=positions)
        positions += 1.0  # as the padding has moved the picture
    top, left = y.astype(np.int32), x.astype(np.int32)
    y -= top
    x -= left
    first_of = np.arange(0, padded.size, rows * columns * channels)[:, np.newaxis, np.newaxis]
    corner = first_of + (top * columns + left) * channels
    values = padded.ravel()
    for channel in range(channels):
        plane = values[channel:]
        upper = _between(plane, corner, channels, x)
        lower = _between(plane[columns * channels :], corner, channels, x)
        lower -= upper
        lower *= y
        upper += lower
        upper += 0.5
        out[..., channel] = upper


def _between(
    values: NDArray[np.float32], at: NDArray[np.int64], step: int, share: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return what lies between ``values[at]`` and its neighbour, by the share of the way."""
    left = values.take(at, mode="clip")
    right = values[step:].take(at, mode="clip")
    right -= left
    right *= share
    left += right
    return left


def _padded(images: NDArray[np.uint8], level: int) -> NDArray[np.float32]:
    """Return pictures with a pixel around them, and another where positions may end."""
    count, height, width, channels = images.shape
    padded = np.full((count, height + 3, width + 3, channels), level, np.float32)
    padded[:, 1:-2, 1:-2] = images
    return padded
