"""Go through folders: hidden files skipped, links followed only where they stay inside.

- A hidden entry (its name begins with a dot) and what systems put beside pictures
  (``__MACOSX``, ``Thumbs.db`` and the like) is passed over.
- A symbolic link is followed if what it names lies inside the root folder. A link to a folder that
  holds the link, or that is read anyway, is not followed, so that every walk ends and no picture is
  met twice on the way down.
- What is neither a file nor a folder (a pipe, a device) is never opened.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from pellucid.data.names import shown
from pellucid.errors import DataError

_CLUTTER = frozenset({"__MACOSX", "@eaDir", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Entries:
    """What lies in a folder and is not hidden, by name.

    Attributes:
        folders: Folders, and links to folders.
        files: Files, links to files, and links to nothing.
        left_out: Links that lead out of the root, and what is neither file nor folder.
    """

    folders: list[Path] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    left_out: list[Path] = field(default_factory=list)


@dataclass(frozen=True)
class Below:
    """What lies anywhere below a folder.

    Attributes:
        files: Files, in the order of the names of folders and files.
        left_out: As in :class:`Entries`.
        unlisted: Folders that cannot be listed, each with the reason.
    """

    files: list[Path]
    left_out: list[Path]
    unlisted: list[tuple[Path, DataError]]


def visible_entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the folders and the files of a folder that are not hidden, wherever links lead.

    Raises:
        DataError: The folder cannot be listed.
    """
    found = entries(folder, None)
    return found.folders, found.files


def entries(folder: Path, root: Path | None) -> Entries:
    """Return what lies in a folder, as far as links stay inside ``root``, if there is one.

    Raises:
        DataError: The folder cannot be listed.
    """
    found = Entries()
    try:
        with os.scandir(folder) as listing:
            listed = sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(
            f"{shown(folder)}: the folder cannot be listed ({error.strerror})"
        ) from error
    for entry in listed:
        if entry.name.startswith(".") or entry.name in _CLUTTER:
            continue
        path = folder / entry.name
        link = entry.is_symlink()
        if link and root is not None and not is_inside(path, root):
            found.left_out.append(path)
        elif _is_folder(entry):
            if not link or not _holds(path, folder):
                found.folders.append(path)
        elif entry.is_file(follow_symlinks=False) or (link and _is_file_or_nothing(path)):
            found.files.append(path)
        else:
            found.left_out.append(path)
    return found


def files_below(folder: Path, root: Path) -> Below:
    """Return every file below a folder, at any depth, as far as links stay inside ``root``."""
    below = Below([], [], [])
    top = os.path.realpath(folder)
    seen = {top}
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            found = entries(current, root)
        except DataError as error:
            below.unlisted.append((current, error))
            continue
        below.files.extend(found.files)
        below.left_out.extend(found.left_out)
        for deeper in reversed(found.folders):
            real = os.path.realpath(deeper)
            is_link = deeper.is_symlink()
            if real in seen or (is_link and Path(real).is_relative_to(top)):
                continue
            seen.add(real)
            waiting.append(deeper)
    below.files.sort(key=lambda file: file.parts)
    return below


def is_inside(path: Path, root: Path) -> bool:
    """Return whether a path, all links followed, names something inside a folder.

    Raises:
        ValueError: The path holds a zero byte.
    """
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def _holds(link: Path, folder: Path) -> bool:
    """Return whether a link leads to a folder that holds the link itself."""
    return Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(link))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_file_or_nothing(link: Path) -> bool:
    try:
        return link.is_file() or not link.exists()
    except (OSError, RuntimeError):  # a link to itself: whoever opens it says so
        return True
