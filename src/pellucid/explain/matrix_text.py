"""A kernel's matrix from what people type: rows of numbers, or brackets as in JSON and NumPy."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.text import counted, quoted

if TYPE_CHECKING:
    from pellucid.ops.operation import Array

LARGEST = 31
"""Rows and columns of a matrix at most."""

LARGEST_NUMBER = 1e9
"""Size of a matrix' numbers at most, also after the division."""

LONGEST = 100_000
"""Characters of a matrix' text at most."""

WANTED = "expected rows of numbers such as '0 -1 0; -1 5 -1; 0 -1 0'"

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def parse_matrix(text: str) -> Array:
    """A matrix, float64 (height, width), from its text.

    Semicolons or line ends divide rows, spaces or commas divide numbers: ``"0 -1 0; -1 5 -1"``.
    Commas divide rows where spaces divide numbers, ``"0 -1 0, -1 5 -1"``. Brackets are taken as
    JSON, NumPy and MATLAB write them: ``"[[0, -1], [5, 0]]"``, ``"[0 -1; 5 0]"``.

    Raises:
        ArgumentError: If it is not a rectangle of at most 31×31 finite numbers, or what the rows
            are is not clear: nine numbers in one row are a row of nine only as ``"[[1 2 … 9]]"``.
    """
    if len(text) > LONGEST:
        raise ArgumentError(f"the matrix' text has {len(text):,} characters; {WANTED}")
    plain = text.replace("\N{MINUS SIGN}", "-").strip("; \n\t\r")
    if call := re.fullmatch(r"(?:np\.|numpy\.)?(?:as)?array\((.*)\)", plain, re.DOTALL):
        plain = call[1].strip()
    plain = plain.translate(str.maketrans("()", "[]"))
    if "[" in plain or "]" in plain:
        return _bracketed(plain, text)
    return _plain(plain, text)


def check_matrix(matrix: Any) -> Array:
    """A matrix that is given as numbers, (height, width), checked: float64.

    Raises:
        ArgumentError: As for :func:`parse_matrix`; one row must be given as a list of one list.
    """
    given = f"a matrix of {type(matrix).__name__}"
    try:
        rows = [list(row) if not isinstance(row, str | bytes) else None for row in matrix]
    except TypeError as error:
        if np.ndim(matrix) == 1 and np.size(matrix):
            raise ArgumentError(
                f"{given} has {counted(np.size(matrix), 'number')} in one row; expected a list of "
                "rows, as in [[0, -1, 0], [-1, 5, -1], [0, -1, 0]], also for a single row: [[1, "
                "2, 1]]"
            ) from error
        raise ArgumentError(f"{given} is not made of rows; expected (height, width)") from error
    numbers: list[list[float]] = []
    for row in rows:
        if row is None:
            raise ArgumentError(f"{given} holds text; {WANTED} as one text, or numbers")
        numbers.append([_as_float(number, given) for number in row])
    return _checked(numbers, given)


def _plain(text: str, given: str) -> Array:
    """Rows by semicolons and line ends; or, without those, by commas between groups."""
    rows = [row.strip() for row in re.split(r";[^\S\n]*\n|[;\n]", text)]
    if "\n" in text:  # an empty line is no row
        rows = [row for row in rows if row]
    if len(rows) == 1 and "," in rows[0]:
        groups = [group.split() for group in rows[0].strip(", ").split(",")]
        if any(len(group) > 1 for group in groups):
            return _checked([[_number(n, given) for n in group] for group in groups], _name(given))
    found = [_numbers_of_row(row, given) for row in rows]
    if len(found) == 1 and _is_square(len(found[0])):
        _refuse_one_row(len(found[0]), _name(given))
    return _checked(found, _name(given))


def _bracketed(text: str, given: str) -> Array:
    """``[[1 2], [3 4]]``, whose inner brackets are rows; or ``[1 2; 3 4]``, which is plain."""
    if re.fullmatch(r"\[[^\[\]]*\]([\s,;]*\[[^\[\]]*\])+,?", text):
        text = f"[{text}]"  # rows without the brackets around all
    inner = re.fullmatch(r"\[(.*)\]", text, re.DOTALL)
    if inner is None:
        raise ArgumentError(f"{_name(given)} has brackets that do not match; {WANTED}")
    content = inner[1].strip()
    if "[" not in content and "]" not in content:
        return _plain(content.strip(";, \n\t\r"), given)
    rows = re.findall(r"\[([^\[\]]*)\]", content)
    between = re.sub(r"\[[^\[\]]*\]", "", content)
    if re.fullmatch(r"[\s,;]*", between) is None:
        raise ArgumentError(
            f"{_name(given)} is not two levels of brackets, rows in a matrix; expected "
            "'[[0, -1, 0], [-1, 5, -1], [0, -1, 0]]'"
        )
    return _checked([_numbers_of_row(row.strip(", \n\t\r"), given) for row in rows], _name(given))


def _numbers_of_row(row: str, given: str) -> list[float]:
    groups = [group.split() for group in row.strip(", ").split(",")] if row.strip(", ") else []
    if len(groups) > 1 and any(len(group) != 1 for group in groups):
        raise ArgumentError(
            f"{_name(given)} has a row with commas and spaces between numbers, "
            f"{quoted(row, 40)}: use one of them, and a point for decimals; {WANTED}"
        )
    return [_number(word, given) for group in groups for word in group]


def _number(word: str, given: str) -> float:
    if _NUMBER.fullmatch(word) is None:
        hint = "; give fractions by --divisor" if "/" in word else ""
        raise ArgumentError(
            f"{_name(given)} has {quoted(word, 24)}, which is no finite number{hint}; {WANTED}"
        )
    return float(word)


def _as_float(value: Any, given: str) -> float:
    if isinstance(value, bool | np.bool_) or not np.isscalar(value) or isinstance(value, str):
        value = value.item() if np.ndim(value) == 0 and hasattr(value, "item") else value
    if isinstance(value, bool | str | bytes | complex) or value is None:
        raise ArgumentError(f"{given} holds {value!r:.40}; expected numbers, (height, width)")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ArgumentError(
            f"{given} holds {type(value).__name__}; expected numbers, (height, width)"
        ) from error


def _checked(rows: list[list[float]], given: str) -> Array:
    lengths = [len(row) for row in rows]
    if not rows or 0 in lengths:
        what = "no numbers" if not any(lengths) else "an empty row"
        raise ArgumentError(f"{given} has {what}; {WANTED}")
    if len(set(lengths)) != 1:
        described = ", ".join(map(str, lengths[:12])) + (", …" if len(lengths) > 12 else "")
        raise ArgumentError(f"{given} has rows of different lengths ({described}); {WANTED}")
    if max(len(rows), lengths[0]) > LARGEST:
        raise ArgumentError(
            f"{given} has {len(rows)}×{lengths[0]} numbers; {LARGEST}×{LARGEST} are taken at most"
        )
    for number in (number for row in rows for number in row):
        if not math.isfinite(number) or abs(number) > LARGEST_NUMBER:
            raise ArgumentError(
                f"{given} has the number {number:g}; expected finite ones, of the size "
                f"{LARGEST_NUMBER:g} at most"
            )
    return np.array(rows)


def _refuse_one_row(count: int, given: str) -> None:
    side = math.isqrt(count)
    raise ArgumentError(
        f"{given} has {count} numbers in one row, and it is not clear what the rows are: divide "
        f"them by semicolons into {side} rows of {side}, as in '{_example(side)}'; or write two "
        f"brackets around them for a kernel of 1×{count}, '[[1 2 …]]'"
    )


def _example(side: int) -> str:
    rows = [" ".join(str(side * r + c + 1) for c in range(side)) for r in range(side)]
    return "; ".join(rows) if side < 4 else "1 2 …; …; …"


def _is_square(count: int) -> bool:
    return count > 1 and math.isqrt(count) ** 2 == count


def _name(text: str) -> str:
    return f"matrix {quoted(text, 60)}"
