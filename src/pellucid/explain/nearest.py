"""The gallery's kernel that is nearest to each learned one, and how near chance alone comes.

``sharpen`` and ``edge-detect`` are nearly opposite, with a cosine of −0.997 (5 and −1 beside −4
and 1): what is named after one of them with a negative sign is nearly the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from pellucid.explain.gallery import GALLERY

if TYPE_CHECKING:
    from pellucid.ops.operation import Array

_DRAWS = 2000  # random kernels from which the level of chance is taken


@dataclass(frozen=True)
class Nearest:
    """What a learned kernel is most like.

    Attributes:
        kernel: Its number, from 0.
        name: The gallery's kernel.
        similarity: The cosine of the angle between the two, -1 to 1: 1 for the same up to a
            positive factor, below 0 where the learned one is rather the gallery's with all signs
            turned (which, for ``sharpen`` and ``edge-detect``, is nearly the other of the two).
    """

    kernel: int
    name: str
    similarity: float


def nearest(kernels: Array) -> tuple[Nearest, ...]:
    """For each learned kernel the gallery's with the largest cosine by size, whatever its sign.

    The gallery's matrix is padded with zeros, the same in every channel that is read: as a
    filter of grey pictures sees them. Where the learned kernels have an even number of rows or
    columns, its middle is above and left of theirs. Kernels that are 0 all over are like nothing
    and left out.

    Args:
        kernels: (height, width, channels, number).

    Returns:
        One a kernel; none at all for kernels of fewer than 3×3, in which no gallery kernel fits.
    """
    height, width, channels, number = kernels.shape
    if min(height, width) < 3:
        return ()
    flat = kernels.astype(np.float64).reshape(-1, number)
    lengths = np.sqrt((flat**2).sum(axis=0))
    found = []
    cosines = _gallery(height, width, channels) @ (flat / np.where(lengths > 0, lengths, 1.0))
    for i in np.flatnonzero(lengths):
        best = int(np.abs(cosines[:, i]).argmax())
        found.append(Nearest(int(i), list(GALLERY)[best], float(cosines[best, i])))
    return tuple(found)


@cache
def by_chance(height: int, width: int, channels: int) -> float:
    """How near random kernels come: 19 of 20 have a similarity nearer to 0 than this.

    Of 2 000 kernels drawn from a normal distribution; the same at every call.
    """
    drawn = np.random.default_rng(0).standard_normal((height, width, channels, _DRAWS))
    return float(np.quantile([abs(each.similarity) for each in nearest(drawn)], 0.95))


def _gallery(height: int, width: int, channels: int) -> Array:
    """(gallery, height × width × channels), each of length 1."""
    rows = []
    for kernel in GALLERY.values():
        core = kernel.matrix
        if core.shape == (5, 5):  # as the slides draw them: nothing but zeros around 3×3
            core = core[1:-1, 1:-1]
        top, left = (height - 3) // 2, (width - 3) // 2
        laid = np.zeros((height, width, channels))
        laid[top : top + 3, left : left + 3] = core[:, :, None]
        rows.append(laid.ravel() / np.sqrt((laid**2).sum()))
    return np.array(rows)
