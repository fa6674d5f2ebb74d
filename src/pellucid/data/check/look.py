"""What is noted about each picture, so that none has to be looked at twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.decode import decode, opened, unreadable
from pellucid.data.names import shown
from pellucid.data.pillow import DECODING_ERRORS
from pellucid.data.quarantine import BadFile
from pellucid.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL import Image

    from pellucid.data.decoded import PictureFile

THUMBNAIL_SIDE = 16
"""Height and width of the small grey copies by which pictures are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture that can be used.

    Attributes:
        name: What it is called.
        class_name: Its class.
        part: Its part: ``train``, ``validation``, ``test`` or ``all``.
        height: Its rows, upright.
        width: Its columns.
        pixels: SHA-256 of its decoded pixels, upright and in colour.
        thumbnail: A small grey copy, shape (16, 16), uint8.
        file: SHA-256 of its file; None for a picture that is in memory.
        format: Pillow's name of the format that its content has; likewise.
        several_frames: Whether it is an animation, or has several pages.
    """

    name: str
    class_name: str
    part: str
    height: int
    width: int
    pixels: bytes
    thumbnail: NDArray[np.uint8]
    file: bytes | None = None
    format: str | None = None
    several_frames: bool = False


def look_at_file(file: PictureFile, max_pixels: int) -> Look | BadFile:
    """Decode a picture file and note what it is; or why it cannot be used."""
    try:
        with opened(file.path, max_pixels) as image:
            several = _several_frames(image)
            picture = decode(image, shown(file.path), channels=3, background=255)
            content = image.format
        return _look(
            picture, file.name, file.class_name, file.part, _digest(file.path), content, several
        )
    except DataError as error:
        reason = str(error).removeprefix(f"{shown(file.path)}: ")
        return BadFile(file.name, reason, file.class_name, file.part)


def look_at_pixels(pixels: NDArray[np.uint8], name: str, class_name: str, part: str) -> Look:
    """Note what a picture in memory is.

    Args:
        pixels: Shape (H, W, C) with C 1 or 3.
        name: What it is called.
        class_name: Its class.
        part: Its part.
    """
    return _look(image_of(pixels), name, class_name, part)


def image_of(pixels: NDArray[np.uint8]) -> Image.Image:
    """Return pixels, shape (H, W, C) with C 1 or 3, as a Pillow image in colour."""
    from PIL import Image

    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).convert("RGB")


def _look(
    picture: Image.Image,
    name: str,
    class_name: str,
    part: str,
    file: bytes | None = None,
    content: str | None = None,
    several: bool = False,
) -> Look:
    from PIL import Image

    side = THUMBNAIL_SIDE
    small = picture.resize((side, side), Image.Resampling.BILINEAR, reducing_gap=3.0)
    digest = hashlib.sha256(f"{picture.width}×{picture.height} ".encode())
    digest.update(picture.tobytes())
    return Look(
        name=name,
        class_name=class_name,
        part=part,
        height=picture.height,
        width=picture.width,
        pixels=digest.digest(),
        thumbnail=np.array(small.convert("L")),
        file=file,
        format=content,
        several_frames=several,
    )


def _several_frames(image: Image.Image) -> bool:
    if image.format == "MPO":  # a photo, with another for depth or brightness behind it
        return False
    try:
        return bool(getattr(image, "is_animated", False))
    except DECODING_ERRORS:  # decoding will tell
        return False


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    except OSError as error:
        raise unreadable(path, error) from error
