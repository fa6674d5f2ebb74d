"""Go through folders of pictures: hidden files skipped, links followed, loops cut.

- What is hidden, or put beside pictures by systems, is passed over
  (:func:`pellucid.data.picture_files.is_hidden`).
- What Pellucid wrote (:mod:`pellucid.data.ours`) is no data; it is listed apart.
- Symbolic links are followed, also out of the folder, as people link pictures from a store. A link
  to a folder that holds the link is a loop and not followed; nor is a folder below a class read
  twice. So every walk ends, and no picture is met twice on the way down.
- What is neither a file nor a folder (a pipe, a device) is never opened.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pellucid.data.ours import is_drawing, own_folder
from pellucid.data.picture_files import SUFFIXES, is_folder, is_hidden
from pellucid.errors import DataError
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path


class UnlistedError(DataError):
    """A folder cannot be listed."""


@dataclass
class Passed:
    """What a walk met besides pictures and folders to read, by reason.

    Attributes:
        ours: What Pellucid wrote: the path, and what it is.
        loops: Links to a folder that holds them, or that is read anyway.
        broken: Links to nothing that are not named as pictures are.
        special: Pipes and devices.
        outside: Links that lead out of the root; these were followed.
    """

    ours: list[tuple[Path, str]] = field(default_factory=list)
    loops: list[Path] = field(default_factory=list)
    broken: list[Path] = field(default_factory=list)
    special: list[Path] = field(default_factory=list)
    outside: list[Path] = field(default_factory=list)

    def add(self, other: Passed) -> None:
        """Append what another walk met."""
        for name, found in vars(other).items():
            getattr(self, name).extend(found)


@dataclass(frozen=True)
class Entries:
    """What is in a folder and not hidden, by name.

    Attributes:
        folders: Folders, and links to folders.
        files: Files, links to files, and links to nothing that are named as pictures are.
        passed: What else is there.
    """

    folders: list[Path] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    passed: Passed = field(default_factory=Passed)


@dataclass(frozen=True)
class Below:
    """What is anywhere below a folder.

    Attributes:
        files: Files, in the order of the names of folders and files.
        passed: As in :class:`Entries`.
        unlisted: Folders that cannot be listed, each with the reason.
    """

    files: list[Path]
    passed: Passed
    unlisted: list[tuple[Path, UnlistedError]]


def visible_files(folder: Path) -> list[Path]:
    """Return the files of a folder that are not hidden, by name.

    Raises:
        DataError: The folder cannot be listed.
    """
    return [
        folder / entry.name
        for entry in _listed(folder)
        if not is_hidden(entry.name) and not is_folder(entry)
    ]


def entries(folder: Path, root: Path, *, may_hold_runs: Container[str] = ()) -> Entries:
    """Return what is in a folder.

    Args:
        folder: The folder.
        root: The folder of the data, for what leads out of it.
        may_hold_runs: Names of folders, in lower case, in which a run may lie beside class folders.

    Raises:
        DataError: The folder cannot be listed, or one in it holds a run beside pictures.
    """
    found = Entries()
    passed = found.passed
    real_root = os.path.realpath(root)
    for entry in _listed(folder):
        if is_hidden(entry.name):
            continue
        path = folder / entry.name
        link = entry.is_symlink()
        if is_folder(entry):
            if link and _holds(path, folder):
                passed.loops.append(path)
                continue
            kind = own_folder(path, refuse_mixed=path.name.casefold() not in may_hold_runs)
            if kind is not None:
                passed.ours.append((path, kind))
                continue
            found.folders.append(path)
        elif entry.is_file(follow_symlinks=False) or (link and _is_file_or_nothing(path)):
            if is_drawing(path):
                passed.ours.append((path, "a drawing"))
                continue
            if link and not _exists(path) and path.suffix.lower() not in SUFFIXES:
                passed.broken.append(path)
                continue
            found.files.append(path)
        else:
            passed.special.append(path)
            continue
        if link and not _is_inside(path, real_root):
            passed.outside.append(path)
    return found


def files_below(folder: Path, root: Path) -> Below:
    """Return every file below a folder, at any depth; ``root`` is the folder of the data."""
    below = Below([], Passed(), [])
    top = os.path.realpath(folder)
    real_root = os.path.realpath(root)
    seen = {top}
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            found = entries(current, root)
        except UnlistedError as error:
            below.unlisted.append((current, error))
            continue
        below.files.extend(found.files)
        below.passed.add(found.passed)
        first = len(waiting)
        for deeper in found.folders:
            real = os.path.realpath(deeper)
            link = deeper.is_symlink()
            if real in seen or (link and (_contains(real, real_root) or _contains(top, real))):
                if link:
                    below.passed.loops.append(deeper)
                continue
            seen.add(real)
            waiting.insert(first, deeper)  # the first of them is the next
    below.files.sort(key=lambda file: file.parts)
    return below


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as listing:
            return sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        raise UnlistedError(
            f"{printable(folder)}: the folder cannot be listed ({error.strerror})"
        ) from error


def _is_inside(path: Path, real_folder: str) -> bool:
    return _contains(real_folder, os.path.realpath(path))


def _holds(link: Path, folder: Path) -> bool:
    """Return whether a link leads to a folder that holds the link itself."""
    return _contains(os.path.realpath(link), os.path.realpath(folder))


def _contains(real_folder: str, real: str) -> bool:
    """Return whether a path is a folder or lies below it; both with all links followed."""
    return real == real_folder or real.startswith(real_folder.rstrip(os.sep) + os.sep)


def _exists(link: Path) -> bool:
    try:
        return link.exists()
    except (OSError, RuntimeError):  # a link to itself
        return False


def _is_file_or_nothing(link: Path) -> bool:
    try:
        return link.is_file() or not link.exists()
    except (OSError, RuntimeError):  # a link to itself: opening it says so
        return True
