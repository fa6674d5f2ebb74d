"""Proposals of pictures, kept in the user's cache: a picture is searched once."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid import checks
from pellucid.data.proposals.selective_search import selective_search
from pellucid.user_cache import is_safe, made_safe, user_cache

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDER = "proposals"
"""Where they lie in the user's cache."""

VERSION = 1
"""Counts the ways in which pictures are searched; another one has other files in the cache."""

KEPT = 4000
"""Boxes that are kept of a picture at most."""


def kept_proposals(pixels: NDArray[np.uint8], most: int = 2000) -> NDArray[np.float32]:
    """What :func:`selective_search` finds in a picture, found before or now.

    Args:
        pixels: (H, W, 3) or (H, W, 1), 0 to 255.
        most: How many boxes at most, 1 to 4000.

    Returns:
        x0, y0, x1, y1 in pixels of the picture, (n, 4).

    Raises:
        ArgumentError: If ``most`` is out of range.
        ShapeError: If it is no picture.
        MissingDependencyError: If scikit-image is not installed and the picture is new.
    """
    checks.whole("most", most, 1, KEPT)
    path = _place(pixels)
    if path is None:
        return selective_search(pixels, most)
    found = _read(path)
    if found is None:
        found = selective_search(pixels, KEPT)
        _write(path, found)
    return found[:most]


def _place(pixels: NDArray[np.uint8]) -> Path | None:
    """The file that a picture's proposals lie in; none where nothing can be kept."""
    above, _ = user_cache()
    if above is None or made_safe(above / FOLDER):
        return None
    about = f"{VERSION} {pixels.shape} {pixels.dtype}".encode()
    digest = hashlib.sha256(about + np.ascontiguousarray(pixels).tobytes()).hexdigest()
    return above / FOLDER / f"{digest[:40]}.boxes"


def _read(path: Path) -> NDArray[np.float32] | None:
    """The boxes of a file; none where it is missing, damaged or somebody else's."""
    with suppress(OSError):
        if not is_safe(path.lstat()):
            return None
        data = path.read_bytes()
        body, digest = data[:-32], data[-32:]
        if hashlib.sha256(body).digest() == digest and len(body) % 16 == 0:
            return np.frombuffer(body, "<f4").reshape(-1, 4).astype(np.float32)
    return None


def _write(path: Path, boxes: NDArray[np.float32]) -> None:
    """Keep boxes, whole or not at all; where that fails, they are found again."""
    body = boxes.astype("<f4").tobytes()
    with suppress(OSError):
        descriptor, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(body + hashlib.sha256(body).digest())
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
