"""Open and decode picture files; say in one line what is wrong with those that cannot be.

The format is recognised by a file's content, never by its name, and must be one of
:data:`pellucid.data.formats.FORMATS`. How what it holds is converted is described in
:mod:`pellucid.data.convert`. A picture with more pixels than a limit is refused from its header,
and one that is cut short is refused as a whole.
"""

from __future__ import annotations

import io
import os
import stat
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from pellucid.data.convert import NoRuleError, converted, full_values, is_grey, orientation
from pellucid.data.deep import is_deep
from pellucid.data.formats import (
    FORMATS,
    READABLE,
    START_BYTES,
    described,
    is_netpbm,
    is_read,
    webp_canvas,
)
from pellucid.data.libtiff import LIBTIFF, UnsupportedError
from pellucid.data.pillow import DECODING_ERRORS, MAX_PIXELS, bounded
from pellucid.data.plain_jpeg import plain_jpeg, small_file
from pellucid.data.unsupported import unsupported
from pellucid.errors import DataError
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL import Image

    from pellucid.data.convert import Range


def decode(
    image: Image.Image,
    name: str,
    *,
    channels: int,
    background: int,
    value_range: Range | None = None,
) -> Image.Image:
    """Decode an opened picture and convert it to 8-bit grey or colour.

    Args:
        image: The picture; it is not changed.
        name: What it is called in messages.
        channels: 1 (grey) or 3 (red, green, blue) wanted.
        background: Grey level 0..255 under transparent pixels.
        value_range: The values of more than 8 bits that become 0 and 255; None where none is known.

    Returns:
        The upright picture in Pillow's mode ``L`` or ``RGB``.

    Raises:
        DataError: It is damaged or cut short, or there is no rule for what it holds.
    """
    with _decoding(image, name):
        return converted(image, channels, background, value_range)


def decode_full(image: Image.Image, name: str) -> NDArray[Any] | None:
    """Decode an opened picture of more than 8 bits a value, without converting it.

    Args:
        image: The picture.
        name: What it is called in messages.

    Returns:
        What :func:`pellucid.data.convert.full_values` does.

    Raises:
        DataError: It is damaged or cut short.
    """
    with _decoding(image, name):
        return full_values(image)


@contextmanager
def _decoding(image: Image.Image, name: str) -> Iterator[None]:
    """Raise DataError for whatever goes wrong in decoding."""
    from PIL.Image import DecompressionBombError

    try:
        # who opened it has decided on its size
        with bounded(max(MAX_PIXELS, image.width * image.height)):
            yield
    except NoRuleError as error:
        raise DataError(f"{name}: {error}") from error
    except UnsupportedError as error:
        raise DataError(f"{name}: {error}") from error
    except (*DECODING_ERRORS, DecompressionBombError) as error:
        raise _damaged(name, error) from error


class Header(NamedTuple):
    """What the header of a picture file says.

    Attributes:
        height: Rows, upright.
        width: Columns, upright.
        grey: Whether the picture can hold nothing but grey.
        deep: Whether it holds more than 8 bits a value.
    """

    height: int
    width: int
    grey: bool
    deep: bool = False


def header(source: Path | bytes, max_pixels: int = MAX_PIXELS) -> Header:
    """Return what the header of a picture file says, without decoding the picture.

    Args:
        source: Where it is, or its bytes.
        max_pixels: Pictures with more pixels than this are refused.

    Raises:
        DataError: As :func:`opened` raises it.
    """
    content = source if isinstance(source, bytes) else small_file(source)
    plain = None if content is None else plain_jpeg(content)
    if plain is not None and plain[0] * plain[1] <= max_pixels:
        return Header(plain[1], plain[0], plain[2] == "L")
    with opened(source, max_pixels) as image:
        width, height = upright_size(image)
        return Header(height, width, is_grey(image), is_deep(image))


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Return the width and height that a picture has once it is turned upright."""
    # versions of Pillow differ in whether the size of a TIFF picture is the upright one
    tags = getattr(image, "tag_v2", {})
    width, height = tags.get(256, image.width), tags.get(257, image.height)
    return (height, width) if orientation(image) >= 5 else (width, height)  # lying on a side


@contextmanager
def opened(source: Path | bytes, max_pixels: int = MAX_PIXELS) -> Iterator[Image.Image]:
    """Open a picture, given as a path or as the bytes of a file, and read no more than its header.

    Args:
        source: Where it is.
        max_pixels: Pictures with more pixels than this are refused.

    Raises:
        DataError: There is no such file, it cannot be read, it is no picture of a format that is
            read, or it has too many pixels.
    """
    name = source_name(source)
    with bounded(max_pixels), binary(source) as stream:
        start = _start(stream, name)
        if not start:
            raise DataError(f"{name}: empty, 0 bytes; expected a {READABLE} picture")
        _check_size(webp_canvas(start), name, max_pixels)
        with _recognised(stream, name, start, max_pixels) as image:
            _check_size(image.size, name, max_pixels)
            yield image


def begins_as_picture(path: Path) -> bool:
    """Return whether a file's first bytes are those of a format that is read.

    It is True where they cannot be read: opening the file then says why.
    """
    try:
        with binary(path) as stream:
            return is_read(_start(stream, source_name(path)))
    except DataError:
        return True


def source_name(source: Path | bytes) -> str:
    """Return what a source of pixels is called in messages."""
    return (
        f"picture of {counted(len(source), 'byte')}"
        if isinstance(source, bytes)
        else printable(source)
    )


@contextmanager
def binary(source: Path | bytes) -> Iterator[IO[bytes]]:
    """Open a file, given as a path or as its bytes, and nothing that might never end.

    Raises:
        DataError: There is no such file, it cannot be read, or it is a pipe or a device.
    """
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    try:
        mode = source.stat().st_mode
        plain = stat.S_ISREG(mode) or stat.S_ISDIR(mode)
        stream = source.open("rb") if plain else None  # opening a pipe might never end
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise unreadable(source, error) from error
    if stream is None:
        raise DataError(f"{printable(source)}: a pipe or a device; expected a file")
    with stream:
        yield stream


def unreadable(path: str | os.PathLike[str], error: Exception) -> DataError:
    """Return the DataError for a file that the system does not let us read."""
    if isinstance(error, FileNotFoundError):
        if os.path.islink(path):  # noqa: PTH114 - never raises
            return DataError(
                f"{printable(path)}: a link to {printable(os.readlink(path))}, which is not there; "  # noqa: PTH115
                f"restore what it leads to, or remove it"
            )
        return DataError(f"{printable(path)}: there is no such file; check its name")
    # Windows calls opening a folder a lack of permission; isdir() never raises
    if isinstance(error, IsADirectoryError) or os.path.isdir(path):  # noqa: PTH112
        return DataError(f"{printable(path)}: a folder; expected a file")
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return DataError(f"{printable(path)}: cannot be read ({printable(reason)})")


def _recognised(stream: IO[bytes], name: str, start: bytes, max_pixels: int) -> Image.Image:
    """Return the picture in a stream, not decoded yet."""
    from PIL import Image, UnidentifiedImageError

    if start[:1] == b"P" and not is_netpbm(start):  # PFM and others of that family
        raise DataError(f"{name}: {described(start)}")
    if reason := unsupported(stream, start):
        raise DataError(f"{name}: {reason}")
    try:
        return Image.open(stream, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_large(name, max_pixels) from error
    except UnidentifiedImageError as error:
        if is_read(start):
            raise _damaged(name, ValueError("its header is incomplete or unknown")) from error
        raise DataError(f"{name}: {described(start)}") from error
    except DECODING_ERRORS as error:
        raise _damaged(name, error) from error


def _check_size(size: tuple[int, int], name: str, max_pixels: int) -> None:
    if size[0] * size[1] > max_pixels:
        raise _too_large(name, max_pixels)


def _too_large(name: str, max_pixels: int) -> DataError:
    return DataError(
        f"{name}: too many pixels to be opened safely, at most {max_pixels} are; make the picture "
        f"smaller, or allow more: --max-pixels, where a command has it; in Python, max_pixels"
    )


def _start(stream: IO[bytes], name: str) -> bytes:
    try:
        start = stream.read(START_BYTES)
        stream.seek(0)
    except OSError as error:
        raise unreadable(name, error) from error
    return start


def _damaged(name: str, error: Exception) -> DataError:
    """Return the DataError for what Pillow raised: damage, or a kind that it does not know."""
    reason = printable(str(error) or type(error).__name__)
    unknown = isinstance(error, OSError | NotImplementedError) and "unsupported" in reason.lower()
    if unknown and not reason.startswith(LIBTIFF):
        return DataError(
            f"{name}: a kind of picture that is not read ({reason}); convert it (ImageMagick: "
            "magick FILE OUT.png)"
        )
    return DataError(
        f"{name}: the picture is damaged or cut short ({reason}); replace or remove it"
    )
