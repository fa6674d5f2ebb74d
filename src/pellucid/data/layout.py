"""How folders of pictures are laid out: parts, classes, and what may have been meant instead."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.data.ours import is_drawing, own_folder
from pellucid.data.picture_files import is_folder, is_hidden, is_picture
from pellucid.errors import DataError
from pellucid.text import counted, folder_name, listed, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PARTS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "development": "validation",
    "eval": "validation",
    "evaluation": "validation",
    "test": "test",
    "testing": "test",
    "holdout": "test",
    "hold-out": "test",
    "hold_out": "test",
    "heldout": "test",
}
"""What parts are called, in lower case, and which part each means."""

_WEAK = frozenset({"dev", "development", "eval", "evaluation", "holdout", "hold-out", "hold_out"})
"""Names that mean a part only beside a part to train with."""

_CONTAINERS = frozenset(
    {"images", "image", "imgs", "img", "pictures", "photos", "jpegimages", "data", "dataset"}
)
"""Names of folders that hold all pictures, beside others of masks or annotations."""

_DEPTH = 6
_LOOKED_INTO = 200  # folders of which it is asked whether they hold pictures


def find_parts(root: Path, folders: list[Path]) -> tuple[dict[str, Path], list[Path]]:
    """Return the folder of each part, or ``{"all": root}`` where the folders are classes.

    Folders without any picture that lie beside parts are returned, too: they are left out.

    Raises:
        DataError: The layout can be read in two ways, or a part has no class folders.
    """
    strong = any(PARTS.get(folder.name.casefold()) == "train" for folder in folders)
    named = [
        folder
        for folder in folders
        if (name := folder.name.casefold()) in PARTS and (strong or name not in _WEAK)
    ]
    divided = [folder for folder in named if _folders(folder)]
    others = [folder for folder in folders if folder not in named]
    beside: list[Path] = []
    if divided:
        beside = [folder for folder in others if not has_pictures(folder)]
        others = [folder for folder in others if folder not in beside]
    if divided and others:
        raise DataError(
            f"{printable(root)}: {printable(divided[0].name)}/ holds class folders, and "
            f"{listed([folder.name for folder in others])} lies beside it; expected either parts "
            f"(train, validation, test) or classes: move what does not belong"
        )
    if others or not named:
        return {"all": root}, []
    parts: dict[str, Path] = {}
    for folder in named:
        if folder not in divided:
            raise DataError(
                f"{printable(folder)}: no class folders; {expected(folder)}; or move "
                f"{printable(folder)} elsewhere"
            )
        part = PARTS[folder.name.casefold()]
        if part in parts:
            raise DataError(
                f"{printable(root)}: {printable(parts[part].name)}/ and {printable(folder.name)}/ "
                f"are both the {part} part; keep one"
            )
        parts[part] = folder
    return parts, beside


def meant_below(folder: Path, classes: Sequence[Path]) -> str:
    """Ask ``did you mean …?`` where class folders are found one level down, or deeper.

    Args:
        folder: The folder that was read, or one of its parts.
        classes: Its folders.

    Returns:
        The question; empty if only one of the folders has pictures in folders of its own.
    """
    filled = list(islice((each for each in classes[:_LOOKED_INTO] if has_pictures(each)), 2))
    if len(filled) != 1:
        return ""
    inner = filled[0]
    for _ in range(_DEPTH):
        if any(map(is_picture, _files(inner))):
            return ""
        deeper = [each for each in _folders(inner)[:_LOOKED_INTO] if has_pictures(each)]
        if len(deeper) > 1:
            names = listed([each.name for each in deeper], 4)
            if folder.name.casefold() in PARTS:
                return (
                    f"{printable(inner)} holds the folders {names}: if these are the classes, move "
                    f"them into {printable(folder)}"
                )
            return f"did you mean {printable(inner)}? It holds {names}"
        if not deeper:
            return ""
        inner = deeper[0]
    return ""


def meant_above(root: Path, pictures: int) -> str:
    """Ask ``did you mean …?`` where a class folder was given in place of the folder above it."""
    if not pictures:
        return ""
    above = root.parent if root.name not in ("", "..") else root / ".."
    if root.name == "":
        above = Path("..") if not root.is_absolute() else root
    own = os.path.realpath(root)
    others = [each for each in _folders(above)[:_LOOKED_INTO] if os.path.realpath(each) != own]
    beside = [each for each in others if any(map(is_picture, _files(each)))]
    if not beside or 2 * len(beside) < len(others):
        return ""
    names = listed([folder_name(root), *(each.name for each in beside)], 4)
    return f"did you mean {printable(above)}? It holds {names}"


def inner_folders_note(classes: Sequence[Path]) -> tuple[str, ...]:
    """Return a remark where folders in class folders may be what is meant by classes.

    That is so in a folder ``images`` beside ``masks``, and where several class folders hold folders
    of the same names: these may be the classes, and the class folders parts, or the reverse.
    """
    if len(classes) < 2 or len(classes) > _LOOKED_INTO:
        return ()
    for each in classes:
        if each.name.casefold() in _CONTAINERS and not any(map(is_picture, _files(each))):
            inner_classes = [folder.name for folder in _folders(each) if has_pictures(folder)]
            if len(inner_classes) > 1:
                return (
                    (
                        f"{printable(each)} is taken for a class, and holds the folders "
                        f"{listed(inner_classes, 4)}: did you mean {printable(each)}?"
                    ),
                )
    common: set[str] | None = None
    for each in classes:
        inner = {folder.name for folder in _folders(each)}
        common = inner if common is None else common & inner
        if len(common) < 2:
            return ()
    names = listed(sorted(common or ()), 4)
    return (
        (
            f"every class folder holds folders named {names}, which are not told apart: if these "
            f"are the classes, or parts such as train and test, put them one level higher"
        ),
    )


def no_class_folders(root: Path, files: Sequence[Path]) -> str:
    """Say what is wrong with a folder without folders."""
    pictures = sum(map(is_picture, files))
    found = f"{counted(pictures, 'picture')} but no class folders" if pictures else "no pictures"
    tables = [file for file in files if file.suffix.lower() in (".csv", ".tsv")]
    table = f" (if {printable(tables[0].name)} lists the labels, give its path)" if tables else ""
    meant = meant_above(root, pictures)
    other = "; pictures without labels can train a generator: --task generation"
    end = f"{table}{other if pictures else ''}"
    return f"{found}; {meant + '; ' if meant else ''}{expected(root)}{end}"


def expected(root: Path) -> str:
    """Say how class folders are expected in a folder."""
    cat, dog = printable(root / "cat" / "1.jpg"), printable(root / "dog" / "2.jpg")
    return f"expected one folder per class with its pictures, such as {cat} and {dog}"


def has_pictures(folder: Path) -> bool:
    """Return whether there is a picture in a folder, at any depth, that Pellucid did not draw."""
    waiting, seen = [folder], 0
    while waiting and seen < _LOOKED_INTO:
        current = waiting.pop()
        seen += 1
        deeper = []
        for entry in _visible(current):
            path = current / entry.name
            if is_folder(entry):
                deeper.append(path)
            elif is_picture(path) and not is_drawing(path):
                return True
        waiting += [path for path in deeper if own_folder(path, refuse_mixed=False) is None]
    return bool(waiting)  # nobody makes that many folders for nothing


def _files(folder: Path) -> list[Path]:
    return [folder / entry.name for entry in _visible(folder) if not is_folder(entry)]


def _folders(folder: Path) -> list[Path]:
    """The folders in a folder, by name, as far as they may hold data."""
    found = sorted(entry.name for entry in _visible(folder) if is_folder(entry))
    return [
        folder / name for name in found if own_folder(folder / name, refuse_mixed=False) is None
    ]


def _visible(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as listing:
            yield from (entry for entry in listing if not is_hidden(entry.name))
    except OSError:  # reading it says so
        return
