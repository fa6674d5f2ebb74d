"""List the picture files of a source, whatever it is, without decoding any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.folder import PictureFolder, scan_folder
from pellucid.data.idx_folder import find_idx_files
from pellucid.data.locate import located
from pellucid.data.names import shown
from pellucid.data.table import TABLE_SUFFIXES, scan_table
from pellucid.errors import DataError

if TYPE_CHECKING:
    import os
    from pathlib import Path


def listing(source: str | os.PathLike[str]) -> PictureFolder:
    """Return every picture file of a folder or of a CSV file, with class and part.

    Args:
        source: A folder with one folder per class, divided into parts or not; or a CSV file of
            ``path,label`` (see :func:`pellucid.data.load`).

    Returns:
        The files by part. None is decoded: they may be no pictures.

    Raises:
        DataError: There is no such source, or it is none of picture files.
    """
    path = located(source)
    if not is_of_pictures(path):
        raise DataError(f"{shown(path)}: arrays; expected a folder of picture files or a CSV file")
    return scanned(path)


def is_of_pictures(path: Path) -> bool:
    """Return whether a path that was located is of picture files, not of arrays."""
    return path.suffix.lower() in TABLE_SUFFIXES if path.is_file() else not find_idx_files(path)


def scanned(path: Path) -> PictureFolder:
    """Return the picture files of a path that was located and is of picture files."""
    return scan_table(path) if path.is_file() else scan_folder(path)
