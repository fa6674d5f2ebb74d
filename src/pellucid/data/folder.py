"""Find the pictures of a folder: ``root/<class>/…`` or ``root/<part>/<class>/…``, at any depth.

Which files count as pictures, the one rule for all folders:

- a file whose name ends as pictures' names do (:data:`SUFFIXES`, in any case) is to be one: if its
  content then is none, it is a bad file;
- a file whose name has no ending is one if its content begins as a picture;
- any other file is left out, and told.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.data.decode import begins_as_picture
from pellucid.data.decoded import PictureFile
from pellucid.data.names import counted, listed, shown
from pellucid.data.quarantine import BadFile
from pellucid.data.walk import entries, files_below
from pellucid.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

PARTS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
"""What parts are called, in lower case, and which part each means."""

SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif"}
    | {".webp", ".bmp", ".dib", ".gif", ".tif", ".tiff"}
)
"""Endings, in lower case, by which pictures are found in a folder."""


@dataclass(frozen=True)
class PictureFolder:
    """What picture files there are, in the order of names, before any is decoded.

    Attributes:
        root: The folder.
        classes: Names of all classes of all parts, sorted.
        parts: The files, by part: ``train``, ``validation``, ``test`` as far as they are there, or
            only ``all`` where the folder is not divided.
        notes: One line each on what was left out.
        bad: Folders below the classes' that cannot be listed.
    """

    root: Path
    classes: tuple[str, ...]
    parts: dict[str, tuple[PictureFile, ...]]
    notes: tuple[str, ...]
    bad: tuple[BadFile, ...] = ()


def scan_folder(root: Path) -> PictureFolder:
    """List the picture files of a folder by part and class, without decoding any.

    Class names are the folders' names (in Unicode's composed form, so that they are the same on
    every system). How links and hidden files are treated stands in :mod:`pellucid.data.walk`.

    Raises:
        DataError: The folder cannot be listed, is empty, has no class folders, or its layout can be
            read in two ways.
    """
    here = entries(root, root)
    if not here.folders:
        raise DataError(f"{shown(root)}: {_no_folders(root, here.files)}")
    misplaced = [file for file in here.files if _is_picture(file)]
    foreign: list[Path] = []
    unfollowed = list(here.left_out)
    parts: dict[str, tuple[PictureFile, ...]] = {}
    bad: list[BadFile] = []
    classes: set[str] = set()
    for part, folder in _parts(root, here.folders).items():
        inside = entries(folder, root)
        if folder != root:
            misplaced += [file for file in inside.files if _is_picture(file)]
            unfollowed += inside.left_out
        names = _class_names(folder, inside.folders)
        classes.update(names)
        files: list[PictureFile] = []
        for class_name, class_folder in zip(names, inside.folders, strict=True):
            below = files_below(class_folder, root)
            unfollowed += below.left_out
            bad += [
                BadFile(f"{_name(path, root)}/", _reason(path, error), class_name, part)
                for path, error in below.unlisted
            ]
            for file in below.files:
                if _is_picture(file):
                    files.append(PictureFile(file, _name(file, root), class_name, part))
                else:
                    foreign.append(file)
        parts[part] = tuple(files)
    notes = (
        *_left_out("pictures that are in no class folder", misplaced, root),
        *_left_out("files that are no pictures", foreign, root),
        *_left_out("links out of the folder, and what is no file", unfollowed, root),
    )
    return PictureFolder(root, tuple(sorted(classes)), parts, notes, tuple(bad))


def valid_class_name(name: str) -> str | None:
    """Return a class name in Unicode's composed form; None if it holds bytes that are no text."""
    composed = unicodedata.normalize("NFC", name)
    return None if any("\ud800" <= letter <= "\udfff" for letter in composed) else composed


def _parts(root: Path, folders: list[Path]) -> dict[str, Path]:
    """Return the folder of each part, or ``{"all": root}`` where the folders are classes."""
    named = [folder for folder in folders if folder.name.casefold() in PARTS]
    divided = [folder for folder in named if entries(folder, root).folders]
    others = [folder for folder in folders if folder not in named]
    if divided and others:
        raise DataError(
            f"{shown(root)}: {shown(divided[0].name)}/ holds class folders, and "
            f"{listed([folder.name for folder in others])} lies beside it; expected either parts "
            f"(train, validation, test) or classes: move what does not belong"
        )
    if others or not named:
        return {"all": root}
    parts: dict[str, Path] = {}
    for folder in named:
        if folder not in divided:
            raise DataError(f"{shown(folder)}: no class folders; {_layout(folder)}")
        part = PARTS[folder.name.casefold()]
        if part in parts:
            raise DataError(
                f"{shown(root)}: {shown(parts[part].name)}/ and {shown(folder.name)}/ are both the "
                f"{part} part; keep one"
            )
        parts[part] = folder
    return parts


def _no_folders(root: Path, files: list[Path]) -> str:
    pictures = sum(_is_picture(file) for file in files)
    found = f"{counted(pictures, 'picture')} but no class folders" if pictures else "no pictures"
    tables = [file for file in files if file.suffix.lower() == ".csv"]
    table = f" (if {shown(tables[0].name)} lists the labels, give its path)" if tables else ""
    return f"{found}; {_layout(root)}{table}"


def _layout(root: Path) -> str:
    cat, dog = shown(root / "cat" / "1.jpg"), shown(root / "dog" / "2.jpg")
    return f"expected one folder per class with its pictures, such as {cat} and {dog}"


def _is_picture(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES or (not file.suffix and begins_as_picture(file))


def _class_names(folder: Path, class_folders: list[Path]) -> list[str]:
    names: list[str] = []
    for class_folder in class_folders:
        name = valid_class_name(class_folder.name)
        if name is None:
            raise DataError(
                f"{shown(class_folder)}: the name of a class must be valid Unicode; rename the "
                f"folder"
            )
        if name in names:
            raise DataError(
                f"{shown(folder)}: two folders are named {shown(name)}, written with different "
                f"Unicode characters; put their pictures into one"
            )
        names.append(name)
    return names


def _name(path: Path, root: Path) -> str:
    # path.relative_to(root).as_posix(), in fewer steps
    return "/".join(path.parts[len(root.parts) :])


def _reason(path: Path, error: DataError) -> str:
    return str(error).removeprefix(f"{shown(path)}: ")


def _left_out(what: str, paths: list[Path], root: Path) -> tuple[str, ...]:
    if not paths:
        return ()
    others = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return (f"left out, {what}: {shown(_name(paths[0], root))}{others}",)
