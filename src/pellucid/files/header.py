"""Reading a safetensors file's header before anything else is trusted.

The file begins with the header's length, 8 bytes, little-endian; then comes the header, a JSON
object of arrays (type, shape, where their bytes lie) and metadata. Whether both are plausible is
found out from the file's size, before memory is asked for. Whether the arrays overlap or leave
holes, the safetensors library checks.
"""

from __future__ import annotations

import os
import stat
from typing import IO, TYPE_CHECKING, Any

from pellucid.data.decode import unreadable
from pellucid.errors import DataError, FileFormatError
from pellucid.files import strict_json
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from pathlib import Path

KEY = "pellucid"
"""Our key in a safetensors file's metadata."""

LARGEST_HEADER = 1 << 23
"""Bytes of a header, in reading and in writing; a network of 10 000 layers needs less."""

DTYPES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "U16": "uint16",
    "I16": "int16",
    "F16": "float16",
    "U32": "uint32",
    "I32": "int32",
    "F32": "float32",
    "U64": "uint64",
    "I64": "int64",
    "F64": "float64",
}
"""Types of arrays, by their names in safetensors headers."""


def read_checked(path: Path) -> tuple[bytes, dict[str, Any]]:
    """A file's bytes and its header, both only if the sizes that it claims are true.

    Raises:
        DataError: There is no such file, it is a folder, or the system does not let us read it.
        FileFormatError: It is empty, cut short, damaged, not a safetensors file, or one that
            another program made.
    """
    name = printable(path)
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # opening a pipe would wait for ever
            raise DataError(f"{name}: a device or a pipe; expected a file")
        with path.open("rb") as stream:
            header = read_header(stream, os.fstat(stream.fileno()).st_size, name)
            stream.seek(0)
            return stream.read(), header
    except MemoryError as error:
        raise DataError(f"{name}: not enough memory to read it") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        if isinstance(error, DataError | FileFormatError):
            raise
        raise unreadable(path, error) from error


def read_header(stream: IO[bytes], size: int, name: str) -> dict[str, Any]:
    """The header at the start of a stream of a known size, checked.

    Raises:
        FileFormatError: As :func:`read_checked`.
    """
    start = stream.read(9)
    length = _checked_header_length(start, size, name)
    header = _checked_header(start[8:] + stream.read(length - 1), length, name)
    if KEY not in header.get("__metadata__", {}):
        raise FileFormatError(
            f"{name}: is a safetensors file, but not one of Pellucid's; expected a file "
            "that pellucid train or save() made"
        )
    _check_size(header, 8 + length, size, name)
    return header


def header_length(start: bytes) -> int:
    """The length of the header, from a file's first 8 bytes."""
    return int.from_bytes(start[:8], "little")


def _checked_header_length(start: bytes, size: int, name: str) -> int:
    if not start:
        raise FileFormatError(f"{name}: is empty; expected a file that Pellucid wrote")
    if len(start) < 9 or start[8:9] != b"{":
        raise FileFormatError(
            f"{name}: is not a safetensors file (it begins with {start[:8].hex(' ')}); "
            f"{_remedy(name, start)}"
        )
    length = header_length(start)
    if not 2 <= length <= LARGEST_HEADER:
        raise damaged(
            name, f"its header claims {counted(length, 'byte')}; 2 to {LARGEST_HEADER} are sane"
        )
    if 8 + length > size:
        raise damaged(name, f"cut short: its header has {counted(length, 'byte')}, the file {size}")
    return length


def _remedy(name: str, start: bytes) -> str:
    """What to do about a file of another kind."""
    if name.casefold().endswith((".pt", ".pth")):
        return "PyTorch's weights need their module: load them, then pellucid.from_torch(module, …)"
    if start.startswith(b"\x89HDF"):
        return "Keras's and other HDF5 files go by ONNX: export there, then pellucid import"
    return "expected a file that pellucid train or save() made"


def _checked_header(text: bytes, length: int, name: str) -> dict[str, Any]:
    if len(text) != length:
        raise damaged(name, "cut short while it was read")
    try:
        header = strict_json.parse(text)
    except ValueError as error:
        raise damaged(name, f"its header is not JSON: {error}") from error
    if not isinstance(header, dict) or not isinstance(header.get("__metadata__", {}), dict):
        raise damaged(name, "its header is not that of a safetensors file")
    return header


def _check_size(header: dict[str, Any], start: int, size: int, name: str) -> None:
    """Check that the arrays that a header lists end where the file ends."""
    end = 0
    for entry, described in header.items():
        if entry == "__metadata__":
            continue
        offsets = described.get("data_offsets") if isinstance(described, dict) else None
        if not isinstance(offsets, list) or not all(type(offset) is int for offset in offsets):
            raise damaged(name, f"its header does not say where array {entry!r:.80} lies")
        dtype = described.get("dtype")
        if not isinstance(dtype, str) or dtype not in DTYPES:
            raise damaged(name, f"array {entry!r:.80} is of an unknown type")
        end = max(end, *offsets, 0)
    if start + end != size:
        what = "cut short" if start + end > size else "longer than its arrays"
        raise damaged(
            name, f"{what}: its header says {counted(start + end, 'byte')}, the file has {size}"
        )


def damaged(name: str, reason: str) -> FileFormatError:
    """The error for a file that is not as it was written."""
    return FileFormatError(
        f"{name}: is damaged or was changed ({printable(reason)[:300]}); get or make the file again"
    )
