"""A CSV file of boxes: a line a box, with the picture's path, corners or sides, and class.

Coordinates are continuous pixels, or shares of width and height where none in the file is greater
than 1. A line with empty coordinates is a picture without boxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.csv_text import undefused
from pellucid.data.annotations.annotated import (
    Annotated,
    Annotations,
    Corners,
    RawBox,
    checked_class,
    checked_number,
)
from pellucid.data.csv_rows import column_names, csv_rows
from pellucid.data.groups import GroupError
from pellucid.data.table import csv_content, path_in_folder
from pellucid.data.table_columns import FLAGS, LABEL_NAMES, PART_NAMES, PATH_NAMES, Columns
from pellucid.data.table_paths import PathFinder
from pellucid.errors import ArgumentError, DataError
from pellucid.text import brief_repr, listed, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pellucid.data.reading import Reading

FORM = "CSV of boxes"

CORNER_COLUMNS = (
    ("x0", "y0", "x1", "y1"),
    ("x1", "y1", "x2", "y2"),
    ("xmin", "ymin", "xmax", "ymax"),
    ("x_min", "y_min", "x_max", "y_max"),
    ("left", "top", "right", "bottom"),
)
"""What the columns of a box's corners are called, in lower case."""

SIDE_COLUMNS = (
    ("x", "y", "w", "h"),
    ("x", "y", "width", "height"),
    ("left", "top", "width", "height"),
    ("xmin", "ymin", "width", "height"),
    ("bbox_x", "bbox_y", "bbox_width", "bbox_height"),
    ("bbox_x", "bbox_y", "bbox_w", "bbox_h"),
)
"""What those of a box's top left corner, width and height are called."""

CLASS_COLUMNS = (*(name for group in LABEL_NAMES for name in group), "labelname", "label_name")
"""What the column of classes is called."""

IGNORED_COLUMNS = ("ignored", "ignore", "difficult", "iscrowd", "is_crowd", "isgroupof")
"""What a column of 0 and 1 is called by which boxes are ignored."""

ONE_CLASS = "object"
"""The class of all boxes where there is no column of classes."""

_SEPARATORS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class BoxColumns:
    """Where the values of a line are.

    Attributes:
        separator: Between two values.
        path: Position of the path.
        box: Positions of the four coordinates.
        sides: Whether the last two are width and height.
        label: Position of the class; None where there is only one.
        ignored: Position of what is ignored; None where nothing is.
        part: Position of the part; None where the pictures are not divided.
        group: Position of the group; None where no column has that name.
        names: What all columns are called.
    """

    separator: str
    path: int
    box: tuple[int, int, int, int]
    sides: bool
    label: int | None
    ignored: int | None
    part: int | None
    group: int | None
    names: tuple[str, ...]


def box_columns(path: Path, reading: Reading) -> BoxColumns | None:
    """The columns of a CSV file, if its first line names paths and boxes.

    Raises:
        DataError: The file cannot be read.
        ArgumentError: It is one of boxes, and has no column of the name that was given.
    """
    first = next(iter(csv_content(path).splitlines()), "")
    for separator in _SEPARATORS:
        names = column_names(printable(path), first, separator)
        folded = [name.casefold() for name in names]
        box, sides = _box_positions(folded)
        if box is None:
            continue
        file = _named(names, reading.path_column, path, "path_column")
        if file is None:
            file = _first_of(folded, [name for group in PATH_NAMES for name in group], box)
        if file is None:
            continue
        label = _named(names, reading.label_column, path, "label_column")
        if label is None:
            label = _first_of(folded, CLASS_COLUMNS, box)
        ignored = _first_of(folded, IGNORED_COLUMNS, box)
        part = _first_of(folded, [*PART_NAMES, *FLAGS], (*box, file))
        group = names.index(reading.group) if reading.group in names else None
        return BoxColumns(separator, file, box, sides, label, ignored, part, group, tuple(names))
    return None


def read_box_table(path: Path, columns: BoxColumns) -> Annotations:
    """Read a CSV file of boxes.

    Paths are found as in lists of labels (:class:`pellucid.data.table_paths.PathFinder`).

    Raises:
        DataError: The file cannot be read, or a line lacks a value, has one that is no number, or
            names a path that leads out of the folder; the line is named.
    """
    root, place = path.parent, printable(path)
    found = Annotations(root, FORM)
    finder = PathFinder(path)
    parts = Columns(
        columns.separator, columns.path, (), (), columns.part,
        "" if columns.part is None else columns.names[columns.part].casefold(), "",
    )  # fmt: skip
    pictures: dict[tuple[str, str], Annotated] = {}
    paths: dict[str, str] = {}
    largest = 0.0
    width, text = len(columns.names), csv_content(path)
    for line, values in csv_rows(place, text, columns.separator, width):
        here = f"{place}, line {line}"
        name = undefused(values[columns.path])
        if not name.strip():
            raise DataError(f"{here}: the path is missing; complete or remove the line")
        if name not in paths:
            paths[name] = path_in_folder(finder, name, here, root)
        relative = paths[name]
        part = "all" if columns.part is None else parts.part_of(values[columns.part].strip(), here)
        picture = pictures.get((part, relative))
        if picture is None:
            picture = Annotated(root / relative, relative, part, f"{path.name}, line {line}")
            pictures[part, relative] = picture
        group = "" if columns.group is None else undefused(values[columns.group].strip())
        if columns.group is not None and group != (picture.group or group or " "):
            raise GroupError(
                f"{here}: the group of {printable(relative)} is {brief_repr(group)}; expected the "
                "same in all lines of a picture, and not empty"
            )
        picture.group = group
        box = _box(values, columns, here)
        if box is not None:
            picture.add(box)
            largest = max(largest, *map(abs, box.corners))
    found.pictures = list(pictures.values())
    if 0 < largest <= 1:
        found.notes.append("coordinates are shares of width and height: none is greater than 1")
        for picture in found.pictures:
            picture.shares = True
    if columns.label is None:
        found.notes.append(f"no column of classes: all boxes are of the class {ONE_CLASS}")
    return found


def _box(values: Sequence[str], columns: BoxColumns, place: str) -> RawBox | None:
    """The box of a line; None where its coordinates are empty."""
    written = [values[at].strip() for at in columns.box]
    if not any(written):
        return None
    x, y, third, fourth = (
        checked_number(text, columns.names[at], place)
        for text, at in zip(written, columns.box, strict=True)
    )
    corners: Corners = (x, y, x + third, y + fourth) if columns.sides else (x, y, third, fourth)
    name = ONE_CLASS
    if columns.label is not None:
        name = checked_class(undefused(values[columns.label].strip()), place)
    ignored = "" if columns.ignored is None else values[columns.ignored].strip().casefold()
    if ignored not in ("", "0", "1", "false", "true"):
        raise DataError(
            f"{place}: {columns.names[columns.ignored or 0]} is {brief_repr(ignored)}; expected 0 "
            "or 1"
        )
    return RawBox(name, corners, ignored in ("1", "true"))


def _box_positions(folded: Sequence[str]) -> tuple[tuple[int, int, int, int] | None, bool]:
    """Positions of the coordinates, and whether they are corner, width and height."""
    for groups, sides in ((CORNER_COLUMNS, False), (SIDE_COLUMNS, True)):
        for group in groups:
            if all(name in folded for name in group):
                x0, y0, x1, y1 = map(folded.index, group)
                return (x0, y0, x1, y1), sides
    return None, False


def _first_of(folded: Sequence[str], names: Sequence[str], taken: Sequence[int]) -> int | None:
    return next(
        (at for name in names if name in folded and (at := folded.index(name)) not in taken), None
    )


def _named(names: Sequence[str], wanted: str | None, path: Path, option: str) -> int | None:
    if wanted is None:
        return None
    if wanted not in names:
        raise ArgumentError(
            f"{printable(path)}: no column '{printable(wanted)}' ({option}); its columns are "
            f"{listed(tuple(names))}"
        )
    return names.index(wanted)
