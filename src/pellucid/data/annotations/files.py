"""What readers of annotations share: folders by name, pictures by name, files of a bounded size."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from pellucid.data.decode import unreadable
from pellucid.data.layout import PARTS, has_pictures
from pellucid.data.picture_files import is_folder, is_hidden, is_picture
from pellucid.data.walk import visible_files
from pellucid.errors import DataError
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

PICTURE_FOLDERS = ("jpegimages", "images", "image", "imgs", "img", "pictures", "photos", "data")
"""What the folder of pictures is called beside one of annotations, in lower case."""

_START = 4096  # bytes


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder that are not hidden, by name; none where it cannot be listed.

    Nothing else is asked of them: where folders are classes they hold very many files.
    """
    try:
        with os.scandir(folder) as listing:
            names = [e.name for e in listing if not is_hidden(e.name) and is_folder(e)]
    except (OSError, ValueError):  # reading it says so
        return []
    return [folder / name for name in sorted(names)]


def folder_called(root: Path, names: Sequence[str]) -> Path | None:
    """The folder of one of some names, in any case; of several the first name's."""
    by_name = {folder.name.casefold(): folder for folder in folders_in(root)}
    return next((by_name[name] for name in names if name in by_name), None)


def part_called(name: str) -> str | None:
    """The part that a name means, such as ``train``, ``train2017`` or ``valid``; else None."""
    return PARTS.get(re.sub(r"[\d_-]+$", "", name.casefold()))


def part_within(name: str) -> str | None:
    """The part of which the word is in a name, such as ``instances_val2017``; else None."""
    words = re.split(r"[^a-z]+", name.casefold())
    return next((PARTS[word] for word in words if word in PARTS), None)


def inner_note(folder: Path, used: Collection[Path], root: Path) -> tuple[str, ...]:
    """A line on folders in one of pictures that are not read, none where there are none.

    Args:
        folder: The folder of pictures.
        used: Folders that are read.
        root: The folder of the data.
    """
    left = [each for each in folders_in(folder) if each not in used and has_pictures(each)]
    if not left:
        return ()
    more = f" and {len(left) - 1} more" if len(left) > 1 else ""
    return (f"left out, folders of pictures without annotations: {relative(left[0], root)}{more}",)


def pictures_by_stem(folder: Path) -> dict[str, Path]:
    """The pictures of a folder by their names without endings; of several the first by name."""
    found: dict[str, Path] = {}
    for file in visible_files(folder):
        if is_picture(file):
            found.setdefault(file.stem, file)
    return found


def relative(path: Path, root: Path) -> str:
    """A path relative to the folder of the data."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def begins(file: Path) -> bytes:
    """The first bytes of a file; none of one that cannot be read."""
    try:
        with file.open("rb") as stream:
            return stream.read(_START)
    except (OSError, ValueError):
        return b""


def read_text(file: Path, most: int) -> bytes:
    """The content of a file.

    Raises:
        DataError: It cannot be read, or has more bytes than ``most``.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(most + 1)
    except (OSError, ValueError) as error:
        raise unreadable(file, error) from error
    if len(content) > most:
        raise DataError(
            f"{printable(file)}: more than {most >> 20} MiB; expected annotations, a few KiB a "
            "picture"
        )
    return content
