"""Class names that the user gives: a list, ``a,b,c``, or a file with one name a line."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.decode import unreadable
from pellucid.data.labels import LabelKind, checked_labels, label_kind, places_in
from pellucid.errors import DataError
from pellucid.text import counted, printable, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

ClassNames = str | os.PathLike[str] | Sequence[str]
"""Class names as they may be given."""

FILE = "classes.txt"
"""The file of class names beside IDX files."""

LARGEST_FILE = 1 << 20
"""Bytes of a file of class names."""


def given_classes(given: object, name: str = "classes") -> tuple[tuple[str, ...], LabelKind]:
    """Return class names in their order, and the kind of their labels.

    Args:
        given: A sequence of texts (or integers, which are then the labels themselves); or a text
            with commas, ``"cat,dog"``; or the path of a text file (UTF-8) with one name a line.
        name: What the classes are called in messages.

    Raises:
        DataError: There is no such file, or it cannot be read; or a name is empty, given twice,
            or differs from another only in case or blanks.
    """
    if isinstance(given, str | os.PathLike):
        names, place = _read(given, name)
        kind: LabelKind = "text"
    else:
        values = checked_labels(given, name)
        kind, place = label_kind(values), name
        if kind == "bool":
            raise DataError(f"{name}: bools; expected texts or integers, one a class")
        names = [str(value) for value in values.tolist()]
    _check_different(names, place)
    return tuple(names), kind


def named_places(
    labels: Mapping[str, NDArray[Any]], classes: tuple[str, ...], kind: LabelKind, name: str
) -> dict[str, NDArray[np.int64]]:
    """Return the place of each label among given classes, by part.

    Labels of the classes' kind are found among them. Integers count classes of names: 0 is the
    first; where they do not start at 0, and as many are used as there are names, the smallest is.

    Args:
        labels: What :func:`pellucid.data.labels.checked_labels` returned, by part.
        classes: The K class names.
        kind: Theirs.
        name: What the labels are called in messages.

    Raises:
        DataError: A label is no class, or there are more or fewer names than labels.
    """
    if kind != "text" or {label_kind(values) for values in labels.values()} != {"int"}:
        return {part: places_in(values, classes, kind, name) for part, values in labels.items()}
    used = np.unique(np.concatenate(list(labels.values())))
    if not 0 <= used[0] <= used[-1] < len(classes):
        if len(used) != len(classes):
            raise DataError(
                f"{name}: {counted(len(classes), 'class name')} for the labels {used[0]} to "
                f"{used[-1]} ({len(used)} different ones); give one name for each label"
            )
        return {part: np.searchsorted(used, values) for part, values in labels.items()}
    return {part: values.astype(np.int64) for part, values in labels.items()}


def _read(given: str | os.PathLike[str], name: str) -> tuple[list[str], str]:
    """The names in a text or a file, and what to call that in messages."""
    path = Path(given)
    if isinstance(given, str) and "," in given and not _is_file(path):
        return [part.strip() for part in given.split(",")], name
    place = printable(path)
    try:
        if not _is_file(path):
            raise DataError(
                f"{name}: {quoted(path, 200)} is no file; give a file with one name a line, or "
                f"names with commas between them: cat,dog"
            )
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise unreadable(path, error) from error
    if len(content) > LARGEST_FILE:
        raise DataError(f"{place}: more than {LARGEST_FILE} bytes; expected one class name a line")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{place}: no text in UTF-8; save it as UTF-8, one name a line") from error
    if "\0" in text:
        raise DataError(f"{place}: no text file; expected one class name a line")
    lines = [line.strip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise DataError(f"{place}: no class names; expected one a line")
    return lines, place


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long for a path
        return False


def _check_different(names: list[str], place: str) -> None:
    """Raise DataError if a name is empty, or two can be taken for one another."""
    seen: dict[str, int] = {}
    for i, entry in enumerate(names):
        if not entry.strip():
            raise DataError(f"{place}: name {i + 1} is empty; give each class a name")
        same = seen.setdefault(" ".join(entry.split()).casefold(), i)
        if same != i:
            difference = (
                "is given twice"
                if names[same] == entry
                else f"and {quoted(names[same], 80)} differ only in case or blanks"
            )
            raise DataError(
                f"{place}: {quoted(entry, 80)} {difference} (names {same + 1} and {i + 1}); "
                f"give each class a name of its own"
            )
