"""Folders for results."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from pellucid.errors import OutputError
from pellucid.files.atomic import check_writable
from pellucid.text import printable


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
            f"{printable(folder)}: the folder cannot be made: {printable(reason)}; choose another"
        ) from error
    return folder


def check_inside(path: Path, folder: Path) -> None:
    """Check that what is written at a path stays in a folder, whatever links lie on the way.

    A folder of runs may come from somebody else; a link in it could have any file replaced.

    Raises:
        OutputError: If it leads elsewhere.
    """
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise OutputError(
            f"{printable(path)}: is a link to what is not in {printable(folder)}; remove the link; "
            "nothing was changed"
        )


def try_folder(path: str | os.PathLike[str], name: str) -> None:
    """Check that a folder can be made and written in, and leave everything as it was.

    Args:
        path: The folder.
        name: What will be written in it, for the message.

    Raises:
        OutputError: If it cannot.
    """
    folder = Path(path)
    absent = [place for place in (folder, *folder.parents) if not _exists(place)]
    try:
        check_writable(make_folder(folder) / name)
    finally:
        for place in absent:
            with suppress(OSError, ValueError):
                place.rmdir()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # making it says why not
        return True
