"""The IDX format, in which MNIST and its relatives are published.

Layout: two zero bytes, a type code, the number of dimensions, each dimension as a big-endian
32-bit integer, then the values, big-endian, last dimension fastest. Files may be gzip-compressed;
that is seen by their content, not by their name.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np

from pellucid.data.decode import unreadable
from pellucid.data.packed import BYTES_PER_LABEL, check_max_bytes, check_unpacked, read_values
from pellucid.errors import DataError
from pellucid.text import counted, printable

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

TYPES: dict[int, str] = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""Type code of the header to NumPy's type."""

_GZIP_MAGIC = b"\x1f\x8b"
_MAX_DIMENSIONS = 32  # of an array in every version of NumPy
_MAX_EXPANSION = 1032  # deflate's limit: 258 bytes from 2 bits


def read_idx(path: str | os.PathLike[str], *, max_bytes: int | None = None) -> NDArray[Any]:
    """Read one IDX file, plain or gzip-compressed.

    Memory is asked for only after the header's claim was compared with the file's size.

    Args:
        path: The file.
        max_bytes: Bytes that a compressed file may unpack to; None for the larger of 1 GiB and
            20 times its own size.

    Returns:
        The values in the header's shape, in the machine's byte order: uint8, int8, int16, int32,
        float32 or float64.

    Raises:
        DataError: The file cannot be read, is no IDX file, holds fewer or more bytes than its
            header says, or unpacks to more than is allowed.
        ArgumentError: ``max_bytes`` is no integer ≥ 1.
    """
    check_max_bytes(max_bytes)
    path = Path(path)
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            compressed = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            if not compressed:
                return _read(file, path, size)
            with gzip.GzipFile(fileobj=file) as unpacked:
                return _read(unpacked, path, size, packed=True, max_bytes=max_bytes)
    except EOFError as error:
        raise DataError(
            f"{printable(path)}: cut short, its gzip data end too early; get the file again"
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{printable(path)}: its gzip data are damaged ({printable(str(error))}); get the file "
            "again"
        ) from error
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise unreadable(path, error) from error


def read_idx_pair(
    images: str | os.PathLike[str],
    labels: str | os.PathLike[str],
    *,
    max_bytes: int | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read a file of pictures and the file of their labels.

    Args:
        images: IDX file of unsigned bytes, shape (N, H, W), or (N, H, W, C) with 1 or 3 channels.
        labels: IDX file of integers, shape (N,).
        max_bytes: As :func:`read_idx` takes it, for each of the two.

    Returns:
        Pixels of shape (N, H, W, C), uint8 in 0..255, and labels of shape (N,), int64, as they
        are in the file.

    Raises:
        DataError: A file cannot be read, does not hold what is described above, or the two do not
            belong together.
    """
    pixels = read_idx(images, max_bytes=max_bytes)
    if pixels.dtype != np.uint8:
        raise DataError(
            f"{printable(images)}: values of type {pixels.dtype}; expected pictures of unsigned "
            f"bytes (type code 0x08)"
        )
    if pixels.ndim == 3:
        pixels = pixels[..., np.newaxis]
    if pixels.ndim != 4 or pixels.shape[3] not in (1, 3):
        raise DataError(
            f"{printable(images)}: dimensions {_times(pixels.shape)}; expected pictures, "
            f"N × height × width, or N × height × width × channels with 1 or 3 channels"
        )
    if 0 in pixels.shape:
        raise DataError(
            f"{printable(images)}: dimensions {_times(pixels.shape)}; expected at least one picture"
        )
    classes = read_idx(labels, max_bytes=max_bytes)
    if classes.ndim != 1 or classes.dtype.kind not in "iu":
        raise DataError(
            f"{printable(labels)}: dimensions {_times(classes.shape)}, type {classes.dtype}; "
            f"expected labels, one dimension of integers"
        )
    if len(classes) != len(pixels):
        raise DataError(
            f"{printable(images)} has {counted(len(pixels), 'picture')}, but {printable(labels)} "
            f"has {counted(len(classes), 'label')}; expected one label per picture: are they from "
            "the same set?"
        )
    return pixels, classes.astype(np.int64)


def _read(
    stream: IO[bytes] | gzip.GzipFile,
    path: Path,
    size: int,
    *,
    packed: bool = False,
    max_bytes: int | None = None,
) -> NDArray[Any]:
    """Read a header and its values from a file of ``size`` bytes, packed or not."""
    limit = size * _MAX_EXPANSION if packed else size
    name = printable(path)
    magic = stream.read(4)
    if len(magic) < 4:
        raise DataError(
            f"{name}: {counted(len(magic), 'byte')}; expected an IDX file, which has at least 8: "
            "get it again"
        )
    if magic[:2] != b"\0\0":
        raise DataError(
            f"{name}: no IDX file: it begins with {magic.hex(' ')}; expected 00 00, a type code "
            f"and the number of dimensions"
        )
    if magic[2] not in TYPES:
        known = ", ".join(f"0x{code:02x}" for code in TYPES)
        raise DataError(f"{name}: unknown IDX type code 0x{magic[2]:02x}; expected one of {known}")
    dimensions = magic[3]
    if not 1 <= dimensions <= _MAX_DIMENSIONS:
        raise DataError(
            f"{name}: {counted(dimensions, 'dimension')}; expected 1 to {_MAX_DIMENSIONS}"
        )
    header = stream.read(4 * dimensions)
    if len(header) < 4 * dimensions:
        raise DataError(
            f"{name}: cut short in its header, after {4 + len(header)} bytes of "
            f"{4 + 4 * dimensions}; get the file again"
        )
    shape = tuple(int(n) for n in np.frombuffer(header, ">u4"))
    dtype = np.dtype(TYPES[magic[2]])
    expected = math.prod(shape) * dtype.itemsize
    available = limit - 4 - 4 * dimensions
    claim = f"its header says {_times(shape)} values of {counted(dtype.itemsize, 'byte')}"
    if expected > available:
        at_most = "at most " if packed else ""
        raise DataError(
            f"{name}: cut short: {claim}, that is {counted(expected, 'byte')}, and there are "
            f"{at_most}{available}; get the file again"
        )
    if packed:
        taken = math.prod(shape) * max(dtype.itemsize, BYTES_PER_LABEL if dimensions == 1 else 1)
        check_unpacked(name, size, taken, max_bytes)
    values = read_values(cast("IO[bytes]", stream), name, expected, claim)
    if stream.read(1):  # reading on to the end also makes gzip compare its checksum
        more = "more bytes" if packed else f"{available - expected} bytes more"
        raise DataError(
            f"{name}: {claim}, that is {counted(expected, 'byte')}, and there are {more} behind"
        )
    return values.view(dtype).astype(dtype.newbyteorder("="), copy=False).reshape(shape)


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
