"""A CSV file of captions: a line a caption, or a line a picture with a column for each caption."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.csv_text import undefused
from pellucid.data.annotations.captioned import Captioned
from pellucid.data.csv_rows import check_row_width, column_names, csv_rows
from pellucid.data.groups import GroupError
from pellucid.data.table import csv_content, path_in_folder
from pellucid.data.table_columns import FLAGS, PART_NAMES, PATH_NAMES, Columns
from pellucid.data.table_paths import PathFinder
from pellucid.errors import ArgumentError, DataError
from pellucid.text import brief_repr, listed, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pellucid.data.reading import Reading

FORM = "CSV of captions"

_CAPTION = re.compile(r"(caption|sentence|comment|raw)s?(_text)?[ _#-]*\d*")
"""What a column of captions is called, in lower case."""

_SEPARATORS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class CaptionColumns:
    """Where the values of a line are.

    Attributes:
        separator: Between two values.
        path: Position of the path.
        captions: Positions of the captions, one or several.
        part: Position of the part; None where the pictures are not divided.
        group: Position of the group; None where no column has that name.
        names: What all columns are called.
    """

    separator: str
    path: int
    captions: tuple[int, ...]
    part: int | None
    group: int | None
    names: tuple[str, ...]


def caption_columns(path: Path, reading: Reading, *, asked: bool = False) -> CaptionColumns | None:
    """The columns of a CSV file, if its first line names paths and captions.

    Args:
        path: The file.
        reading: How it is read; ``label_column`` names the column of captions, or several with
            commas between them, where captions are asked for.
        asked: Whether captions are asked for.

    Raises:
        DataError: The file cannot be read.
        ArgumentError: Captions are asked for, and there is no column of the name that was given.
    """
    if reading.label_column is not None and not asked:
        return None  # a column of labels is wanted
    first = next(iter(csv_content(path).splitlines()), "")
    for separator in _SEPARATORS:
        names = column_names(printable(path), first, separator)
        folded = [name.casefold() for name in names]
        file = _path(names, folded, reading)
        if reading.label_column is None:
            captions = [i for i, name in enumerate(folded) if _CAPTION.fullmatch(name)]
        else:
            wanted = [each.strip() for each in reading.label_column.split(",")]
            captions = [names.index(each) for each in wanted if each in names]
            captions = captions if len(captions) == len(wanted) else []
        captions = [at for at in captions if at != file]
        if file is None or not captions:
            continue
        parts = [at for at, name in enumerate(folded) if name in PART_NAMES or name in FLAGS]
        group = names.index(reading.group) if reading.group in names else None
        return CaptionColumns(
            separator, file, tuple(captions), parts[0] if parts else None, group, tuple(names)
        )
    if asked and (reading.path_column or reading.label_column):
        raise ArgumentError(
            f"{printable(path)}: no columns '{printable(reading.path_column or 'path')}' and "
            f"'{printable(reading.label_column or 'caption')}'; its first line is "
            f"'{printable(first[:80])}'"
        )
    return None


def read_caption_table(
    path: Path, columns: CaptionColumns
) -> tuple[list[Captioned], tuple[str, ...]]:
    """Read a CSV file of captions: the pictures in the order in which they are first named.

    Paths are found as in lists of labels (:class:`pellucid.data.table_paths.PathFinder`).

    Returns:
        The pictures, and what the user should know.

    Raises:
        DataError: The file cannot be read or is not UTF-8, or a line lacks its path, or names one
            that leads out of the folder; the line is named.
    """
    root, place = path.parent, printable(path)
    finder = PathFinder(path)
    parts = Columns(
        columns.separator, columns.path, (), (), columns.part,
        "" if columns.part is None else columns.names[columns.part].casefold(), "",
    )  # fmt: skip
    pictures: dict[str, Captioned] = {}
    paths: dict[str, str] = {}
    width, text = len(columns.names), csv_content(path)
    for line, values in csv_rows(place, text, columns.separator, width):
        here = f"{place}, line {line}"
        check_row_width(here, values, width, columns.separator)
        name = undefused(values[columns.path])
        if not name.strip():
            raise DataError(f"{here}: the path is missing; complete or remove the line")
        if name not in paths:
            paths[name] = path_in_folder(finder, _without_number(name), here, root)
        relative = paths[name]
        part = "all" if columns.part is None else parts.part_of(values[columns.part].strip(), here)
        picture = pictures.get(relative)
        if picture is None:
            picture = pictures[relative] = Captioned(root / relative, relative, part)
        if picture.part != part:
            raise DataError(
                f"{here}: {printable(relative)} is in the {part} part, and in the {picture.part} "
                "part above; keep it in one"
            )
        group = "" if columns.group is None else undefused(values[columns.group].strip())
        if columns.group is not None and group != (picture.group or group or " "):
            raise GroupError(
                f"{here}: the group of {printable(relative)} is {brief_repr(group)}; expected the "
                "same in all lines of a picture, and not empty"
            )
        picture.group = group
        for at in columns.captions:
            if values[at].strip() or len(columns.captions) == 1:  # others have fewer captions
                picture.add(undefused(values[at]), f"{path.name}, line {line}")
    named = listed([printable(columns.names[at]) for at in columns.captions], 6)
    paths_in = printable(columns.names[columns.path])
    note = f"columns: the pictures are in '{paths_in}', the captions in '{named}'"
    return list(pictures.values()), (note,)


def _without_number(name: str) -> str:
    """``1000268201.jpg`` of Flickr8k's ``1000268201.jpg#0``, which numbers captions."""
    return re.sub(r"#\d+$", "", name)


def _path(names: Sequence[str], folded: Sequence[str], reading: Reading) -> int | None:
    if reading.path_column is not None:
        return names.index(reading.path_column) if reading.path_column in names else None
    known = [name for group in PATH_NAMES for name in group]
    return next((folded.index(name) for name in known if name in folded), None)
