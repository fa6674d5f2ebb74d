"""Find the pictures that a user asks about: files, folders, patterns, lists, parts of data sets."""

from __future__ import annotations

import csv
import glob
import io
import os
import re
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.csv_text import undefused
from pellucid.data.ours import is_drawing
from pellucid.data.picture_files import is_picture, of_one_kind
from pellucid.data.reference import DataPicture, Reference, parse_reference
from pellucid.data.table import TABLE_SUFFIXES
from pellucid.data.table_columns import PATH_NAMES
from pellucid.data.table_paths import PathFinder
from pellucid.data.walk import files_below
from pellucid.errors import DataError, PellucidError
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pellucid.data.dataset import Dataset

_PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Asked:
    """The pictures in the order in which they are answered, and what is wrong with the rest.

    Attributes:
        pictures: Files, and pictures of data sets.
        problems: One line on each argument that gives no picture.
        notes: Remarks, one line each.
    """

    pictures: list[Path | DataPicture] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def natural_key(path: Path) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    """What paths are sorted by: numbers in names by value, so that 9.png comes before 10.png."""
    return tuple(
        tuple(
            (0, int(piece), piece) if piece.isdecimal() and len(piece) < 1000 else (1, 0, piece)
            for piece in re.split(r"(\d+)", part)
            if piece
        )
        for part in path.parts
    )


def is_pattern(text: str) -> bool:
    """Return whether an argument that names nothing that is there can be a pattern."""
    return _PATTERN.search(text) is not None


def names_one(text: str) -> bool:
    """Return whether an argument names one picture, not a folder, a list, a pattern or a part."""
    path = Path(text)
    if os.path.lexists(path):
        return not path.is_dir() and path.suffix.lower() not in TABLE_SUFFIXES
    try:
        reference = parse_reference(text)
    except PellucidError:
        return True
    return reference.number is not None if reference else not is_pattern(text)


def find_pictures(
    arguments: Sequence[str | os.PathLike[str]],
    part: Callable[[Reference], Dataset],
    path_column: str | None = None,
) -> Asked:
    """Find the pictures that arguments name; a picture that is named again is answered once.

    Args:
        arguments: Each the path of a picture, whatever its name ends with; of a folder, whose
            pictures at any depth count, runs and hidden files excepted; of a CSV file with a column
            of paths, with or without labels; a pattern such as ``photos/*.jpg``, where ``**`` goes
            through folders; a picture ``DATA:PART[N]``, or a part ``DATA:PART``.
        part: Reads the part of a data set.
        path_column: The name of a list's column of paths; none to recognise it.

    Returns:
        The pictures: arguments in their order, those of a folder or pattern sorted, numbers in
        their names by value. What Pellucid drew is left out of folders, and of patterns that take
        other pictures, too. Of files only the first bytes are read, lists and data sets excepted.
    """
    asked = Asked()
    seen: set[str] = set()
    repeated = 0
    for argument in arguments:
        text = os.fspath(argument)
        try:
            found = list(_found(text, part, asked, path_column))
        except DataError as error:
            asked.problems.append(str(error))
            continue
        for picture in found:
            key = os.path.abspath(picture) if isinstance(picture, Path) else picture.name  # noqa: PTH100 - links stay
            repeated += key in seen
            if key not in seen:
                seen.add(key)
                asked.pictures.append(picture)
    if repeated:
        asked.notes.append(f"{counted(repeated, 'picture')} named again: each is answered once")
    return asked


def _found(
    text: str, part: Callable[[Reference], Dataset], asked: Asked, path_column: str | None
) -> Iterable[Path | DataPicture]:
    if not text:
        raise DataError("an empty name; expected the path of a picture or a folder")
    path = Path(text)
    try:
        is_folder, is_file, is_there = path.is_dir(), path.is_file(), os.path.lexists(path)
    except (OSError, ValueError) as error:  # too long a name, a zero byte
        raise DataError(f"{printable(text)}: cannot be read ({printable(str(error))})") from error
    if is_folder:
        return _of_folder(path, asked)
    if is_file and path.suffix.lower() in TABLE_SUFFIXES:
        return _of_list(path, path_column)
    if is_there:
        return [path]
    reference = parse_reference(text)
    if reference is not None:
        pictures = part(reference)
        if reference.number is not None:
            return [reference.of(pictures)]
        return [
            Reference(reference.data, reference.part, number).of(pictures)
            for number in range(len(pictures))
        ]
    if is_pattern(text):
        return _of_pattern(text, asked.notes)
    raise DataError(f"{printable(text)}: there is no such file; check its name")


def _of_folder(folder: Path, asked: Asked) -> list[Path]:
    below = files_below(folder, folder)
    pictures, _ = of_one_kind([file for file in below.files if is_picture(file)])
    asked.problems.extend(str(error) for _, error in below.unlisted)
    if not pictures:
        others = len(below.files)
        has = f"no pictures among its {counted(others, 'file')}" if others else "no pictures"
        raise DataError(f"{printable(folder)}: {has}; give a folder of PNG, JPEG or other pictures")
    _note_left_out(folder, len(below.files) - len(pictures), asked.notes)
    return sorted(pictures, key=natural_key)


def _of_pattern(pattern: str, notes: list[str]) -> list[Path]:
    matched = [Path(name) for name in glob.glob(pattern, recursive=True)]  # noqa: PTH207 - as shells
    files = [path for path in matched if not path.is_dir()]
    pictures, _ = of_one_kind([file for file in files if is_picture(file)])
    if not pictures:
        what = f"{counted(len(matched), 'name')}, but no pictures" if matched else "nothing matches"
        raise DataError(f"{printable(pattern)}: {what}; check the pattern and the folder")
    _note_left_out(pattern, len(files) - len(pictures), notes)
    ours = set(filter(is_drawing, pictures))
    if 0 < len(ours) < len(pictures):  # a pattern that takes nothing else means them
        notes.append(f"{printable(pattern)}: {counted(len(ours), 'drawing')} by Pellucid left out")
        pictures = [file for file in pictures if file not in ours]
    return sorted(pictures, key=natural_key)


def _note_left_out(what: object, number: int, notes: list[str]) -> None:
    if number:
        notes.append(
            f"{printable(str(what))}: {counted(number, 'file')} that "
            f"{'are' if number > 1 else 'is'} no picture left out"
        )


def _of_list(path: Path, path_column: str | None) -> list[Path]:
    """The files of a list, relative to its folder or else to where the command runs."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{printable(path)}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{printable(path)}: the text is not UTF-8; save it as UTF-8") from error
    names = list(_listed(text, path, path_column))
    if not names:
        raise DataError(f"{printable(path)}: lists no pictures; add a line for each")
    finder = PathFinder(path)
    return [_located(name, path.parent, finder) for name in names]


def _listed(text: str, path: Path, path_column: str | None) -> Iterator[str]:
    first = next(iter(text.splitlines()), "")
    separator = max(",;\t|", key=first.count)
    try:
        rows = [
            row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row
        ]
    except csv.Error as error:
        raise DataError(
            f"{printable(path)}: {printable(str(error))}; save it as CSV again"
        ) from error
    heads = [head.strip().casefold() for head in rows[0]] if rows else []
    known = [path_column.strip().casefold()] if path_column else chain.from_iterable(PATH_NAMES)
    at = next((heads.index(name) for name in known if name in heads), None)
    if at is None:
        if path_column or any(len(row) > 1 for row in rows):
            raise DataError(
                f"{printable(path)}: its first line is '{printable(first[:60])}'; expected a line "
                f"that names the columns, with one called {printable(path_column or 'path')}, or "
                "--path-column"
            )
        at, rows = 0, [[""], *rows]  # a plain list, without a first line of names
    for row in rows[1:]:
        if at < len(row) and row[at].strip():
            yield undefused(row[at])


def _located(name: str, folder: Path, finder: PathFinder) -> Path:
    """A listed file: below the list's folder, however nearly it is written, or as it is written."""
    found = finder.find(name)
    below = None if found is None else folder / found
    if below is not None and os.path.lexists(below):
        return below
    plain = Path(name.strip())
    return plain if below is None or os.path.lexists(plain) else below
