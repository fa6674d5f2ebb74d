"""The lecture's gallery of kernels for photographs, and your own matrices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.explain.matrix_text import LARGEST_NUMBER, check_matrix, parse_matrix
from pellucid.known_names import find_name
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.ops.operation import Array


@short_repr
@dataclass(frozen=True, eq=False)
class GalleryKernel:
    """A kernel that is laid over a picture, each channel by itself.

    Attributes:
        name: What it is called.
        matrix: (height, width), float64, as it is written down.
        divisor: What the sum of products is divided by; not 0.
    """

    name: str
    matrix: Array
    divisor: float = 1.0

    @property
    def weights(self) -> Array:
        """(height, width): the matrix divided by the divisor."""
        return self.matrix / self.divisor


GALLERY: dict[str, GalleryKernel] = {
    kernel.name: kernel
    for kernel in (
        GalleryKernel(
            "sharpen", parse_matrix("0 0 0 0 0; 0 0 -1 0 0; 0 -1 5 -1 0; 0 0 -1 0 0; 0 0 0 0 0")
        ),
        GalleryKernel(
            "blur", parse_matrix("0 0 0 0 0; 0 1 1 1 0; 0 1 1 1 0; 0 1 1 1 0; 0 0 0 0 0"), 9.0
        ),
        GalleryKernel("edge-enhance", parse_matrix("0 0 0; -1 1 0; 0 0 0")),
        GalleryKernel("edge-detect", parse_matrix("0 1 0; 1 -4 1; 0 1 0")),
        GalleryKernel("emboss", parse_matrix("-2 -1 0; -1 1 1; 0 1 2")),
        GalleryKernel("sobel-x", parse_matrix("1 0 -1; 2 0 -2; 1 0 -1")),
        GalleryKernel("sobel-y", parse_matrix("1 2 1; 0 0 0; -1 -2 -1")),
    )
}
"""As the slides give them; ``sobel-x`` finds vertical edges, ``sobel-y``, turned round, horizontal
ones."""


def gallery_kernel(name: str) -> GalleryKernel:
    """The gallery's kernel of that name.

    Raises:
        ArgumentError: If there is none; the message names the nearest.
    """
    return GALLERY[find_name("kernel", name, GALLERY)]


def own_kernel(
    matrix: str | Array | Sequence[Sequence[float]], divisor: float = 1.0
) -> GalleryKernel:
    """Your own kernel.

    Args:
        matrix: Its text, see :func:`~pellucid.explain.matrix_text.parse_matrix`, or (height, width)
            finite numbers.
        divisor: What the sum of products is divided by.

    Raises:
        ArgumentError: If the matrix is none or its rows are not clear, or the divisor is 0 or not
            finite.
    """
    found = parse_matrix(matrix) if isinstance(matrix, str) else check_matrix(matrix)
    whole = isinstance(divisor, int | float | np.integer | np.floating)
    if not whole or isinstance(divisor, bool) or divisor == 0 or not math.isfinite(divisor):
        raise ArgumentError(f"the divisor must be a number other than 0, got {divisor!r:.40}")
    if np.abs(found).max() / abs(float(divisor)) > LARGEST_NUMBER:
        raise ArgumentError(
            f"the matrix divided by {divisor:g} has numbers above {LARGEST_NUMBER:g}; take a "
            "larger divisor"
        )
    return GalleryKernel("custom", found, float(divisor))
