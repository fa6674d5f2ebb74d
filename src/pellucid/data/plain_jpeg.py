"""Small JPEG files with nothing in them but the picture, which are most: decoded in few steps.

Opening a picture of 32×32 pixels with Pillow takes several times as long as decoding it, because
Pillow reads the header piece by piece and keeps all of it. Here the header is only
asked whether it holds anything that could matter: an orientation, a rule for colours, several
pictures. If it holds nothing of the kind, the bytes go to Pillow's decoder directly, in the very
call that Pillow itself would make, so that the pixels are the same. With anything else, and where
decoding fails, there is no answer, and the caller opens the file as any other.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from pellucid.data.pillow import DECODING_ERRORS

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

MOST_BYTES = 65_536
"""Size of the largest files: what Pillow gives to its decoder at once."""

# so that a pipe is opened at once, and seen to be no file, instead of waiting for who writes to it
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)

# markers: sequential and progressive pictures, their tables, restarts, the application's, a comment
_PICTURES = frozenset({0xC0, 0xC1, 0xC2})
_QUANTISATION, _SCAN, _JFIF = 0xDB, 0xDA, 0xE0
_WITHOUT_MEANING = frozenset({0xC4, 0xDD, 0xFE})
_TABLE = 65  # bytes of a quantisation table with its number


def small_file(path: Path) -> bytes | None:
    """Return a file's content; None if it is large, no plain file, or cannot be read."""
    try:
        descriptor = os.open(path, _READ)
    except (OSError, ValueError):  # ValueError: a zero byte in the name
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
            return None
        content = os.read(descriptor, MOST_BYTES + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return content if len(content) == status.st_size else None


def plain_jpeg(content: bytes) -> tuple[int, int, str] | None:
    """Return what a file holds if it is a JPEG of the plain kind, by its header alone.

    Returns:
        Width, height and Pillow's mode, ``L`` or ``RGB``; None for every other file.
    """
    if len(content) > MOST_BYTES or content[:2] != b"\xff\xd8":
        return None
    found: tuple[int, int, str] | None = None
    at = 2
    try:
        while content[at] == 0xFF:
            marker = content[at + 1]
            length = content[at + 2] << 8 | content[at + 3]
            if marker in _PICTURES:
                found = None if found else _size(content, at + 4, length - 2)
                if found is None:
                    return None
            elif marker == _QUANTISATION:
                if not _are_plain_tables(content, at + 4, length - 2):
                    return None
            elif marker == _SCAN:
                return found
            elif marker == _JFIF:
                if length < 16:
                    return None
            elif marker not in _WITHOUT_MEANING or length < 2:
                return None
            at += 2 + length
    except IndexError:  # cut short
        pass
    return None


def decoded_jpeg(content: bytes, mode: str, size: tuple[int, int]) -> Image.Image | None:
    """Decode what :func:`plain_jpeg` found; None if it is damaged or cut short."""
    from PIL import Image

    try:
        return Image.frombytes(mode, size, content, "jpeg", mode, "")
    except DECODING_ERRORS:
        return None


def _size(content: bytes, at: int, length: int) -> tuple[int, int, str] | None:
    bits, layers = content[at], content[at + 5]
    height = content[at + 1] << 8 | content[at + 2]
    width = content[at + 3] << 8 | content[at + 4]
    if bits != 8 or layers not in (1, 3) or length != 6 + 3 * layers or not height or not width:
        return None
    return width, height, "L" if layers == 1 else "RGB"


def _are_plain_tables(content: bytes, at: int, length: int) -> bool:
    """Whether quantisation tables are whole, and of 8 bits a number."""
    return (
        length > 0
        and length % _TABLE == 0
        and all(content[table] < 4 for table in range(at, at + length, _TABLE))
    )
