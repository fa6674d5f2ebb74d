"""Decisions about pictures, in a CSV file: keep, move to another class, leave out.

The columns are ``path,decision,label,note,digest``, in any order; others are ignored, and so are
lines without a decision: a list of mistakes becomes one of decisions where it is filled in. A path
is what ``pellucid check`` prints for the picture. The digest is of the file's bytes, or of an
array's pixels: a decision about a picture that has changed since does not hold.
"""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.csv_text import csv_text, undefused
from pellucid.data.csv_rows import column_names, csv_rows
from pellucid.data.table import csv_content
from pellucid.errors import ArgumentError, DataError
from pellucid.known_names import find_name
from pellucid.short_repr import short_repr
from pellucid.text import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KEEP, MOVE, LEAVE_OUT = "keep", "move", "leave-out"

WAYS = (KEEP, MOVE, LEAVE_OUT)
"""What can be decided about a picture."""

COLUMNS = ("path", "decision", "label", "note", "digest")
"""The columns of a file of decisions, as it is written."""


@dataclass(frozen=True)
class Decision:
    """What was decided about one picture.

    Attributes:
        path: The picture, as ``pellucid check`` prints it.
        way: ``keep``, ``move`` or ``leave-out``.
        label: What a picture that moves is labelled with, as a list has it; else without meaning.
        note: A remark given with the decision.
        digest: Of what was decided about, see :mod:`pellucid.data.decisions.digest`; empty where
            that is not known.
        place: The file and line that says so, for messages.
    """

    path: str
    way: str
    label: str = ""
    note: str = ""
    digest: str = ""
    place: str = ""

    @property
    def held(self) -> tuple[str, str, str, str]:
        """What it says: two that say the same do not contradict each other."""
        return printable(self.path), self.way, self.label if self.way == MOVE else "", self.digest


@short_repr
@dataclass(frozen=True)
class Decisions:
    """Decisions about pictures of some data, each about one.

    Attributes:
        name: What they are called in messages: their file.
        rows: The decisions.

    Raises:
        DataError: Two contradict each other.
    """

    name: str
    rows: tuple[Decision, ...]

    def __post_init__(self) -> None:
        first: dict[str, Decision] = {}
        for row in self.rows:
            other = first.setdefault(printable(row.path), row)
            if other.held[:3] != row.held[:3]:
                raise DataError(
                    f"{row.place or self.name}: {printable(row.path)} is decided as {_said(row)}, "
                    f"and as {_said(other)} in {other.place or 'another row'}; keep one of the "
                    "lines"
                )

    @cached_property
    def of(self) -> Mapping[str, Decision]:
        """The decision about each path, as it is printed."""
        return {printable(row.path): row for row in self.rows}

    @cached_property
    def digest(self) -> str:
        """What stands for all that they say, 64 hexadecimal digits, whatever order and notes."""
        held = sorted({row.held for row in self.rows})
        return hashlib.sha256(json.dumps(held).encode("utf-8")).hexdigest()

    def __len__(self) -> int:
        return len(self.of)


def read_decisions(path: str | os.PathLike[str]) -> Decisions:
    """The decisions in a CSV file.

    Raises:
        DataError: It cannot be read, lacks a column, or a line is wrong; the line is named.
    """
    file = Path(path)
    place = printable(file)
    text = csv_content(file)
    first = next(iter(text.splitlines()), "")
    separator = max(",;\t|", key=first.count)
    heads = [head.casefold() for head in column_names(place, first, separator)]
    missing = [name for name in COLUMNS[:2] if name not in heads]
    if missing:
        raise DataError(
            f"{place}: no column {' and no column '.join(missing)}; its first line is "
            f"{quoted(first, 60)}; expected one that names the columns {', '.join(COLUMNS)}"
        )
    at = {name: heads.index(name) for name in COLUMNS if name in heads}
    rows = []
    for line, values in csv_rows(place, text, separator, len(heads)):
        cells = {name: undefused(values[column].strip()) for name, column in at.items()}
        if cells["decision"]:
            rows.append(_decision(cells, f"{place}, line {line}"))
    return Decisions(place, tuple(rows))


def get_decisions(given: object) -> Decisions | None:
    """Decisions from a file's path; as they are where they are decisions already, or None.

    Raises:
        DataError: As :func:`read_decisions`.
        ArgumentError: It is neither.
    """
    if given is None or isinstance(given, Decisions):
        return given
    if isinstance(given, str | os.PathLike):
        return read_decisions(given)
    raise ArgumentError(
        f"decisions are {given!r:.80}; expected the path of a CSV file of "
        f"{','.join(COLUMNS)}, or what read_decisions gives"
    )


def _decision(cells: Mapping[str, str], place: str) -> Decision:
    try:
        way = find_name("decision", cells["decision"], WAYS)
    except ArgumentError as error:
        raise DataError(f"{place}: {error}") from error
    path, label = cells["path"], unicodedata.normalize("NFC", cells.get("label", ""))
    digest = cells.get("digest", "").casefold()
    if not path:
        raise DataError(f"{place}: the path is missing; complete or remove the line")
    if way == MOVE and not label:
        raise DataError(
            f"{place}: {printable(path)} is to move, and the label is missing; write the class "
            "that it belongs to"
        )
    if digest and (len(digest) < 8 or set(digest) - set("0123456789abcdef")):
        raise DataError(
            f"{place}: the digest {quoted(digest, 40)} is none; expected hexadecimal digits, 8 or "
            "more, or nothing"
        )
    return Decision(path, way, label, cells.get("note", ""), digest, place)


def _said(row: Decision) -> str:
    return f"{row.way} to {printable(row.label)}" if row.way == MOVE else row.way


def decisions_csv(rows: Iterable[Decision]) -> str:
    """Decisions as the text of a CSV file that :func:`read_decisions` reads."""
    lines = [(printable(row.path), row.way, row.label, row.note, row.digest) for row in rows]
    return csv_text([COLUMNS, *lines])
