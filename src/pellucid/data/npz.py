"""Read NumPy files of several arrays (``.npz``), which may come from anywhere."""

from __future__ import annotations

import math
import struct
import zlib
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from pellucid.data.arrays import CLASSES, NAMES, no_known
from pellucid.data.decode import unreadable
from pellucid.data.npy_header import read_header
from pellucid.data.packed import BYTES_PER_LABEL, check_max_bytes, check_unpacked, read_values
from pellucid.errors import DataError
from pellucid.text import counted, printable, truncated

if TYPE_CHECKING:
    from pathlib import Path
    from zipfile import ZipFile, ZipInfo

    from numpy.typing import NDArray

ARRAYS_SUFFIX = ".npz"
"""Ending, in lower case, of files that are read as arrays."""

_LONGEST_TEXT = 4096  # bytes; of type U, four a character

# RuntimeError: encrypted, or packed in a way that Python does not know
_DAMAGED = (
    ValueError,
    EOFError,
    RuntimeError,
    ArithmeticError,
    LookupError,
    TypeError,
    struct.error,
    zlib.error,
)


def _damages() -> tuple[type[Exception], ...]:
    """What reading a damaged file can raise; not every Python has lzma."""
    try:
        from lzma import LZMAError
    except ImportError:
        return _DAMAGED
    return *_DAMAGED, LZMAError


def read_npz(path: Path, *, max_bytes: int | None = None) -> dict[str, NDArray[Any]]:
    """Read those arrays of a NumPy file that :mod:`pellucid.data.arrays` knows, and no others.

    Python objects are never loaded, since loading them can run code. Memory is asked for only
    after an array's claim was compared with the size that its packed file has.

    Args:
        path: The file.
        max_bytes: Bytes that its known arrays may unpack to; None for the larger of 1 GiB and 20
            times the file's size.

    Returns:
        The arrays by name, in C order.

    Raises:
        DataError: The file cannot be read, is no NumPy file, is damaged, holds Python objects, or
            unpacks to more than is allowed.
        ArgumentError: ``max_bytes`` is no integer ≥ 1.
    """
    import zipfile

    check_max_bytes(max_bytes)
    place = printable(path)
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as packed:
            members = _known_members(packed, place)
            size = path.stat().st_size
            check_unpacked(place, size, sum(m.file_size for m in members.values()), max_bytes)
            shapes = {name: _described(packed, info, place) for name, info in members.items()}
            counted = sum(
                math.prod(shape) * max(kind.itemsize, BYTES_PER_LABEL if len(shape) == 1 else 1)
                for shape, _, kind in shapes.values()
            )
            check_unpacked(place, size, counted, max_bytes)
            return {name: _array(packed, info, place) for name, info in members.items()}
    except DataError:
        raise
    except zipfile.BadZipFile as error:
        raise DataError(
            f"{place}: no NumPy file of several arrays, or a damaged one "
            f"({truncated(str(error))}); make it with numpy.savez_compressed({path.name!r}, "
            "x=pictures, y=labels)"
        ) from error
    except MemoryError as error:
        raise DataError(f"{place}: more than fits into memory; make a smaller file") from error
    except OSError as error:
        raise unreadable(path, error) from error
    except _damages() as error:
        reason = truncated(str(error) or type(error).__name__)
        raise DataError(
            f"{place}: damaged or cut short ({reason}); make or get the file again"
        ) from error


def _known_members(packed: ZipFile, place: str) -> dict[str, ZipInfo]:
    """The known arrays' files, by the arrays' names."""
    import zipfile

    known = {CLASSES, *(name for pairs in NAMES.values() for pair in pairs for name in pair)}
    everything = packed.infolist()
    members: dict[str, ZipInfo] = {}
    for info in everything:
        name = info.filename.removesuffix(".npy")
        if name not in known:
            continue
        if name in members:
            raise DataError(f"{place}: holds {name} twice; keep one of them")
        # Of other methods Python's decoders would unpack any amount in one go.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA):
            raise DataError(
                f"{place}: {name} is compressed by a method that is not read (number "
                f"{info.compress_type}); make the file with numpy.savez_compressed"
            )
        members[name] = info
    if not members:
        raise no_known(place, [info.filename.removesuffix(".npy") for info in everything])
    return members


def _described(
    packed: ZipFile, info: ZipInfo, place: str
) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """What an array's file says that it holds, once that agrees with its size."""
    with packed.open(info) as member:
        return _header(member, info, place)


def _array(packed: ZipFile, info: ZipInfo, place: str) -> NDArray[Any]:
    with packed.open(info) as member:
        shape, fortran, kind = _header(member, info, place)
        name = f"{place}: {info.filename}"
        claim = f"its header says {shape} values of {kind}"
        values = read_values(member, name, math.prod(shape) * kind.itemsize, claim)
        member.read(1)  # at the end the checksum is compared
    if fortran:
        return np.ascontiguousarray(values.view(kind).reshape(shape[::-1]).T)
    return values.view(kind).reshape(shape)


def _header(
    member: IO[bytes], info: ZipInfo, place: str
) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    shape, fortran, kind = read_header(member, f"{place}: {info.filename}")
    if kind.kind in "US" and kind.itemsize > _LONGEST_TEXT:
        raise DataError(
            f"{place}: {info.filename} holds texts of {counted(kind.itemsize, 'byte')}, at most "
            f"{_LONGEST_TEXT} are read; expected names of classes"
        )
    if not kind.itemsize or math.prod(shape) * kind.itemsize != info.file_size - member.tell():
        raise DataError(
            f"{place}: {info.filename} claims {truncated(str(shape))} values of {kind}, which is "
            f"not what it holds; make or get the file again"
        )
    return shape, fortran, kind
