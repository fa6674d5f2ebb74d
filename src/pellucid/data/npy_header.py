"""The header of an array in NumPy's format (``.npy``), read without trust in it."""

from __future__ import annotations

import ast
import re
import warnings
from typing import IO, Any

import numpy as np

from pellucid.errors import DataError
from pellucid.text import counted, truncated

_MAGIC = b"\x93NUMPY"
_LENGTH_BYTES = {1: 2, 2: 4, 3: 4}  # of the header's length, by the format's version
_LONGEST = 10_000  # bytes of a header; NumPy reads no longer ones either
_DIMENSIONS = 32
_KEYS = {"descr", "fortran_order", "shape"}

# Byte order, kind and size of a plain type, such as <f4; |O, and lists for records, are none.
_PLAIN = re.compile(r"[<>|=]?(?:\?|[biufcSU][0-9]{1,9})")


def read_header(stream: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read up to an array's first value.

    Args:
        stream: The file, at its beginning.
        name: What it is called in messages.

    Returns:
        The array's shape, whether it is stored column by column (Fortran's order), and its type:
        truth values, numbers or texts.

    Raises:
        DataError: It is no such file, or holds Python objects or records.
    """
    start = stream.read(8)
    if len(start) < 8 or start[:6] != _MAGIC:
        raise DataError(
            f"{name}: damaged or cut short (no array in NumPy's format, .npy); make or get the "
            f"file again"
        )
    if start[6] not in _LENGTH_BYTES:
        raise DataError(f"{name} has the unknown version {start[6]}.{start[7]}; save it again")
    length = int.from_bytes(stream.read(_LENGTH_BYTES[start[6]]), "little")
    if length > _LONGEST:
        raise _unreadable(name, f"it has {length} bytes, at most {_LONGEST} are read")
    text = stream.read(length)
    if len(text) < length:
        raise _unreadable(name, f"cut short after {counted(len(text), 'byte')} of {length}")
    found = _evaluated(text, name)
    shape, fortran, kind = (found[key] for key in ("shape", "fortran_order", "descr"))
    if (
        not isinstance(shape, tuple)
        or len(shape) > _DIMENSIONS
        or not all(type(side) is int and 0 <= side < 1 << 63 for side in shape)
    ):
        raise _unreadable(name, f"its shape is {shape!r:.80}")
    if not isinstance(fortran, bool):
        raise _unreadable(name, f"its fortran_order is {fortran!r:.80}")
    if not isinstance(kind, str) or not _PLAIN.fullmatch(kind):
        if isinstance(kind, str) and "O" in kind:
            raise DataError(
                f"{name} holds Python objects, which are never loaded; save plain arrays "
                f"(integers, or texts of type U)"
            )
        raise DataError(
            f"{name} holds values of type {truncated(repr(kind))}; expected numbers, or texts of "
            "type U"
        )
    try:
        return shape, fortran, np.dtype(kind)
    except (TypeError, ValueError) as error:
        raise _unreadable(name, f"its type is {kind}") from error


def _evaluated(text: bytes, name: str) -> dict[str, Any]:
    """The header's dictionary; a literal alone, so that nothing is executed."""
    plain = re.sub(rb"([0-9])L\b", rb"\1", text)  # long integers of Python 2
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd escapes in texts
            found = ast.literal_eval(plain.decode("utf-8").strip())
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise _unreadable(name, f"it begins with {text[:20]!r}") from error
    if not isinstance(found, dict) or found.keys() != _KEYS:
        raise _unreadable(name, f"it begins with {text[:20]!r}")
    return found


def _unreadable(name: str, reason: str) -> DataError:
    return DataError(
        f"{name}: damaged or cut short (in its header: {truncated(reason)}); make or get the file "
        "again"
    )
