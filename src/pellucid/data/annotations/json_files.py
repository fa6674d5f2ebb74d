"""Lists in JSON: their values, the keys of entries, and names of pictures."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pellucid.data.annotations.files import read_text
from pellucid.errors import DataError
from pellucid.text import brief_repr, printable

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 1 << 30
"""Bytes of a JSON file."""


def read_json(file: Path) -> Any:
    """The values of a file.

    Raises:
        DataError: It cannot be read, has more bytes than :data:`LARGEST`, or is no JSON.
    """
    try:
        return json.loads(read_text(file, LARGEST).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # of which UnicodeDecodeError is one
        raise DataError(
            f"{printable(file)}: no JSON that can be read ({printable(str(error))[:80]}); save it "
            "again, with the encoding UTF-8"
        ) from error


def value_of(entry: object, key: str, place: str) -> Any:
    """The value of an entry's key.

    Raises:
        DataError: The entry has none; the place is named.
    """
    if not isinstance(entry, dict) or key not in entry:
        raise DataError(f"{place}: {brief_repr(entry)} has no {key}")
    return entry[key]


def identity_of(entry: object, key: str, place: str) -> int | str:
    """The value of an entry's key, where it is one that others name it by.

    Raises:
        DataError: It is no integer and no text; the place is named.
    """
    value = value_of(entry, key, place)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise DataError(f"{place}: {key} is {brief_repr(value)}; expected an integer or a text")
    return value


def name_within(name: object, key: str, place: str) -> PurePosixPath:
    """The name of a picture, which lies in the folder of the data.

    Args:
        name: As it is written, with slashes of either kind.
        key: What it is the value of.
        place: Where it is written.

    Raises:
        DataError: It names no file, or leads out of the folder; the place is named.
    """
    plain = PurePosixPath(name.replace("\\", "/") if isinstance(name, str) else "")
    if not isinstance(name, str) or not plain.name.strip() or "\0" in name:
        raise DataError(f"{place}: {key} is {brief_repr(name)}; expected the name of a file")
    if plain.is_absolute() or ".." in plain.parts or ":" in plain.parts[0]:
        raise DataError(
            f"{place}: {key} {printable(name)} leads out of the folder of the data; expected a "
            "name in it"
        )
    return plain
