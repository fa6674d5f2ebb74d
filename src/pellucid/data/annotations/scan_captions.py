"""Which pictures with captions a path holds, by its content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.annotations.caption_json import (
    COCO,
    KARPATHY,
    caption_form,
    json_part,
    read_caption_json,
)
from pellucid.data.annotations.caption_table import FORM, caption_columns, read_caption_table
from pellucid.data.annotations.captioned import captioned_pictures
from pellucid.data.annotations.files import folder_called, relative
from pellucid.data.captions import Captions
from pellucid.data.table import TABLE_SUFFIXES
from pellucid.data.walk import visible_files
from pellucid.errors import DataError
from pellucid.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data.annotations.caption_table import CaptionColumns
    from pellucid.data.folder import PictureFolder
    from pellucid.data.reading import Reading

_FOLDERS = ("annotations", "annotation", "labels")


def scan_captions(path: Path, reading: Reading, task: str | None = None) -> PictureFolder | None:
    """List pictures with their captions, if that is what a path holds.

    A CSV file with columns of paths and captions; one of COCO's caption files, or a JSON file of
    sentences; or a folder with one of these, named as captions; see ``docs/captions.md``.

    Args:
        path: A folder or a file that is there.
        reading: How data are read.
        task: What the data are wanted for; None to recognise it.

    Returns:
        The files by part; None where the path holds no captions, or its list is wanted for another
        task.

    Raises:
        DataError: There are captions, and they cannot be read; or there are none, and they are
            asked for.
        ArgumentError: A column was named, and there is none of that name.
    """
    asked = task == Captions.kind
    if task is not None and not asked:
        return None
    if path.is_dir():
        files = _files(path)
        found = _of_files(path, files, reading) if files else None
    elif path.suffix.lower() == ".json":
        form = caption_form(path)
        above = path.parent.name.casefold() in _FOLDERS
        root = path.parent.parent if above else path.parent
        found = (
            None
            if form is None
            else captioned_pictures(root, form, read_caption_json(path, root), reading)
        )
    else:
        columns = caption_columns(path, reading, asked=asked)
        found = None if columns is None else _of_table(path, columns, reading)
    if found is None and asked:
        raise DataError(
            f"{printable(path)}: no captions; expected a CSV file with the columns path and "
            "caption (--path-column and --label-column name others), COCO's captions (*.json), or "
            "a folder with a file captions.csv"
        )
    return found


def holds_captions(path: Path, reading: Reading) -> bool:
    """Return whether a path that is there holds pictures with captions, without reading them.

    Args:
        path: A folder or a file.
        reading: How data are read; the columns of a CSV file count.

    Raises:
        DataError: A CSV file cannot be read.
    """
    if path.is_dir():
        return bool(_files(path))
    if path.suffix.lower() == ".json":
        return caption_form(path) is not None
    return path.suffix.lower() in TABLE_SUFFIXES and caption_columns(path, reading) is not None


def _files(folder: Path) -> list[Path]:
    """The files of captions in a folder, or in its folder of annotations."""
    inner = folder_called(folder, _FOLDERS)
    for each in (folder, *([] if inner is None else [inner])):
        named = [file for file in visible_files(each) if "caption" in file.stem.casefold()]
        tables = [f for f in named if f.suffix.lower() in (*TABLE_SUFFIXES, ".txt")]
        files = [f for f in named if f.suffix.lower() == ".json" and caption_form(f)]
        if tables or files:
            return tables or files
    return []


def _of_files(folder: Path, files: list[Path], reading: Reading) -> PictureFolder | None:
    """The pictures of a folder's files, of which those of COCO are a part each."""
    first = files[0]
    several = len(files) > 1 and {json_part(file) for file in files}
    if several and (first.suffix.lower() != ".json" or len(several) < len(files)):
        raise DataError(
            f"{printable(folder)}: {relative(first, folder)} and {relative(files[1], folder)} are "
            "both captions; give the path of one of them"
        )
    if first.suffix.lower() == ".json":
        forms = {caption_form(file) for file in files}
        pictures = [
            picture
            for file in files
            for picture in read_caption_json(file, folder, json_part(file) if several else "all")
        ]
        return captioned_pictures(folder, COCO if COCO in forms else KARPATHY, pictures, reading)
    columns = caption_columns(first, reading)
    return None if columns is None else _of_table(first, columns, reading)


def _of_table(path: Path, columns: CaptionColumns, reading: Reading) -> PictureFolder:
    pictures, notes = read_caption_table(path, columns)
    return captioned_pictures(path.parent, FORM, pictures, reading, notes)
