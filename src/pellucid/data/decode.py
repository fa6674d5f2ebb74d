"""Open picture files and turn whatever they hold into 8-bit grey or colour, by one rule.

The rule, in this order:

1. The format is told by the file's content, never by its name, and must be PNG or JPEG.
2. 16-bit values keep their high byte; black-and-white becomes 0 and 255; a palette becomes the
   colours it names; CMYK and YCbCr become red, green, blue. Colour profiles are not applied.
3. Transparent pixels are composited over a grey level, in integers:
   ``(value · alpha + background · (255 − alpha) + 127) // 255``.
4. The picture is turned upright as its EXIF orientation says.
5. Colour becomes grey by ITU-R BT.601, ``(19595 R + 38470 G + 7471 B + 32768) >> 16``; grey becomes
   colour by repeating it.
"""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from pellucid.data.names import shown
from pellucid.errors import DataError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from PIL import Image

FORMATS = ("PNG", "JPEG")
"""Formats that are read, by Pillow's names."""

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".jfif"})
"""Endings, in lower case, by which pictures are found in a folder."""

# what Pillow's decoders are known to raise on damaged files
_DECODING_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    struct.error,
    zlib.error,
)

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

# filters of warnings belong to the whole process: one thread at a time may change them
_warnings_lock = threading.Lock()


def decode(image: Image.Image, name: str, *, channels: int, background: int) -> Image.Image:
    """Decode an opened picture and convert it by the rule above.

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
        turn = _orientation(image)
        plain = _composited(_eight_bit(image), background)
        upright = plain if turn is None else plain.transpose(turn)
        return upright.convert("L" if channels == 1 else "RGB")
    except _DECODING_ERRORS as error:
        raise _damaged(name, error) from error


def header(path: Path) -> tuple[int, int, bool]:
    """Return height, width (both upright) and whether a picture file is grey, without decoding it.

    Raises:
        DataError: The file cannot be read or is no PNG or JPEG picture.
    """
    with opened(path) as image:
        width, height = image.size
        # asking for an orientation that is not there makes Pillow decode the picture
        known = {"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"} & image.info.keys()
        try:
            sideways = bool(known) and _orientation(image) in _sideways()
        except _DECODING_ERRORS as error:
            raise _damaged(shown(path), error) from error
        return (width, height, is_grey(image)) if sideways else (height, width, is_grey(image))


def is_grey(image: Image.Image) -> bool:
    """Return whether a picture can hold nothing but grey, judged by its mode and its palette."""
    if image.mode == "P" and image.palette is not None:
        colours = np.frombuffer(image.palette.tobytes(), np.uint8)
        step = len(image.palette.mode)
        red, green, blue = (colours[band::step] for band in range(3))
        return np.array_equal(red, green) and np.array_equal(red, blue)
    return image.mode in ("1", "L", "LA", "La", "F") or image.mode.startswith("I")


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
        start = stream.read(16)
        stream.seek(0)
        if not start:
            raise DataError(f"{name}: empty, 0 bytes; expected a PNG or JPEG picture")
        try:
            with _quiet():
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
        except _DECODING_ERRORS as error:
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
        return DataError(f"{shown(path)}: there is no such file")
    if isinstance(error, IsADirectoryError) or Path(path).is_dir():
        return DataError(f"{shown(path)}: a folder; expected a file")
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return DataError(f"{shown(path)}: cannot be read ({shown(reason)})")


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


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Pillow's remarks on odd files, but make its warning of too many pixels an error."""
    from PIL import Image

    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _orientation(image: Image.Image) -> Image.Transpose | None:
    """Return how an image must be turned to stand upright (EXIF tag 0x0112), None for not at all.

    Metadata that cannot be read say nothing about the orientation: the picture stays as it is.
    """
    from PIL.Image import Transpose

    try:
        with _quiet():
            number = image.getexif().get(0x0112)
    except _DECODING_ERRORS:
        return None
    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return turns.get(number) if isinstance(number, int) else None


def _sideways() -> tuple[Image.Transpose, ...]:
    from PIL.Image import Transpose

    return (Transpose.TRANSPOSE, Transpose.ROTATE_270, Transpose.TRANSVERSE, Transpose.ROTATE_90)


def _eight_bit(image: Image.Image) -> Image.Image:
    """Return the picture in mode L, LA, RGB or RGBA."""
    from PIL import Image

    if image.mode in ("L", "LA", "RGB", "RGBA") and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):
        values = np.asarray(image)
        grey = Image.fromarray((values.clip(0, 65535) >> 8).astype(np.uint8))
        key = image.info.get("transparency")
        if isinstance(key, int):
            grey.putalpha(Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8)))
        return grey
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _composited(image: Image.Image, background: int) -> Image.Image:
    from PIL import Image

    if image.mode not in ("LA", "RGBA"):
        return image
    values: NDArray[np.uint32] = np.asarray(image).astype(np.uint32)
    colour, alpha = values[..., :-1], values[..., -1:]
    mixed = ((colour * alpha + background * (255 - alpha) + 127) // 255).astype(np.uint8)
    return Image.fromarray(mixed[..., 0] if mixed.shape[2] == 1 else mixed)
