"""Tables as spreadsheets save them: CSV with commas, semicolons or tabs, in whatever encoding."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.csv_text import undefused
from pellucid.errors import DataError
from pellucid.text import printable

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

MOST_BYTES = 64 * 2**20
"""Of a table of answers; a class of a thousand has less than one MiB."""

ENCODINGS = ("utf-8-sig", "cp949", "cp1252")
"""What spreadsheets save CSV in: of UTF-8 there is no doubt; then Korean, then western Windows."""


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        path: Its file.
        heads: What its columns are called, without blanks around.
        rows: The line of each row that is not empty, and its cells, as many as heads or more.
    """

    path: Path
    heads: Sequence[str]
    rows: Sequence[tuple[int, list[str]]]


def read_table(path: str | os.PathLike[str]) -> Table:
    """Read a table whose first line names its columns.

    Raises:
        DataError: If it cannot be read, is empty, or is no CSV.
    """
    place = Path(path)
    try:
        with place.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise DataError(f"{printable(place)}: {reason}; check its name") from error
    if len(content) > MOST_BYTES:
        raise DataError(f"{printable(place)}: more than 64 MiB; divide it")
    lines = _text(place, content).splitlines(keepends=True)
    skipped = 0
    separator = ""
    if lines and lines[0].lower().startswith("sep="):  # how Excel is told
        separator, skipped = lines[0].strip()[4:5], 1
    text = "".join(lines[skipped:])
    separator = separator or _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                cells = [undefused(cell.strip()) for cell in row]
                rows.append((reader.line_num + skipped, cells))
    except csv.Error as error:
        raise DataError(
            f"{printable(place)}, line {reader.line_num + skipped}: {error}; save it as CSV again"
        ) from error
    if not rows:
        raise DataError(f"{printable(place)}: is empty; its first line names the columns")
    (_, heads), *others = rows
    while heads and not heads[-1]:
        heads.pop()
    filled = [(line, [*row, *[""] * (len(heads) - len(row))]) for line, row in others]
    return Table(place, heads, filled)


def _text(place: Path, content: bytes) -> str:
    """The text of a file, by its byte order mark or else as it can be read."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise DataError(f"{printable(place)}: damaged UTF-16; save it as CSV again") from error
    if content.startswith(b"PK\x03\x04"):
        raise DataError(f"{printable(place)}: is a workbook; save it as CSV")
    if b"\0" in content:
        raise DataError(f"{printable(place)}: is no text; save it as CSV")
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DataError(f"{printable(place)}: the text is not UTF-8; save it as CSV with UTF-8")


def _separator(text: str) -> str:
    """What stands between the columns of the first line that is not empty."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    counts = {mark: first.count(mark) for mark in (",", ";", "\t")}
    return max(counts, key=lambda mark: counts[mark])
