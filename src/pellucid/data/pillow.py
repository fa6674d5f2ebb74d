"""What has to be known of Pillow to use it safely, in threads, on files from anywhere."""

from __future__ import annotations

import struct
import threading
import warnings
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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

# filters of warnings belong to the whole process: one thread at a time may change them
_warnings_lock = threading.Lock()


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Pillow's remarks on odd files, but make its warning of too many pixels an error."""
    from PIL import Image

    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield
