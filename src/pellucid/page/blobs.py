"""Bytes that a page carries: compressed, and as text that HTML can hold."""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LEVEL = 6
"""How hard is compressed: 9 takes three times as long for a hundredth less."""


class Blobs:
    """Named bytes; the same content under two names is kept once."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._names: dict[bytes, str] = {}

    def add(self, name: str, content: bytes | NDArray[np.generic]) -> str:
        """Keep bytes, and return the name under which the page finds them.

        Args:
            name: Letters, digits and hyphens.
            content: Bytes, or an array, whose elements are kept little-endian in row-major order.
        """
        data = content if isinstance(content, bytes) else little_endian(content)
        compressed = gzipped(data)
        known = self._names.setdefault(compressed, name)
        if known == name:
            self._texts[name] = base64.b64encode(compressed).decode("ascii")
        return known

    def items(self) -> Iterator[tuple[str, str]]:
        """Names and texts, base64 of gzip."""
        yield from self._texts.items()


def little_endian(array: NDArray[np.generic]) -> bytes:
    """An array's elements in row-major order."""
    order = array.dtype.newbyteorder("<")
    return np.ascontiguousarray(array).astype(order, copy=False).tobytes()


def planes(floats: NDArray[np.float32]) -> bytes:
    """The first bytes of all floats, then the second ones, and so on: exponents are alike."""
    return little_endian(np.ascontiguousarray(floats).reshape(-1, 1).view(np.uint8).T)


def gzipped(data: bytes) -> bytes:
    """Bytes in gzip's format, the same each time: without a time or a name."""
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def differences(numbers: NDArray[np.uint32]) -> NDArray[np.int32]:
    """Numbers as steps from one to the next, which compress well where they run on.

    A page adds them up again modulo 2³².
    """
    flat = numbers.reshape(-1)
    return np.diff(flat, prepend=np.uint32(0)).astype(np.uint32).view(np.int32)
