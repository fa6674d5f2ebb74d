"""What is noted about each picture, so that none has to be looked at twice."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pellucid.data.decode import decode, decode_full, opened, unreadable
from pellucid.data.decoded import bad_file
from pellucid.data.deep import is_deep
from pellucid.data.pillow import DECODING_ERRORS
from pellucid.data.value_range import ValueCounts
from pellucid.errors import DataError
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL import Image

    from pellucid.data.convert import Range
    from pellucid.data.decoded import PictureFile
    from pellucid.data.quarantine import BadFile
    from pellucid.data.value_range import ValueRange

THUMBNAIL_SIDE = 16
"""Height and width of the small grey copies by which pictures are compared."""

_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


class HeardFacts(NamedTuple):
    """What is noted of a recording: its length in seconds, and its loudest level in dB."""

    seconds: float
    level: float


@short_repr
@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """One picture that can be used.

    Attributes:
        name: What it is called.
        class_name: Its class.
        part: Its part: ``train``, ``validation``, ``test`` or ``all``.
        height: Its rows, upright; of a recording 1.
        width: Its columns; of a recording its length in milliseconds.
        pixels: SHA-256 of its decoded pixels, upright, in colour, and in full where they have more
            than 8 bits.
        thumbnail: A small grey copy, shape (16, 16): uint8; or float32 of a picture of more than 8
            bits, not scaled yet.
        file: SHA-256 of its file; None for a picture that is in memory.
        format: Pillow's name of the format that its content has; None for a picture in memory.
        several_frames: Whether it is an animation, or has several pages.
        fractions: Of a picture of more than 8 bits, whether its values have a fraction; else None.
        heard: What is noted of a recording; None of pictures.
    """

    name: str
    class_name: str
    part: str
    height: int
    width: int
    pixels: bytes
    thumbnail: NDArray[Any]
    file: bytes | None = None
    format: str | None = None
    several_frames: bool = False
    fractions: bool | None = None
    heard: HeardFacts | None = None


def fingerprint_file(
    file: PictureFile, max_pixels: int, values: SharedCounts
) -> Fingerprint | BadFile:
    """Decode a picture file and note what it is; or why it cannot be used.

    Args:
        file: The file.
        max_pixels: Pictures with more pixels cannot be used.
        values: Counts the values of pictures of more than 8 bits.
    """
    try:
        with opened(file.path, max_pixels) as image:
            several = _several_frames(image)
            content = image.format
            full = decode_full(image, printable(file.path)) if is_deep(image) else None
            if full is None:
                picture = decode(image, printable(file.path), channels=3, background=255)
            else:
                values.add(full)
                if not _is_eight_bit(full):
                    found = fingerprint_values(full, file.name, file.class_name, file.part)
                    return replace(
                        found, file=file_digest(file.path), format=content, several_frames=several
                    )
                picture = image_of((full // 257).astype(np.uint8)[..., np.newaxis])
        return _look(
            picture, file.name, file.class_name, file.part, file_digest(file.path), content, several
        )
    except DataError as error:
        reason = str(error).removeprefix(f"{printable(file.path)}: ")
        return bad_file(file, reason)


def fingerprint_pixels(
    pixels: NDArray[np.uint8], name: str, class_name: str, part: str
) -> Fingerprint:
    """Note what a picture in memory is.

    Args:
        pixels: Shape (H, W, C) with C 1 or 3.
        name: What it is called.
        class_name: Its class.
        part: Its part.
    """
    return _look(image_of(pixels), name, class_name, part)


def fingerprint_values(values: NDArray[Any], name: str, class_name: str, part: str) -> Fingerprint:
    """Note what a picture of more than 8 bits a value is.

    Args:
        values: Integers or float32, shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4).
        name: What it is called.
        class_name: Its class.
        part: Its part.
    """
    from PIL import Image

    height, width = values.shape[:2]
    spatial = values.reshape(height, width, -1)
    grey = spatial[..., 0] if spatial.shape[2] < 3 else spatial[..., :3] @ _LUMINANCE
    side = THUMBNAIL_SIDE
    small = Image.fromarray(np.ascontiguousarray(grey, np.float32)).resize(
        (side, side), Image.Resampling.BILINEAR, reducing_gap=3.0
    )
    digest = hashlib.sha256(f"{width}×{height}×{spatial.shape[2]} of more than 8 bits ".encode())
    plain = spatial if values.dtype.kind == "f" else spatial.astype("<i8")
    digest.update(np.ascontiguousarray(plain).data)
    return Fingerprint(
        name=name,
        class_name=class_name,
        part=part,
        height=height,
        width=width,
        pixels=digest.digest(),
        thumbnail=np.array(small),
        fractions=values.dtype.kind == "f",
    )


class SharedCounts:
    """Counts of values that several threads add to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = ValueCounts()

    def add(self, values: NDArray[Any]) -> None:
        """Count the values of a picture of more than 8 bits, opacity left out."""
        with self._lock:
            self._counts.add(values if values.ndim == 2 else values[..., :3], pictures=1)

    def range(self) -> ValueRange | None:
        """Return the range of what was counted; see :meth:`ValueCounts.range`."""
        return self._counts.range()


def scaled_thumbnail(picture: Fingerprint, value_range: Range | None) -> Fingerprint:
    """Return a look whose small copy has values 0..255, as the network would see it."""
    if value_range is None or picture.fractions is None:
        return picture
    low, high, _ = value_range
    copy = (np.clip(picture.thumbnail, low, high) - low) * (255 / (high - low))
    return replace(picture, thumbnail=copy.astype(np.float32))


def _is_eight_bit(values: NDArray[Any]) -> bool:
    """Whether values are those of 8 bits, each with its byte repeated."""
    return (
        values.dtype.kind in "iu"
        and values.ndim == 2
        and bool((values % 257 == 0).all())
        and 0 <= int(values.min()) <= int(values.max()) <= 65535
    )


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
) -> Fingerprint:
    from PIL import Image

    side = THUMBNAIL_SIDE
    small = picture.resize((side, side), Image.Resampling.BILINEAR, reducing_gap=3.0)
    digest = hashlib.sha256(f"{picture.width}×{picture.height} ".encode())
    digest.update(picture.tobytes())
    return Fingerprint(
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
    except DECODING_ERRORS:  # decoding reports it
        return False


def file_digest(path: Path) -> bytes:
    """Return the SHA-256 of a file's content.

    Raises:
        DataError: It cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    except OSError as error:
        raise unreadable(path, error) from error
