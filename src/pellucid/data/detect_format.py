"""Find what a user means by a path: which kind of data lies there, or which name is nearest."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from pellucid.data.annotations.recognise import ANNOTATION_SUFFIXES
from pellucid.data.decode import unreadable
from pellucid.data.npz import ARRAYS_SUFFIX
from pellucid.data.table import TABLE_SUFFIXES
from pellucid.errors import ArgumentError, DataError
from pellucid.text import printable

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".7z", ".rar")

_FILES = (ARRAYS_SUFFIX, *TABLE_SUFFIXES, *ANNOTATION_SUFFIXES)

BUILTIN = ("mnist",)
"""Names of the data sets that ship with the package."""


def locate(source: str | os.PathLike[str]) -> Path:
    """Return the folder, CSV file or NumPy file that a source names.

    Raises:
        DataError: There is none; the nearest name is given.
        ArgumentError: The source is no path.
    """
    if not isinstance(source, (str, os.PathLike)):
        raise ArgumentError(
            f"data are given as {type(source).__name__}; expected the path of a folder, a CSV file "
            f"or a NumPy file (.npz), arrays by name, or the name of a built-in data set "
            f"({', '.join(BUILTIN)})"
        )
    if source == "":
        raise DataError("an empty name; expected the path of a folder, or a built-in data set")
    path = Path(source)
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
        nearest = [] if path.exists() else _nearest_names(path)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if is_folder or (is_file and path.suffix.lower() in _FILES):
        return path
    if is_file and path.name.lower().endswith(_ARCHIVES):
        raise DataError(
            f"{printable(path)}: an archive; unpack it, and give the folder of the pictures"
        )
    if is_file:
        raise DataError(
            f"{printable(path)}: a file; expected a folder, of pictures (one folder per class) or "
            "of IDX files named as MNIST's are, a CSV file of path,label, a NumPy file (.npz), "
            f"boxes as COCO's JSON or YOLO's data.yaml, or a built-in data set "
            f"({', '.join(BUILTIN)})"
        )
    guess = f"; did you mean {printable(nearest[0])}?" if nearest else ""
    raise DataError(
        f"{printable(path)}: neither a folder nor a built-in data set ({', '.join(BUILTIN)}){guess}"
    )


def _nearest_names(path: Path) -> list[str]:
    """Return the name most like a path's last part, of the built-in sets and what lies there."""
    parent = path.parent
    names = [entry.name for entry in parent.iterdir()] if parent.is_dir() else []
    by_lower_case = {name.lower(): name for name in (*sorted(names), *BUILTIN)}
    return [
        by_lower_case[m] for m in difflib.get_close_matches(path.name.lower(), by_lower_case, 1)
    ]
