"""Catch what libtiff writes to the standard error while it decodes a picture.

libtiff is C code that writes straight to file descriptor 2, without the picture's name. While it
decodes, that descriptor leads to a temporary file; one picture at a time, so that its lines are
known to be of this picture. What other threads write meanwhile is passed on afterwards.
"""

from __future__ import annotations

import os
import re
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

_STANDARD_ERROR = 2
_ONE_AT_A_TIME = threading.Lock()

# libtiff's form: the name of a function or of Pillow's file, a colon, a sentence with a full stop
_LINE = re.compile(rb"[^\n]*\b(?:tempfile\.tif|filename|[A-Z]\w*)[\w.]*: [^\n]*\.\n")

LIBTIFF = "libtiff: "
"""How the messages of libtiff's own errors begin."""

_PILLOWS_NAME = "tempfile.tif: "  # of every file

NOT_BUILT = ("not configured", "not compiled", "not implemented", "not supported")
"""What libtiff says of kinds that it could read, had it been built or written for them."""


class UnsupportedError(ValueError):
    """A picture is valid, and holds what is not read."""


def load(image: Image.Image) -> None:
    """Decode an opened picture, as ``image.load()`` does.

    Raises:
        UnsupportedError: libtiff cannot decode this kind of picture.
        OSError: libtiff found errors; the message is its own.
        Exception: Whatever else Pillow raises.
    """
    tiles = getattr(image, "tile", None)
    if not tiles or tiles[0][0] != "libtiff":
        image.load()
        return
    failure: Exception | None = None
    with _caught() as lines:
        try:
            image.load()
        except Exception as error:  # noqa: BLE001 - raised below, with libtiff's own words
            failure = error
    said = "; ".join(dict.fromkeys(line.removeprefix(_PILLOWS_NAME) for line in lines))
    if any(words in said for words in NOT_BUILT):
        raise UnsupportedError(
            f"a TIFF picture that libtiff cannot decode here ({said}); store it with another "
            "compression (ImageMagick: magick FILE -compress LZW OUT.tif)"
        ) from failure
    if said:
        raise OSError(f"{LIBTIFF}{said}") from failure
    if failure is not None:
        raise failure


@contextmanager
def _caught() -> Iterator[list[str]]:
    """Collect the lines that libtiff writes; the list is filled at the end."""
    lines: list[str] = []
    with _ONE_AT_A_TIME:
        try:
            kept = os.dup(_STANDARD_ERROR)
        except OSError:  # there is no standard error
            yield lines
            return
        from tempfile import TemporaryFile  # not at the start: it is seldom needed, and slow

        with TemporaryFile("a+b") as file:
            os.dup2(file.fileno(), _STANDARD_ERROR)
            try:
                yield lines
            finally:
                os.dup2(kept, _STANDARD_ERROR)
                written = _content(file.fileno())
                lines += [line.decode(errors="replace").strip() for line in _LINE.findall(written)]
                others = _LINE.sub(b"", written)
                if others:
                    with suppress(OSError):
                        os.write(kept, others)
                os.close(kept)


def _content(descriptor: int) -> bytes:
    """Return all that is in a file, also what a thread was just about to write there."""
    size = -1
    while size != (now := os.fstat(descriptor).st_size):
        size = now
        if now:
            time.sleep(0.001)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, size)
