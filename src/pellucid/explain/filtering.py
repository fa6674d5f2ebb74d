"""A kernel laid over a photograph: the map it makes, and the arithmetic of any pixel."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np

from pellucid.data.convert import is_grey
from pellucid.data.decode import decode, opened, source_name
from pellucid.data.pillow import MAX_PIXELS
from pellucid.errors import ArgumentError
from pellucid.explain.records import numbers, record
from pellucid.files import write_file
from pellucid.record import Record
from pellucid.short_repr import short_repr
from pellucid.text import array_shape, pixel_size

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from numpy.typing import NDArray

    from pellucid.explain.gallery import GalleryKernel
    from pellucid.ops.operation import Array

Border = Literal["edge", "zeros", "reflect"]
_PADS: dict[str, Any] = {"edge": "edge", "zeros": "constant", "reflect": "reflect"}
CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}


@dataclass(frozen=True)
class Product:
    """One product of a filtered pixel.

    Attributes:
        row: Of the pixel that is read, from 0; outside the picture for what the border stands for.
        column: The pixel's column.
        inside: Whether the picture has this pixel.
        value: Its grey level, 0..255.
        weight: The matrix' number above it.
    """

    row: int
    column: int
    inside: bool
    value: int
    weight: float

    @property
    def product(self) -> float:
        """Value × weight."""
        return self.value * self.weight


@short_repr
@dataclass(frozen=True)
class Arithmetic:
    """How one value of a filtered picture comes about.

    Attributes:
        channel: ``grey``, ``red``, ``green`` or ``blue``.
        products: In the matrix' order, row by row.
        divisor: The kernel's.
        value: What the map has there.
        shown: The grey level in the picture, 0..255, rounded and clipped.
    """

    channel: str
    products: tuple[Product, ...]
    divisor: float
    value: float
    shown: int

    @property
    def sum(self) -> float:
        """The sum of all products, before the division."""
        return float(sum(each.product for each in self.products))


@short_repr
@dataclass(frozen=True, eq=False)
class Filtered(Record):
    """A photograph and what a kernel makes of it.

    Attributes:
        original: The picture, uint8 (H, W, C), C being 1 or 3.
        kernel: What was laid over each channel by itself, as convolution layers compute: the matrix
            is not turned round.
        border: What stands for pixels outside: ``edge`` repeats the outermost ones, ``zeros`` is
            what convolution layers do, ``reflect`` mirrors at the outermost pixels.
        values: The map, float64 (H, W, C), neither rounded nor clipped.
    """

    record_kind: ClassVar[str] = "filtered"
    original: NDArray[np.uint8]
    kernel: GalleryKernel
    border: Border
    values: Array

    @property
    def picture(self) -> NDArray[np.uint8]:
        """The map as a picture, uint8 (H, W, C): rounded, and clipped to 0..255."""
        return np.clip(np.rint(self.values), 0, 255).astype(np.uint8)

    @property
    def clipped(self) -> int:
        """How many values are below 0 or above 255, and so not in the picture as they are."""
        rounded = np.rint(self.values)
        return int(((rounded < 0) | (rounded > 255)).sum())

    def at(self, row: int, column: int) -> tuple[Arithmetic, ...]:
        """The arithmetic of a pixel, one for each channel; rows and columns from 0.

        Raises:
            ArgumentError: If the picture has no such pixel.
        """
        height, width, channels = self.original.shape
        if not (0 <= row < height and 0 <= column < width):
            raise ArgumentError(
                f"there is no pixel {row},{column}: the picture has rows 0 to {height - 1} and "
                f"columns 0 to {width - 1}"
            )
        top, left = _reach(self.kernel.matrix)
        window = _padded(self.original, self.kernel.matrix, self.border)
        described = []
        for channel in range(channels):
            products = []
            for (i, j), weight in np.ndenumerate(self.kernel.matrix):
                r, c = row + i - top, column + j - left
                inside = 0 <= r < height and 0 <= c < width
                level = int(window[row + i, column + j, channel])
                products.append(Product(r, c, inside, level, float(weight)))
            value = float(self.values[row, column, channel])
            shown = int(self.picture[row, column, channel])
            name = CHANNELS[channels][channel]
            described.append(Arithmetic(name, tuple(products), self.kernel.divisor, value, shown))
        return tuple(described)

    def to_png(self) -> bytes:
        """The filtered picture as a PNG file, as large as the original."""
        from PIL import Image

        pixels = self.picture
        stream = io.BytesIO()
        Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(stream, "PNG")
        return stream.getvalue()

    def save(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Write :meth:`to_png`, or as :meth:`Record.save` does where it ends in .html or .json."""
        if str(path).lower().endswith((".html", ".json")):
            super().save(path, **options)
        else:
            write_file(path, self.to_png())

    def to_dict(self, *, values: bool = True) -> dict[str, Any]:
        """As JSON values; see ``docs/kernels.md``. Without ``values``, the map is left out."""
        return record(
            "filtered",
            kernel=self.kernel.name,
            matrix=numbers(self.kernel.matrix),
            divisor=self.kernel.divisor,
            border=self.border,
            shape=list(self.values.shape),
            smallest=float(self.values.min()),
            largest=float(self.values.max()),
            clipped=self.clipped,
            **({"values": numbers(self.values)} if values else {}),
        )


def arithmetic_record(every: tuple[Arithmetic, ...]) -> dict[str, Any]:
    """The arithmetic of a pixel as JSON values."""
    return record(
        "filtered pixel",
        channels=[
            {
                "channel": each.channel,
                "products": [
                    {**vars(product), "product": product.product} for product in each.products
                ],
                "sum": each.sum,
                "divisor": each.divisor,
                "value": each.value,
                "shown": each.shown,
            }
            for each in every
        ],
    )


def read_picture(path: Path, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """A picture file in its full size, uint8 (H, W, C), upright, C being 1 (grey) or 3.

    Read by the rules of training: by content, with orientation, 16 bits, palettes and CMYK
    converted; white lies under what is transparent.

    Raises:
        DataError: If it cannot be read, or has more than ``max_pixels`` pixels.
    """
    with opened(path, max_pixels) as image:
        channels = 1 if is_grey(image) else 3
        plain = decode(image, source_name(path), channels=channels, background=255)
        pixels = np.asarray(plain, np.uint8)
        return pixels.reshape(*pixels.shape[:2], channels)


def filter_picture(
    pixels: NDArray[np.uint8], kernel: GalleryKernel, *, border: Border = "edge"
) -> Filtered:
    """Lay a kernel over a picture, each channel by itself; the result is as large as the picture.

    Each value is the sum of matrix × pixels below it, divided by the divisor. A matrix with an even
    number of rows or columns has its middle above and left of the centre.

    Args:
        pixels: uint8 (H, W) or (H, W, C), C being 1 or 3.
        kernel: Of :data:`pellucid.explain.gallery.GALLERY`, or one's own.
        border: What stands for pixels outside the picture.

    Raises:
        ArgumentError: If the pixels are none, there is no such border, or the picture is smaller
            than the border that is to be reflected.
    """
    pixels = np.asarray(pixels)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in CHANNELS:
        raise ArgumentError(
            f"pixels must be uint8 (height, width) or (height, width, 1 or 3), got {pixels.dtype} "
            f"{pixels.shape}"
        )
    if border not in get_args(Border):
        raise ArgumentError(f"border must be {', '.join(get_args(Border))}, got {border!r:.40}")
    height, width, _ = pixels.shape
    padded = _padded(pixels, kernel.matrix, border)
    values = np.zeros(pixels.shape)
    for (i, j), weight in np.ndenumerate(kernel.matrix):
        if weight:
            values += weight * padded[i : i + height, j : j + width]
    return Filtered(pixels, kernel, border, values / kernel.divisor)


def _reach(matrix: Array) -> tuple[int, int]:
    """How many rows above and columns left of a pixel its window begins."""
    return (matrix.shape[0] - 1) // 2, (matrix.shape[1] - 1) // 2


def _padded(pixels: NDArray[np.uint8], matrix: Array, border: Border) -> NDArray[np.uint8]:
    top, left = _reach(matrix)
    below, right = matrix.shape[0] - 1 - top, matrix.shape[1] - 1 - left
    if border == "reflect" and (below >= pixels.shape[0] or right >= pixels.shape[1]):
        raise ArgumentError(
            f"a picture of {pixel_size(*pixels.shape[:2])} is too small to be reflected "
            f"for a matrix {array_shape(matrix.shape)}; take border edge or zeros"
        )
    around = ((top, below), (left, right), (0, 0))
    return np.pad(pixels, around, mode=_PADS[border])
