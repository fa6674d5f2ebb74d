"""The frames of an animated picture (GIF, WebP, PNG), one after another."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.decode import decode, opened, upright_size
from pellucid.data.pillow import DECODING_ERRORS, MAX_PIXELS
from pellucid.errors import DataError
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pellucid.data.reference import DataPicture

DURATION = 100
"""Milliseconds that a frame is shown where its file does not say it."""


BYTES_KEPT = 64 << 20
"""Of frames that are decoded one after another and kept until they are asked for, at most."""

MOST_KEPT = 16


class _Film:
    """An animated picture's file; frames are decoded some at a time, as each needs those before."""

    def __init__(self, path: Path, count: int, size: tuple[int, int], max_pixels: int) -> None:
        self.path, self.count, self.size, self._max_pixels = path, count, size, max_pixels
        self._kept: dict[int, tuple[NDArray[np.uint8], int]] = {}

    def frame(self, number: int) -> tuple[NDArray[np.uint8], int]:
        """The pixels of a frame, and the milliseconds that it is shown."""
        if number not in self._kept:
            ahead = max(1, min(MOST_KEPT, BYTES_KEPT // (3 * self.size[0] * self.size[1])))
            self._kept = dict(self._decoded(range(number, min(number + ahead, self.count))))
        return self._kept[number]

    def _decoded(self, numbers: range) -> Iterator[tuple[int, tuple[NDArray[np.uint8], int]]]:
        with opened(self.path, self._max_pixels) as image:
            for number in numbers:
                name = f"{printable(self.path)}[{number}]"
                try:
                    image.seek(number)
                    found = decode(image, name, channels=3, background=255)
                except DataError:
                    if number == numbers[0]:
                        raise
                    return  # said once it is asked for
                except (EOFError, *DECODING_ERRORS) as error:
                    if number == numbers[0]:
                        raise DataError(
                            f"{name}: cannot be read ({printable(str(error))})"
                        ) from error
                    return
                shown = image.info.get("duration")  # known once it is decoded
                yield number, (np.asarray(found), int(shown) if shown else DURATION)


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame of an animated picture.

    Attributes:
        film: The picture's file.
        number: Which frame, from 0.
    """

    film: _Film
    number: int

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        """The picture's file."""
        return self.film.path

    @property
    def name(self) -> str:
        """``film.gif[3]``, as pictures of data sets are called."""
        return f"{self.path}[{self.number}]"

    @property
    def picture(self) -> NDArray[np.uint8]:
        """Its pixels, in colour, uint8 (H, W, 3).

        Raises:
            DataError: The file is gone or damaged.
        """
        return self.film.frame(self.number)[0]

    @property
    def duration(self) -> int:
        """Milliseconds that it is shown.

        Raises:
            DataError: As :attr:`picture` raises it.
        """
        return self.film.frame(self.number)[1]


def frames_of(path: Path, max_pixels: int = MAX_PIXELS) -> list[Frame]:
    """Return the frames of a picture file; none of one that stands still.

    Args:
        path: The file.
        max_pixels: Pictures with more pixels are refused.

    Raises:
        DataError: It is no picture, or too large.
    """
    with opened(path, max_pixels) as image:
        count = int(getattr(image, "n_frames", 1))
        animated = count > 1 and bool(getattr(image, "is_animated", False))
        if not animated or image.format not in ("GIF", "WEBP", "PNG"):  # pages of a TIFF are none
            return []
        size = upright_size(image)
    film = _Film(path, count, size, max_pixels)
    return [Frame(film, number) for number in range(count)]


def in_frames(
    pictures: Sequence[Path | DataPicture], max_pixels: int = MAX_PIXELS
) -> list[Path | DataPicture | Frame]:
    """Pictures in their order, each animated one as its frames.

    Args:
        pictures: Files, and pictures of data sets.
        max_pixels: Pictures with more pixels are refused.
    """
    found: list[Path | DataPicture | Frame] = []
    for picture in pictures:
        frames: list[Frame] = []
        if isinstance(picture, Path):
            with suppress(DataError):  # reading it says what is wrong
                frames = frames_of(picture, max_pixels)
        found += frames or [picture]
    return found
