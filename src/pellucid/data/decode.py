"""Open and decode picture files; say in one line what is wrong with those that cannot be.

The format is told by a file's content, never by its name, and must be PNG or JPEG. How what it
holds is converted stands in :mod:`pellucid.data.convert`.
"""

from __future__ import annotations

import io
import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from pellucid.data.convert import converted, is_grey, orientation
from pellucid.data.names import shown
from pellucid.data.pillow import DECODING_ERRORS, quiet
from pellucid.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL import Image

FORMATS = ("PNG", "JPEG")
"""Formats that are read, by Pillow's names."""

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".jfif"})
"""Endings, in lower case, by which pictures are found in a folder."""

_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")

# how files begin that are often met where a picture should be
_FOREIGN = (
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\3\4", "a ZIP archive"),
    (b"<", "a text with markup, such as a web page"),
)


def decode(image: Image.Image, name: str, *, channels: int, background: int) -> Image.Image:
    """Decode an opened picture and convert it to 8-bit grey or colour.

    Args:
        image: The picture; it is not changed.
        name: What it is called in messages.
        channels: 1 (grey) or 3 (red, green, blue) wanted.
        background: Grey level 0..255 under transparent pixels.

    Returns:
        The upright picture in Pillow's mode ``L`` or ``RGB``.

    Raises:
        DataError: It is damaged or cut short.
    """
    try:
        image.load()
        return converted(image, channels, background)
    except DECODING_ERRORS as error:
        raise _damaged(name, error) from error


def header(path: Path) -> tuple[int, int, bool]:
    """Return height, width (both upright) and whether a picture file is grey, without decoding it.

    Raises:
        DataError: The file cannot be read or is no PNG or JPEG picture.
    """
    with opened(path) as image:
        width, height = image.size
        if orientation(image) >= 5:  # lying on a side
            width, height = height, width
        return height, width, is_grey(image)


@contextmanager
def opened(source: Path | bytes) -> Iterator[Image.Image]:
    """Open a picture, given as a path or as the bytes of a file, and read no more than its header.

    Raises:
        DataError: There is no such file, it cannot be read, it is no PNG or JPEG picture, or it
            has more pixels than Pillow holds to be safe.
    """
    from PIL import Image, UnidentifiedImageError

    name = source_name(source)
    with _binary(source) as stream:
        start = _start(stream, name)
        if not start:
            raise DataError(f"{name}: empty, 0 bytes; expected a PNG or JPEG picture")
        try:
            with quiet():
                image = Image.open(stream, formats=FORMATS)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise DataError(
                f"{name}: too many pixels to be opened safely, at most {Image.MAX_IMAGE_PIXELS} "
                f"are; make the picture smaller"
            ) from error
        except UnidentifiedImageError as error:
            if start.startswith(_SIGNATURES):
                raise _damaged(name, ValueError("its header is incomplete")) from error
            raise DataError(
                f"{name}: {_described(start)}; expected a PNG or JPEG picture (whatever its name "
                f"ends with); convert, replace or remove it"
            ) from error
        except DECODING_ERRORS as error:
            raise _damaged(name, error) from error
        with image:
            yield image


def source_name(source: Path | bytes) -> str:
    """Return what a source of pixels is called in messages."""
    return f"picture of {len(source)} bytes" if isinstance(source, bytes) else shown(source)


@contextmanager
def _binary(source: Path | bytes) -> Iterator[IO[bytes]]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    try:
        stream = source.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise unreadable(source, error) from error
    with stream:
        yield stream


def unreadable(path: str | os.PathLike[str], error: Exception) -> DataError:
    """Return the DataError for a file that the system does not let us read."""
    if isinstance(error, FileNotFoundError):
        return DataError(f"{shown(path)}: there is no such file; check its name")
    # Windows calls opening a folder a lack of permission; isdir() never raises
    if isinstance(error, IsADirectoryError) or os.path.isdir(path):  # noqa: PTH112
        return DataError(f"{shown(path)}: a folder; expected a file")
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return DataError(f"{shown(path)}: cannot be read ({shown(reason)})")


def _start(stream: IO[bytes], name: str) -> bytes:
    try:
        start = stream.read(16)
        stream.seek(0)
    except OSError as error:
        raise unreadable(name, error) from error
    return start


def _damaged(name: str, error: Exception) -> DataError:
    reason = shown(str(error) or type(error).__name__)
    return DataError(
        f"{name}: the picture is damaged or cut short ({reason}); replace or remove it"
    )


def _described(start: bytes) -> str:
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "a WebP picture"
    if start[4:8] == b"ftyp":
        return "an AVIF or HEIC picture or a film"
    for signature, what in _FOREIGN:
        if start.lstrip().startswith(signature):
            return what
    return f"no picture (it begins with {start[:8]!r})"
