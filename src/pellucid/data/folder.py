"""Find the pictures of a folder: ``root/<class>/*`` or ``root/<split>/<class>/*``."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.data.decode import SUFFIXES
from pellucid.data.names import counted, listed, shown
from pellucid.data.pictures import PictureFile
from pellucid.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True)
class PictureFolder:
    """What lies in a folder of pictures, in the order of names.

    Attributes:
        root: The folder.
        classes: Names of all class folders of all parts, sorted.
        parts: The files, by part: ``train``, ``validation``, ``test`` as far as they are there, or
            only ``all`` where the folder is not divided.
        notes: One line on everything that was left out.
    """

    root: Path
    classes: tuple[str, ...]
    parts: dict[str, tuple[PictureFile, ...]]
    notes: tuple[str, ...]


def scan_folder(root: Path) -> PictureFolder:
    """List the PNG and JPEG files of a folder by part and class, without opening any.

    Class names are the folders' names (in Unicode's composed form, so that they are the same on
    every system). Hidden files and folders are skipped.

    Raises:
        DataError: The folder cannot be listed, is empty, has no class folders, or its layout can be
            read in two ways.
    """
    folders, files = visible_entries(root)
    if not folders:
        pictures = sum(_is_picture(file) for file in files)
        found = (
            f"{counted(pictures, 'picture')} but no class folders" if pictures else "no pictures"
        )
        raise DataError(f"{shown(root)}: {found}; {_layout(root)}")
    left_out = [file for file in files if _is_picture(file)]
    parts: dict[str, tuple[PictureFile, ...]] = {}
    classes: set[str] = set()
    for part, folder in _parts(root, folders).items():
        class_folders, beside = visible_entries(folder)
        left_out += [file for file in beside if _is_picture(file) and folder != root]
        names = _class_names(folder, class_folders)
        classes.update(names)
        listed_here: list[PictureFile] = []
        for name, class_folder in zip(names, class_folders, strict=True):
            deeper, inside = visible_entries(class_folder)
            left_out += deeper + [file for file in inside if not _is_picture(file)]
            listed_here += [
                PictureFile(file, file.relative_to(root).as_posix(), name)
                for file in inside
                if _is_picture(file)
            ]
        parts[part] = tuple(listed_here)
    return PictureFolder(root, tuple(sorted(classes)), parts, _left_out(root, left_out))


def _parts(root: Path, folders: list[Path]) -> dict[str, Path]:
    """Return the folder of each part, or ``{"all": root}`` where the folders are classes."""
    named = [folder for folder in folders if folder.name.casefold() in _SPLITS]
    divided = [folder for folder in named if visible_entries(folder)[0]]
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
        part = _SPLITS[folder.name.casefold()]
        if part in parts:
            raise DataError(
                f"{shown(root)}: {shown(parts[part].name)}/ and {shown(folder.name)}/ are both the "
                f"{part} part; keep one"
            )
        parts[part] = folder
    return parts


def _layout(root: Path) -> str:
    cat, dog = shown(root / "cat" / "1.jpg"), shown(root / "dog" / "2.jpg")
    return f"expected one folder per class with its pictures, such as {cat} and {dog}"


def visible_entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the folders and the files of a folder that are not hidden, both by name.

    Raises:
        DataError: The folder cannot be listed.
    """
    folders: list[Path] = []
    files: list[Path] = []
    try:
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if not entry.name.startswith(".") and entry.name != "__MACOSX":
                (folders if entry.is_dir() else files).append(entry)
    except OSError as error:
        raise DataError(
            f"{shown(folder)}: the folder cannot be listed ({error.strerror})"
        ) from error
    return folders, files


def _is_picture(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES


def _class_names(folder: Path, class_folders: list[Path]) -> list[str]:
    names: list[str] = []
    for class_folder in class_folders:
        name = unicodedata.normalize("NFC", class_folder.name)
        if any("\ud800" <= letter <= "\udfff" for letter in name):
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


def _left_out(root: Path, paths: list[Path]) -> tuple[str, ...]:
    if not paths:
        return ()
    first = shown(paths[0].relative_to(root).as_posix())
    others = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    note = f"left out, no PNG or JPEG files directly in a class folder: {first}{others}"
    return (note,)
