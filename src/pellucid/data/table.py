"""A list of pictures with their labels: a CSV file of ``path,label``."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.data.decode import unreadable
from pellucid.data.decoded import PictureFile
from pellucid.data.folder import PARTS, PictureFolder, valid_class_name
from pellucid.data.names import shown
from pellucid.data.walk import is_inside
from pellucid.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE_SUFFIXES = (".csv", ".tsv")
"""Endings, in lower case, of files that are read as lists of pictures."""

_SEPARATORS = (",", ";", "\t")
_EXPECTED = "expected a first line that names the columns, path,label or path,label,split"


def scan_table(path: Path) -> PictureFolder:
    """List the picture files that a CSV file names, by part and class, without opening any.

    The first line names the columns, in any order and case: ``path``, ``label`` and, if the
    pictures are divided, ``split`` or ``part`` (train, val, valid, validation, test); others are
    ignored. Values are separated by commas, semicolons or tabs, and the text is UTF-8, with or
    without a byte order mark. A path is relative to the folder of the CSV file; one that leads out
    of that folder, also over a link, is refused, so that a list from elsewhere cannot read other
    files. Whatever a listed file's name ends with, it is to be a picture.

    Returns:
        The files in the order of the lines, with the folder of the CSV file as ``root``.

    Raises:
        DataError: The file cannot be read, is no such list, or a line lacks a value, names an
            unknown part or a path that leads out of the folder; the line is named.
    """
    root = path.parent
    files: dict[str, list[PictureFile]] = {}
    for line, name, label, part in _rows(path):
        place = f"{shown(path)}, line {line}"
        class_name = valid_class_name(label)
        if not name or not class_name:
            raise DataError(
                f"{place}: the {'label' if name else 'path'} is missing or no valid Unicode; "
                f"complete or remove the line"
            )
        if part is not None and part.casefold() not in PARTS:
            raise DataError(
                f"{place}: unknown part '{shown(part[:50])}'; expected train, validation or test"
            )
        file = root / name
        if not _leads_inside(file, root):
            raise DataError(
                f"{place}: {shown(name)} leads out of the folder {shown(root)}; move the pictures "
                f"into it, or the CSV file to a folder above them"
            )
        of_part = "all" if part is None else PARTS[part.casefold()]
        relative = Path(os.path.relpath(file, root)).as_posix()
        files.setdefault(of_part, []).append(PictureFile(file, relative, class_name, of_part))
    if not files:
        raise DataError(f"{shown(path)}: no pictures, only a first line; add a line for each")
    classes = {file.class_name for of_part in files.values() for file in of_part}
    parts = {part: tuple(of_part) for part, of_part in files.items()}
    return PictureFolder(root, tuple(sorted(classes)), parts, ())


def _rows(path: Path) -> Iterator[tuple[int, str, str, str | None]]:
    """Yield number, path, label and part of each line, the part None where there is no column."""
    text = _text(path)
    separator, path_at, label_at, part_at = _columns(path, text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        next(reader)
        for row in reader:
            if any(value.strip() for value in row):
                last = max(path_at, label_at, part_at or 0)
                values = [*row, *[""] * (last + 1 - len(row))]
                part = None if part_at is None else values[part_at].strip()
                yield reader.line_num, values[path_at], values[label_at].strip(), part
    except csv.Error as error:
        raise DataError(
            f"{shown(path)}, line {reader.line_num}: {shown(str(error))}; save it as CSV again"
        ) from error


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{shown(path)}, line {line}: the text is not UTF-8; save it as CSV with the encoding "
            f"UTF-8"
        ) from error


def _columns(path: Path, text: str) -> tuple[str, int, int, int | None]:
    """Return the separator and the positions of path, label and part (None if there is none)."""
    first = next(iter(text.splitlines()), "")
    for separator in _SEPARATORS:
        names = [name.strip().strip('"').casefold() for name in first.split(separator)]
        parts = [name for name in names if name in ("split", "part")]
        if names.count("path") == names.count("label") == 1 and len(parts) <= 1:
            part_at = names.index(parts[0]) if parts else None
            return separator, names.index("path"), names.index("label"), part_at
    raise DataError(f"{shown(path)}: its first line is '{shown(first[:60])}'; {_EXPECTED}")


def _leads_inside(file: Path, root: Path) -> bool:
    try:
        return is_inside(file, root)
    except ValueError:  # a zero byte: whoever opens the file says so
        return True
