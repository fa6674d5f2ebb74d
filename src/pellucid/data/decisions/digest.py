"""What stands for the picture that a decision is about, so that a changed one is recognised."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.decode import unreadable

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

DIGITS = 16
"""Hexadecimal digits that are written: enough to recognise a change that nobody made on purpose."""


def file_digest(path: Path) -> str:
    """The first hexadecimal digits of the SHA-256 of a file's bytes.

    Raises:
        DataError: It cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:DIGITS]
    except OSError as error:
        raise unreadable(path, error) from error


def pixel_digest(image: NDArray[np.uint8]) -> str:
    """The same of a picture in an array: of its shape and its pixels, uint8 (H, W, C)."""
    digest = hashlib.sha256(repr(image.shape).encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()[:DIGITS]


def is_same(digest: str, found: str) -> bool:
    """Whether digests are of the same bytes, as far as both go; one that is empty is of any."""
    length = min(len(digest), len(found))
    return digest[:length] == found[:length]
