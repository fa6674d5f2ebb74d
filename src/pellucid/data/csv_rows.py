"""The first line and the rows of lists in CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from pellucid.errors import DataError
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator


def column_names(place: str, first: str, separator: str) -> list[str]:
    """What columns are called, by the first line of a list; none of an empty line.

    Args:
        place: The list, for messages.
        first: Its first line.
        separator: Between two names.

    Raises:
        DataError: If it is no CSV.
    """
    try:
        return [name.strip() for name in next(csv.reader([first], delimiter=separator), [])]
    except csv.Error as error:  # a name that is longer than the module reads
        raise _broken(place, 1, error) from error


def csv_rows(place: str, text: str, separator: str, width: int) -> Iterator[tuple[int, list[str]]]:
    """Number and values of each line behind the first that is not empty, at least ``width`` values.

    Args:
        place: The list, for messages.
        text: Its content.
        separator: Between two values.
        width: How many values a line has; shorter ones are filled up with empty texts.

    Raises:
        DataError: If a line is no CSV; it is named.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        next(reader, None)
        for row in reader:
            if any(value.strip() for value in row):
                yield reader.line_num, [*row, *[""] * (width - len(row))]
    except csv.Error as error:
        raise _broken(place, reader.line_num, error) from error


def check_row_width(place: str, values: list[str], width: int, separator: str) -> None:
    """Check that a line has no more values than the list has columns: part of a text cut off.

    Args:
        place: The list and the line, for messages.
        values: Those of the line.
        width: How many columns the list has.
        separator: Between two values.

    Raises:
        DataError: If it has more, and these are not empty.
    """
    if any(value.strip() for value in values[width:]):
        raise DataError(
            f"{place}: {counted(len(values), 'value')} in {counted(width, 'column')}; put texts "
            f"that hold {separator!r} between double quotes"
        )


def _broken(place: str, line: int, error: csv.Error) -> DataError:
    return DataError(f"{place}, line {line}: {printable(str(error))}; save it as CSV again")
