"""A list of pictures with their labels: a CSV file of ``path,label``."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pellucid.csv_text import undefused
from pellucid.data.csv_rows import csv_rows
from pellucid.data.decode import unreadable
from pellucid.data.decoded import PictureFile
from pellucid.data.folder import PictureFolder, valid_class_name
from pellucid.data.groups import Group, GroupError, block_name, block_size, file_rule
from pellucid.data.side_cameras import TRAINING, shifted, side_note
from pellucid.data.table_columns import FLAGS, PART_NAMES, Columns, find_columns
from pellucid.data.table_labels import read_labels
from pellucid.data.table_paths import PathFinder
from pellucid.data.targets import JOINT, Numbers, Unlabelled
from pellucid.data.transcript_files import check_row_widths, transcript_column
from pellucid.data.transcripts import Transcripts
from pellucid.errors import DataError
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pellucid.data.side_cameras import SideCameras

TABLE_SUFFIXES = (".csv", ".tsv")
"""Endings, in lower case, of files that are read as lists of pictures."""

LARGEST = 1 << 30
"""Bytes of a list, as of annotations in JSON."""


def scan_table(
    path: Path,
    path_column: str | None = None,
    label_column: str | None = None,
    task: str | None = None,
    group: str | None = None,
    side: SideCameras | None = None,
    units: str | None = None,
) -> PictureFolder:
    """List the picture files that a CSV file names, by part and class, without opening any.

    The first line names the columns, in any order and case (:mod:`pellucid.data.table_columns` has
    the names that are recognised): the path, the label and, if the pictures are divided, the part,
    or a column of 0 and 1 such as ``is_valid``; others are ignored. Values are separated by commas,
    semicolons, tabs or bars, and the text is UTF-8, with or without a byte order mark.

    A path is relative to the folder of the CSV file; how nearly right ones are understood is said
    in :class:`pellucid.data.table_paths.PathFinder`. One that leads out of that folder is refused,
    so that a list from elsewhere cannot read other files; links in the folder are followed.
    Whatever a listed file's name ends with, it is to be a picture.

    Args:
        path: The CSV file.
        path_column: The name of the column of paths, where it is none that is recognised.
        label_column: The name of the column of labels, where it is none that is recognised; of
            several columns of numbers, their names with commas between them.
        task: What the labels are for, e.g. ``"regression"``; None to recognise it, see
            :mod:`pellucid.data.recognise`. For ``"generation"`` they need not be there.
        group: What keeps pictures together, the name of a column or a rule of
            :mod:`pellucid.data.groups`; a column takes precedence over a rule of the same text.
        side: Columns of pictures that are learned from beside the others; None for none.
        units: What transcripts are made of; None to choose by them.

    Returns:
        The files in the order of the lines, those of side cameras after them, with the folder of
        the CSV file as ``root``.

    Raises:
        DataError: The file cannot be read, is no such list, or a line lacks a value, names an
            unknown part or a path that leads out of the folder; the line is named.
        ArgumentError: It has no column of the name that was given.
    """
    root = path.parent
    place = printable(path)
    text = csv_content(path)
    first = next(iter(text.splitlines()), "")
    if label_column is None and task == Transcripts.kind:
        label_column = transcript_column(place, first, path_column)
    labelled = task != Unlabelled.kind
    columns = find_columns(place, first, path_column, label_column, group, labelled=labelled)
    in_column = group is None or columns.group is not None
    block = None if group is None or in_column else block_size(group)
    rule = None if group is None or in_column or block is not None else file_rule(group)
    if not in_column and rule is None and block is None:
        raise GroupError(
            f"{place}: no column '{printable(group or '')}' for groups; its first line is "
            f"'{printable(first[:60])}'"
        )
    sides = [] if side is None else side.positions(place, first, columns, task)
    finder = PathFinder(path)
    files: dict[str, list[PictureFile]] = {}
    beside: dict[str, list[PictureFile]] = {}
    class_names: dict[str, str | None] = {}
    found: dict[str, tuple[str, Path]] = {}
    parts: Counter[str] = Counter()
    elsewhere: tuple[str, str] | None = None
    group_of: dict[str, Group] = {}
    for line, name, label, part, group_name, other_names in _rows(place, text, columns, sides):
        if label not in class_names:
            class_names[label] = valid_class_name(label)
        class_name = class_names[label]
        if not name or (labelled and not class_name):
            raise DataError(
                f"{place}, line {line}: the {'label' if name else 'path'} is missing or no valid "
                f"Unicode; complete or remove the line"
            )
        of_part = "all"
        if part is not None:
            of_part = columns.part_of(part, f"{place}, line {line}")
            parts[part] += 1
        if name not in found:
            relative = path_in_folder(finder, name, f"{place}, line {line}", root)
            found[name] = relative, root / relative
            if elsewhere is None and relative != name:
                elsewhere = name, relative
        relative, there = found[name]
        own = None
        if group is not None:
            if block is not None:  # a picture that is listed again stays where it was first
                known = group_of.get(relative)
                group_name = block_name(len(group_of), block) if known is None else known.name
            elif rule is not None:
                group_name = rule(PurePosixPath(relative), None)
            own = _group(group, group_name, group_of, relative, f"{place}, line {line}")
        listed = f"{printable(path.name)}, line {line}"
        file = PictureFile(there, relative, class_name or "", of_part, group=own, place=listed)
        files.setdefault(of_part, []).append(file)
        if side is None or of_part not in TRAINING:
            continue
        for other, shift in zip(other_names, side.shifts, strict=True):
            if not other.strip():  # a moment that this camera missed
                continue
            relative = path_in_folder(finder, other, f"{place}, line {line}", root)
            number = shifted(class_name or "", shift)
            beside.setdefault(of_part, []).append(
                PictureFile(
                    root / relative,
                    relative,
                    number,
                    of_part,
                    group=own,
                    beside=file.name,
                    place=listed,
                )
            )
    for of_part, others in beside.items():
        files[of_part] += others
    if not files:
        raise DataError(f"{place}: no pictures, only a first line; add a line for each")
    of_paths = f"'{printable(elsewhere[0])}' is {printable(elsewhere[1])}" if elsewhere else ""
    if side is not None:
        task = Numbers.kind
    wanted = read_labels(place, files, columns.labels, task, units)
    if isinstance(wanted.targets, Transcripts):
        check_row_widths(place, text, columns.separator)
    notes = (
        columns.note,
        f"paths: {of_paths}" if of_paths else "",
        _numbered_parts(columns, parts, place),
        "" if side is None else side_note([f for each in files.values() for f in each], side),
        *wanted.notes,
    )
    return PictureFolder(
        root,
        wanted.targets,
        wanted.files,
        tuple(note for note in notes if note),
    )


def _group(by: str, name: str, known: dict[str, Group], picture: str, place: str) -> Group:
    """The group that a line says a picture is in; another line must not say another."""
    if not name:
        raise GroupError(f"{place}: the group ({printable(by)}) is missing; complete the line")
    group = known.setdefault(picture, Group(by, name))
    if group.name != name:
        raise GroupError(
            f"{place}: {printable(picture)} is in the group {printable(name)}, and in "
            f"{printable(group.name)} above; keep it in one"
        )
    return group


def lists_labels(
    path: Path, path_column: str | None = None, label_column: str | None = None
) -> bool:
    """Whether a CSV file's first line names both paths and labels, as :func:`scan_table` needs.

    Raises:
        DataError: The file cannot be read.
        ArgumentError: It has no column of the name that was given.
    """
    first = next(iter(csv_content(path).splitlines()), "")
    try:
        find_columns(printable(path), first, path_column, label_column)
    except DataError:
        return False
    return True


def path_in_folder(finder: PathFinder, name: str, place: str, root: Path) -> str:
    """The path that a line means, relative to the folder of its CSV file.

    Raises:
        DataError: It leads out of that folder, or can mean several pictures; the place is named.
    """
    try:
        found = finder.find(name)
    except DataError as error:
        raise DataError(f"{place}: {error}") from error
    if found is None:
        raise DataError(
            f"{place}: {printable(name)} leads out of the folder {printable(root)}; move the "
            f"pictures into it, or the CSV file to a folder above them"
        )
    return found


def _rows(
    place: str, text: str, columns: Columns, sides: Sequence[int]
) -> Iterator[tuple[int, str, str, str | None, str, list[str]]]:
    """Yield number, path, label, part, group and the side cameras' paths of each line.

    The part is None where there is no such column, and the group empty.
    """
    path_at, part_at, group_at = columns.path, columns.part, columns.group
    last = max(path_at, *columns.label, part_at or 0, group_at or 0, *sides)
    for line, values in csv_rows(place, text, columns.separator, last + 1):
        part = None if part_at is None else values[part_at].strip()
        name = undefused(values[path_at])
        label = JOINT.join(undefused(values[at].strip()) for at in columns.label)
        group = "" if group_at is None else undefused(values[group_at].strip())
        others = [undefused(values[at]) for at in sides]
        yield line, name if name.strip() else "", label, part, group, others


def _numbered_parts(columns: Columns, parts: Counter[str], place: str) -> str:
    """How a column of parts that are numbers was understood; empty where they are names.

    Raises:
        DataError: 0 is not the part of most pictures: then it may not be the one to train with.
    """
    if columns.part_name in FLAGS or not {"0", "1", "2"} & parts.keys():
        return ""
    first = parts.most_common(1)[0][0]
    if first != "0":
        raise DataError(
            f"{place}: the parts are numbers, and most pictures are in part {printable(first)}; "
            "which is to train with? Write train, validation and test, or name the column "
            f"is_valid or is_train ({', '.join(PART_NAMES)} are columns of names)"
        )
    described = ", ".join(
        f"{number} is {meant}"
        for number, meant in (("0", "train"), ("1", "validation"), ("2", "test"))
        if number in parts
    )
    return f"parts: {described}, {counted(parts['0'], 'picture')} to train with"


def csv_content(path: Path) -> str:
    """The text of a CSV file.

    Raises:
        DataError: It cannot be read, has more bytes than :data:`LARGEST`, or is not UTF-8.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(content) > LARGEST:
        raise DataError(
            f"{printable(path)}: more than {LARGEST >> 20} MiB; expected a list of pictures, a "
            "line each; divide it"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{printable(path)}, line {line}: the text is not UTF-8; save it as CSV with the "
            f"encoding UTF-8"
        ) from error
