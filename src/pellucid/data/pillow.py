"""What has to be known of Pillow to use it safely, in threads, on files from anywhere."""

from __future__ import annotations

import struct
import threading
import warnings
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PIXELS = 89_478_485
"""Pictures with more pixels are refused unless said otherwise: 256 MB of colours."""

DECODING_ERRORS = (
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
"""What Pillow's decoders are known to raise on damaged files."""

# Pillow's settings and the filters of warnings belong to the whole process
_lock = threading.Lock()
_limits: list[int] = []  # of those who are reading now
_before: list[tuple[int | None, bool, tuple[Any, ...]]] = []  # what the first of them found


@contextmanager
def bounded(max_pixels: int) -> Iterator[None]:
    """Make Pillow refuse large pictures and such that are cut short, whatever else it is set to.

    Its remarks on odd files are silenced. The settings hold for all threads: while several read
    with different limits, the largest holds, and the smaller ones must be checked by who asked for
    them.
    """
    from PIL import Image

    with _lock:
        if not _limits:
            _begin()
        _limits.append(max_pixels)
        Image.MAX_IMAGE_PIXELS = _half(max(_limits))
    try:
        yield
    finally:
        with _lock:
            _limits.remove(max_pixels)
            if _limits:
                Image.MAX_IMAGE_PIXELS = _half(max(_limits))
            else:
                _end()


def _half(limit: int) -> int:
    """Return the setting with which Pillow refuses more than ``limit``: it does so at twice."""
    return (limit + 1) // 2


def _begin() -> None:
    from PIL import Image, ImageFile

    warnings.filterwarnings("ignore", module=r"PIL\.")
    _before.append((Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, warnings.filters[0]))
    ImageFile.LOAD_TRUNCATED_IMAGES = False


def _end() -> None:
    from PIL import Image, ImageFile

    Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, silence = _before.pop()
    filters = cast("list[Any]", warnings.filters)
    if silence in filters:  # another thread may have put its own filters back
        filters.remove(silence)
