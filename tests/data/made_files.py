"""Files that the tests make: IDX, PNG, JPEG, folders of pictures."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

IDX_CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx_bytes(values: NDArray[Any]) -> bytes:
    """The values as an IDX file, by the struct module alone."""
    kind = f"{values.dtype.kind}{values.dtype.itemsize}"
    letter = {"u1": "B", "i1": "b", "i2": "h", "i4": "i", "f4": "f", "f8": "d"}[kind]
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, IDX_CODES[kind], values.ndim, *values.shape)
    return header + struct.pack(f">{values.size}{letter}", *values.ravel().tolist())


def noise(seed: int, *shape: int) -> NDArray[np.uint8]:
    """Random pixels, which no format compresses."""
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def encoded(picture: Image.Image | NDArray[np.uint8], kind: str = "PNG", **options: Any) -> bytes:
    """A picture as the bytes of a file."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def write(path: Path, content: bytes) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def picture_folder(root: Path, counts: dict[str, int], *, shape: tuple[int, ...] = (6, 5)) -> Path:
    """Write ``counts[folder]`` different PNG pictures into each folder below ``root``."""
    for k, (folder, count) in enumerate(counts.items()):
        for i in range(count):
            write(root / folder / f"{i:03}.png", encoded(noise(1000 * k + i, *shape)))
    return root


def png_chunks(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG file of the given chunks, written out by hand."""
    content = b"\x89PNG\r\n\x1a\n"
    for name, data in chunks:
        content += struct.pack(">I", len(data)) + name + data
        content += struct.pack(">I", zlib.crc32(name + data))
    return content


def png_by_hand(
    values: NDArray[Any], depth: int, colour_type: int, *extra: tuple[bytes, bytes]
) -> bytes:
    """A PNG of 8- or 16-bit samples, which Pillow itself may be unable to write."""
    height, width = values.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    rows = values.astype(">u2" if depth == 16 else "u1")
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    return png_chunks((b"IHDR", header), *extra, (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
