"""The container of all binary files: a safetensors file with one sealed JSON text.

A safetensors file is a length, a JSON header, and the arrays' bytes. Ours carries in the header's
metadata, under the one key ``pellucid``, a JSON text: ``kind`` (``model`` or ``state``), ``format``
(a version), ``checksum`` (SHA-256 over the rest of the text and every array), and what belongs to
the kind. Any safetensors reader opens it; nothing in it is ever executed.

The safetensors library reads and writes the container itself; :mod:`pellucid.files.header`
guards it.
"""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.decode import unreadable
from pellucid.errors import ArgumentError, DataError, FileFormatError
from pellucid.files import strict_json
from pellucid.files.header import (
    DTYPES,
    KEY,
    LARGEST_HEADER,
    damaged,
    header_length,
    read_checked,
    read_header,
)
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.files.strict_json import JSON

NAMES = {"model": "model", "state": "training state", "features": "file of features"}
"""What each kind of file is called in messages."""

_ENVELOPE = {"kind", "format", "checksum"}


@short_repr
@dataclass(frozen=True, eq=False)
class Contents:
    """What a file holds.

    Attributes:
        document: Its JSON text's values, without kind, format and checksum.
        arrays: Its arrays by name, each its own memory, in C order.
        version: Of the format that it was read in; 0 for what is to be written.
    """

    document: dict[str, JSON]
    arrays: dict[str, NDArray[Any]]
    version: int = 0


def pack(kind: str, version: int, contents: Contents) -> bytes:
    """The bytes of a file; the same contents give the same bytes.

    Raises:
        ArgumentError: If the document is not JSON or too long, or an array is of a type that the
            format does not have, or its name is not printable text.
    """
    from safetensors.numpy import save

    strict_json.check(contents.document, "document")
    # safetensors takes an array's memory as it lies; asarray also makes it contiguous.
    arrays = {name: np.asarray(array, order="C") for name, array in contents.arrays.items()}
    for name, array in arrays.items():
        if not name.isprintable() or name in ("", "__metadata__"):
            raise ArgumentError(f"an array cannot be called {name!r:.80}; choose printable text")
        if array.dtype.name not in DTYPES.values():
            raise ArgumentError(
                f"array {name!r:.80} is of type {array.dtype}; expected one of "
                f"{', '.join(DTYPES.values())}"
            )
    document: dict[str, JSON] = {**contents.document, "kind": kind, "format": version}
    document["checksum"] = checksum(document, arrays)
    text = strict_json.canonical(document)
    data = save(arrays, {KEY: text.decode("ascii")})
    if (length := header_length(data)) > LARGEST_HEADER:
        raise ArgumentError(
            f"the {NAMES[kind]}'s description takes {length} bytes, at most {LARGEST_HEADER} are "
            "allowed; keep less in it"
        )
    return data


def unpack(path: str | os.PathLike[str], kind: str, version: int) -> Contents:
    """Read a file of one kind and version, and compare its checksum.

    Raises:
        DataError: There is no such file, it is a folder, or the system does not let us read it.
        FileFormatError: It is empty, cut short, damaged, not a safetensors file, a safetensors file
            of another program, of another kind, or of a newer version.
    """
    return _contents(*read_checked(Path(path)), printable(path), kind, version)


def unpack_bytes(data: bytes, name: str, kind: str, version: int) -> Contents:
    """Read the bytes of a file as :func:`unpack` does.

    Args:
        data: The file's bytes.
        name: What they are called in messages.
        kind: The kind of file.
        version: The newest version that can be read.

    Raises:
        FileFormatError: As :func:`unpack`.
    """
    header = read_header(io.BytesIO(data), len(data), name)
    return _contents(data, header, name, kind, version)


def _contents(data: bytes, header: dict[str, Any], name: str, kind: str, version: int) -> Contents:
    document = _document(header, name)
    found = document.get("kind")
    if found != kind:
        what = NAMES.get(found, "file of an unknown kind") if isinstance(found, str) else "file"
        raise FileFormatError(f"{name}: is a Pellucid {what}; expected a {NAMES[kind]}")
    written = _version(document, name, version)
    arrays = _arrays(data, header, name)
    sealed = document.pop("checksum", None)
    if sealed != checksum(document, arrays):
        raise damaged(name, "its content does not match its checksum")
    own = {key: value for key, value in document.items() if key not in _ENVELOPE}
    return Contents(own, arrays, written)


def _version(document: Mapping[str, JSON], name: str, newest: int) -> int:
    """A file's version, at most the newest that can be read."""
    written = document.get("format")
    if type(written) is not int or written < 1:
        raise damaged(name, f"format {written!r:.80} is no version number")
    if written > newest:
        raise FileFormatError(
            f"{name}: written by a newer Pellucid (format {written}, this one reads "
            f"{newest}): upgrade Pellucid"
        )
    return written


def peek(path: Path, kind: str, version: int) -> dict[str, JSON]:
    """What a file of one kind says of itself; its arrays are not read, its checksum not compared.

    Args:
        path: Where it is.
        kind: The kind of file.
        version: The newest version that can be read.

    Raises:
        DataError: There is no such file, or the system does not let us read it.
        FileFormatError: Its header is damaged, or it is not a file of that kind, or of a newer
            version.
    """
    name = printable(path)
    try:
        if not path.is_file():
            raise DataError(f"{name}: is no file; expected a {NAMES[kind]}")
        with path.open("rb") as stream:
            header = read_header(stream, os.fstat(stream.fileno()).st_size, name)
    except OSError as error:
        raise unreadable(path, error) from error
    document = _document(header, name)
    if document.get("kind") != kind:
        raise FileFormatError(f"{name}: is no Pellucid {NAMES[kind]}; make it again")
    _version(document, name, version)
    return document


def checksum(document: Mapping[str, JSON], arrays: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 over a document and arrays, 64 hex digits; the order of names does not count."""
    digest = hashlib.sha256(strict_json.canonical(dict(document)))
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(strict_json.canonical([name, array.dtype.name, list(array.shape)]))
        digest.update(array.astype(array.dtype.newbyteorder("<"), copy=False).reshape(-1).data)
    return digest.hexdigest()


def _document(header: dict[str, Any], name: str) -> dict[str, JSON]:
    text = header["__metadata__"][KEY]
    try:
        document = strict_json.parse(text.encode("utf-8")) if isinstance(text, str) else None
    except ValueError as error:
        raise damaged(name, f"its description is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise damaged(name, "its description is not a JSON object")
    return document


def _arrays(data: bytes, header: dict[str, Any], name: str) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(data)
    except (SafetensorError, LookupError, TypeError, ValueError) as error:
        raise damaged(name, str(error)) from error
    except MemoryError as error:
        raise DataError(f"{name}: not enough memory to read it") from error
    if arrays.keys() != header.keys() - {"__metadata__"}:
        raise damaged(name, "its header can be read in two ways")
    return arrays
