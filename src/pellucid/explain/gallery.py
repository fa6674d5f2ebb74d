"""The lecture's gallery of kernels for photographs, and matrices of one's own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.known_names import find_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.ops.operation import Array

LARGEST = 31
"""Rows and columns of a matrix at most."""


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


def parse_matrix(text: str) -> Array:
    """Rows divided by semicolons or line ends, numbers by spaces or commas: ``"0 -1 0; -1 5 -1"``.

    Raises:
        ArgumentError: If it is not a rectangle of at most 31×31 finite numbers.
    """
    lines = [row.replace(",", " ").split() for row in text.replace("\n", ";").split(";")]
    rows = [row for row in lines if row]
    wanted = "expected rows of numbers such as '0 -1 0; -1 5 -1; 0 -1 0'"
    try:
        numbers = [[float(number) for number in row] for row in rows]
    except ValueError as error:
        raise ArgumentError(f"matrix {text!r:.80} is not made of numbers; {wanted}") from error
    if not numbers or len({len(row) for row in numbers}) != 1:
        lengths = ", ".join(str(len(row)) for row in numbers) or "none"
        raise ArgumentError(f"the matrix' rows have different lengths ({lengths}); {wanted}")
    if max(len(numbers), len(numbers[0])) > LARGEST:
        raise ArgumentError(
            f"the matrix has {len(numbers)}×{len(numbers[0])} numbers, at most "
            f"{LARGEST}×{LARGEST} are taken"
        )
    if not all(math.isfinite(number) for row in numbers for number in row):
        raise ArgumentError(f"matrix {text!r:.80} has numbers that are not finite; {wanted}")
    return np.array(numbers)


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
    """A kernel of one's own.

    Args:
        matrix: Its text, see :func:`parse_matrix`, or (height, width) finite numbers.
        divisor: What the sum of products is divided by.

    Raises:
        ArgumentError: If the matrix is none, or the divisor is 0 or not finite.
    """
    if not isinstance(matrix, str):
        matrix = ";".join(" ".join(repr(float(number)) for number in row) for row in matrix)
    if divisor == 0 or not math.isfinite(divisor):
        raise ArgumentError(f"the divisor must be a number other than 0, got {divisor!r}")
    return GalleryKernel("custom", parse_matrix(matrix), float(divisor))
