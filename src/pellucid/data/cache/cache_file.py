"""The file of decoded pictures: a header, the pixels, and an index that says what they are.

    0        header: magic, key, place and length of the index, SHA-256 of these and of the index
    4096     pixels, uint8, one picture after the other
    then     index, JSON: which file each picture is of, what is wrong with the bad ones, and a
             CRC-32 of every block of pixels

Opening it checks all of that, the pixels too: one quick pass, in threads, that also brings them
into memory in the order in which they lie on disk. So a file that lost something on its way to the
disk is noticed, and writing need not wait for the disk.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import os
import struct
import zlib
from contextlib import closing
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np

from pellucid.in_threads import in_order
from pellucid.user_cache import is_safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

MAGIC = b"pellucid pictures 1\n"
PIXELS_AT = 4096
"""Where the pixels begin: at a page of memory."""

BLOCK_BYTES = 4 << 20
"""Pixels that are decoded and written together."""

BLOCK_PICTURES = 64
"""The same, in pictures, where these are small."""

_HEADER = struct.Struct(f"<{len(MAGIC)}s32sQQ")
_READ = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))


@dataclass(frozen=True)
class Block:
    """Some pictures that were decoded together.

    Attributes:
        positions: Which files they are of, by position in the list of files.
        pixels: Theirs, uint8 (n, H, W, C).
        bad: What is wrong with those of the block that cannot be used, by position.
    """

    positions: list[int]
    pixels: NDArray[np.uint8]
    bad: dict[int, str]


@dataclass(frozen=True)
class CacheFile:
    """Decoded pictures in the order in which they are kept.

    Attributes:
        pixels: uint8 (N, H, W, C), in a read-only memory map.
        positions: Which file each picture is of, int64 (N,), by position in the list of files.
        bad: What is wrong with the files that cannot be used, by position.
    """

    pixels: NDArray[np.uint8]
    positions: NDArray[np.int64]
    bad: dict[int, str]

    def rearranged(self, positions: Sequence[int]) -> Iterator[Block]:
        """The same pictures in another order of their files."""
        row_of = {position: row for row, position in enumerate(self.positions.tolist())}
        bad = self.bad
        size = block_size(self.pixels.shape[1:])
        for first in range(0, len(positions), size):
            part = list(positions[first : first + size])
            yield Block(part, self.pixels[[row_of[position] for position in part]], bad)
            bad = {}


def block_size(shape: Sequence[int]) -> int:
    """How many pictures of a shape make a block."""
    return max(1, min(BLOCK_PICTURES, BLOCK_BYTES // math.prod(shape)))


def write_cache_file(file: IO[bytes], key: bytes, blocks: Iterable[Block]) -> None:
    """Write a new, empty file.

    Args:
        file: Where.
        key: What the pictures are found by, 32 bytes.
        blocks: The pictures.

    Raises:
        OSError: If it cannot be written, as on a full disk.
    """
    file.write(bytes(PIXELS_AT))
    positions: list[int] = []
    bad: dict[int, str] = {}
    checked: list[tuple[int, int]] = []
    for block in blocks:
        pixels = block.pixels.reshape(-1).data
        file.write(pixels)
        checked.append((len(block.pixels), zlib.crc32(pixels)))
        positions += block.positions
        bad |= block.bad
    index_at = file.tell()
    index = json.dumps({"positions": positions, "bad": list(bad.items()), "blocks": checked})
    file.write(index.encode("ascii"))
    file.seek(0)
    file.write(_header(key, index_at, index.encode("ascii")))
    file.flush()


def open_cache_file(path: Path, key: bytes, shape: Sequence[int], threads: int) -> CacheFile | None:
    """Open a file, and check it.

    Args:
        path: Where it is.
        key: What the pictures are found by.
        shape: Height, width and channels of each.
        threads: How many check.

    Returns:
        What it holds; none if it is damaged, incomplete, of something else, or not safe.

    Raises:
        OSError: If there is no such file, or it cannot be read.
    """
    with os.fdopen(os.open(path, _READ), "rb") as file:
        status = os.fstat(file.fileno())
        if not is_safe(status) or status.st_size < PIXELS_AT:
            return None
        magic, of_key, index_at, length = _HEADER.unpack(file.read(_HEADER.size))
        digest = file.read(hashlib.sha256().digest_size)
        if (magic, of_key) != (MAGIC, key) or index_at + length != status.st_size:
            return None
        file.seek(index_at)
        text = file.read(length)
        if _header(key, index_at, text) != _HEADER.pack(magic, key, index_at, length) + digest:
            return None
        index = json.loads(text)
        positions = np.array(index["positions"], np.int64)
        whole = (len(positions), *shape)
        if index_at != PIXELS_AT + math.prod(whole):
            return None
        pixels = _mapped(file, whole)
    if not _intact(pixels, index["blocks"], threads):
        return None
    return CacheFile(pixels, positions, dict(index["bad"]))


def _header(key: bytes, index_at: int, index: bytes) -> bytes:
    start = _HEADER.pack(MAGIC, key, index_at, len(index))
    return start + hashlib.sha256(start + index).digest()


def _mapped(file: IO[bytes], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    if shape[0] == 0:  # no memory map is empty
        return np.empty(shape, np.uint8)
    size = math.prod(shape)
    memory = mmap.mmap(file.fileno(), PIXELS_AT + size, access=mmap.ACCESS_READ)
    return np.frombuffer(memory, np.uint8, size, PIXELS_AT).reshape(shape)


def _intact(pixels: NDArray[np.uint8], blocks: list[tuple[int, int]], threads: int) -> bool:
    ends = np.cumsum([count for count, _ in blocks], dtype=np.int64)
    parts = [
        (pixels[end - count : end], checksum)
        for (count, checksum), end in zip(blocks, ends.tolist(), strict=True)
    ]

    def is_whole(part: tuple[NDArray[np.uint8], int]) -> bool:
        return zlib.crc32(part[0].reshape(-1).data) == part[1]

    with closing(in_order(is_whole, parts, threads=threads)) as whole:
        return all(whole)
