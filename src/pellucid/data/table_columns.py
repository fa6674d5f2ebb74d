"""Which columns of a CSV file hold the pictures' paths, their labels, and the parts they are in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pellucid.data.csv_rows import column_names
from pellucid.data.layout import PARTS
from pellucid.data.picture_files import SUFFIXES
from pellucid.errors import ArgumentError, DataError
from pellucid.text import listed, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

PATH_NAMES = (
    ("path", "filepath", "file_path", "image_path", "imagepath", "img_path", "audio_path"),
    ("filename", "file_name", "image_name", "imagename", "image_file", "img_name", "fname"),
    ("file", "image", "img", "picture", "photo", "audio", "recording", "wav"),
    ("image_id", "imageid", "img_id", "id"),
    ("center", "centre", "center_camera", "centre_camera"),
)
"""What the column of paths is called, in lower case; an earlier group comes before a later one."""

LABEL_NAMES = (
    ("label", "labels"),
    ("class", "class_name", "classname", "category"),
    ("target", "breed", "species", "class_id", "y"),
    ("steering", "steering_angle", "angle"),
    ("transcript", "transcription", "sentence", "utterance", "text"),
)
"""What the column of labels is called."""

TRANSCRIPT_NAMES = LABEL_NAMES[-1]
"""Of these, what the column is called that says what is spoken in a recording."""

PART_NAMES = ("split", "part", "partition", "subset", "set", "phase")
"""What the column of parts is called."""

FLAGS = {
    "is_valid": ("validation", "train"),
    "is_validation": ("validation", "train"),
    "is_val": ("validation", "train"),
    "is_test": ("test", "train"),
    "is_train": ("train", "test"),
    "is_training": ("train", "test"),
    "is_training_image": ("train", "test"),
}
"""Columns of yes and no, and the part that each of the two means."""

_SEPARATORS = (",", ";", "\t", "|")
_YES, _NO = ("1", "1.0", "true", "yes"), ("0", "0.0", "false", "no")
_NUMBERED = {"0": "train", "1": "validation", "2": "test"}


@dataclass(frozen=True)
class Columns:
    """Where the values of a line are.

    Attributes:
        separator: Between two values.
        path: Position of the path.
        label: Position of the label; of several columns of numbers, of each.
        labels: What these columns are called.
        part: Position of the part; None where the pictures are not divided.
        part_name: What the column of parts is called, in lower case.
        group: Position of the group; None where it is in no column.
        note: How the columns were understood, where that is not plain; else empty.
    """

    separator: str
    path: int
    label: tuple[int, ...]
    labels: tuple[str, ...]
    part: int | None
    part_name: str
    note: str
    group: int | None = None

    def part_of(self, value: str, place: str) -> str:
        """Return the part that a value means.

        Raises:
            DataError: It means none.
        """
        folded = value.casefold()
        if self.part_name in FLAGS:
            if folded in _YES or folded in _NO:
                return FLAGS[self.part_name][folded in _NO]
            raise DataError(
                f"{place}: {self.part_name} is '{printable(value[:50])}'; expected 1 or 0 (True, "
                "False)"
            )
        if folded in PARTS:
            return PARTS[folded]
        if folded in _NUMBERED:
            return _NUMBERED[folded]
        raise DataError(
            f"{place}: unknown part '{printable(value[:50])}'; expected train, validation or test"
        )


def check_columns(path_column: object, label_column: object) -> None:
    """Raise ArgumentError unless both are names of columns or None."""
    for name, value in (("path_column", path_column), ("label_column", label_column)):
        if value is not None and (not isinstance(value, str) or not value.strip()):
            raise ArgumentError(f"{name} is {value!r:.100}; expected the name of a column, or None")


def find_columns(
    place: str,
    first: str,
    path_column: str | None = None,
    label_column: str | None = None,
    group_column: str | None = None,
    *,
    labelled: bool = True,
) -> Columns:
    """Find the columns by the first line of a CSV file.

    Args:
        place: What the file is called in messages.
        first: Its first line.
        path_column: The name of the column of paths; None to recognise it.
        label_column: The name of the column of labels; None to recognise it.
        group_column: The name of the column of groups; None where there is none.
        labelled: Whether a column of labels is looked for.

    Raises:
        DataError: The line names no such columns.
        ArgumentError: A column that was asked for is not there.
    """
    best: list[str] = []
    for separator in _SEPARATORS:
        names = column_names(place, first, separator)
        found = (
            _found(names, path_column, label_column, group_column)
            if labelled
            else _path_alone(names, path_column)
        )
        if found is not None:
            path, label, part = found
            part_name = "" if part is None else names[part].casefold()
            note = _note(names, path, label, part)
            called = tuple(names[at] or "label" for at in label)
            group = None
            if group_column is not None:
                group = _position(names, [n.casefold() for n in names], group_column, ())
            return Columns(separator, path, label, called, part, part_name, note, group)
        best = max(best, names, key=len)
    for option, name in (("path", path_column), ("label", label_column)):
        if name is not None and name not in best:
            raise ArgumentError(
                f"{place}: no column '{printable(name)}' ({option}_column); its columns are "
                f"{listed(best)}"
            )
    raise DataError(f"{place}: {_unknown(best, first)}")


def _found(
    names: Sequence[str],
    path_column: str | None,
    label_column: str | None,
    group_column: str | None = None,
) -> tuple[int, tuple[int, ...], int | None] | None:
    """Positions of path, labels and part; none if it cannot be decided."""
    folded = [name.casefold() for name in names]
    parts = [i for i, name in enumerate(folded) if name in PART_NAMES or name in FLAGS]
    path = _position(names, folded, path_column, PATH_NAMES)
    label = _position(names, folded, label_column, LABEL_NAMES)
    if label is None and label_column is not None and "," in label_column:
        several = [_position(names, folded, each, LABEL_NAMES) for each in label_column.split(",")]
        found = tuple(at for at in several if at is not None)
        parts = [at for at in parts if at not in (path, *found)]
        if path is None or path in found or len(set(found)) < len(several) or len(parts) > 1:
            return None
        return path, found, parts[0] if parts else None
    group = None if group_column is None else _position(names, folded, group_column, ())
    rest = [i for i in range(len(names)) if i not in {path, label, group, *parts}]
    if len(rest) == 1 and names[rest[0]]:  # id,breed
        if label is None and label_column is None and path is not None:
            label = rest[0]
        elif path is None and path_column is None and label is not None:
            path = rest[0]
    if path is None or label is None or path == label:
        return None
    parts = [i for i in parts if i not in (path, label)]
    return None if len(parts) > 1 else (path, (label,), parts[0] if parts else None)


def _path_alone(
    names: Sequence[str], path_column: str | None
) -> tuple[int, tuple[int, ...], int | None] | None:
    """Positions of path and part where labels do not matter; none if it cannot be decided."""
    folded = [name.casefold() for name in names]
    path = _position(names, folded, path_column, PATH_NAMES)
    parts = [
        i for i, name in enumerate(folded) if i != path and (name in PART_NAMES or name in FLAGS)
    ]
    if path is None and path_column is None and len(names) == 1 + len(parts) and names[0]:
        path = next(i for i in range(len(names)) if i not in parts)
    return None if path is None or len(parts) > 1 else (path, (), parts[0] if parts else None)


def _position(
    names: Sequence[str],
    folded: Sequence[str],
    wanted: str | None,
    groups: Sequence[Sequence[str]],
) -> int | None:
    if wanted is not None:
        exact = [i for i, name in enumerate(names) if name == wanted]
        alike = [i for i, name in enumerate(folded) if name == wanted.strip().casefold()]
        of_name = exact or alike
        return of_name[0] if len(of_name) == 1 else None
    for group in groups:
        met = [i for i, name in enumerate(folded) if name in group]
        if met:
            return met[0] if len(met) == 1 else None
    return None


def _note(names: Sequence[str], path: int, label: Sequence[int], part: int | None) -> str:
    used = [(path, "the files"), *((at, "the labels") for at in label)]
    if part is not None:
        used.append((part, "the parts"))
    plain = {"path", "label", "split", "part"}
    if all(names[i].casefold() in plain for i, _ in used):
        return ""
    return "columns: " + ", ".join(f"{what} are in '{printable(names[i])}'" for i, what in used)


def _unknown(names: Sequence[str], first: str) -> str:
    """What is wrong with a first line in which the columns were not found."""
    options = (
        "--path-column and --label-column name others; in Python, path_column and label_column"
    )
    line = f"its first line is '{printable(first[:60])}'"
    expected = "expected a first line that names the columns, path,label or path,label,split"
    if any(PurePosixPath(name.replace("\\", "/")).suffix.lower() in SUFFIXES for name in names):
        return f"{line}, a picture already; {expected}: add that line"
    if len(names) < 2:
        return f"{line}; {expected}"
    return f"its first line is '{printable(first[:60])}'; {expected} ({options})"
