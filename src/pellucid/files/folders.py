"""Folders for results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.data.names import shown
from pellucid.errors import OutputError

if TYPE_CHECKING:
    import os


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Make a folder, and those above it, where they are not there yet.

    Raises:
        OutputError: If that cannot be done.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        if folder.is_file():
            reason = "a file of that name is in the way"
        raise OutputError(
            f"{shown(folder)}: the folder cannot be made: {shown(reason)}; choose another"
        ) from error
    return folder
