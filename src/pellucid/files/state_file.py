"""The state file: arrays by name and one JSON object, kept bit by bit.

For whatever has to be taken up again exactly where it was left: a training's weights, the memory of
its optimizer, the state of its random numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pellucid.errors import FileFormatError
from pellucid.files.atomic import write_file
from pellucid.files.container import Contents, pack, unpack
from pellucid.text import printable

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.files.strict_json import JSON

KIND = "state"
FORMAT = 1
"""The version of the format that is written, and the newest that is read."""


def save_state(
    path: str | os.PathLike[str],
    arrays: Mapping[str, NDArray[Any]],
    values: Mapping[str, object],
    *,
    keep: str | os.PathLike[str] | None = None,
) -> None:
    """Write a state; an earlier file is replaced whole or not at all.

    Args:
        path: Where.
        arrays: By name; bool, integers or floats of 16 to 64 bits (integers also 8), of any shape,
            and any values: NaN too is kept bit by bit.
        values: What is not an array; finite numbers only.
        keep: Another name in the same folder, under which the earlier state lives on.

    Raises:
        ArgumentError: If an array is of another type, or the values are not JSON.
        OutputError: If the file cannot be written.
    """
    # pack checks that the values are JSON
    document = {"values": cast("JSON", dict(values))}
    write_file(path, pack(KIND, FORMAT, Contents(document, dict(arrays))), keep=keep)


def load_state(path: str | os.PathLike[str]) -> tuple[dict[str, NDArray[Any]], dict[str, JSON]]:
    """Read a state.

    Returns:
        The arrays, and the values (tuples have become lists).

    Raises:
        DataError: There is no such file, it is a folder, or the system does not let us read it.
        FileFormatError: It is empty, cut short, damaged, not a state of Pellucid, or written by a
            newer version.
    """
    contents = unpack(path, KIND, FORMAT)
    values = contents.document.get("values")
    if contents.document.keys() != {"values"} or not isinstance(values, dict):
        raise FileFormatError(
            f"{printable(path)}: is no valid training state: expected an object of values; make it "
            "again"
        )
    return contents.arrays, values
