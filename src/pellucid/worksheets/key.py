"""Keys of worksheets as CSV: what each blank's answer is, how far off is right, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.csv_text import csv_text
from pellucid.errors import ArgumentError, DataError
from pellucid.files.atomic import write_text
from pellucid.text import printable, quoted
from pellucid.worksheets.formulas import blanks_in, value_of
from pellucid.worksheets.student_numbers import NotANumberError, number_of
from pellucid.worksheets.tables import read_table

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from pellucid.worksheets.sheet import Worksheet

COLUMNS = (
    "sheet", "exercise", "topic", "blank", "answer", "tolerance", "network", "formula", "language",
)  # fmt: skip
"""Of a key; ``network`` is the network's own value, of numbers that are not rounded, and
``language`` that of the sheet."""

_OPTIONAL = ("network", "language")


@dataclass(frozen=True)
class KeyBlank:
    """What a key says of one blank.

    Attributes:
        name: ``2c``.
        exercise: Its number.
        topic: What the exercise is about.
        answer: What is right.
        tolerance: How far an answer may be from it.
        formula: How it follows from earlier answers.
    """

    name: str
    exercise: int
    topic: str
    answer: float
    tolerance: float
    formula: str

    def answer_after(self, given: Mapping[str, float]) -> float | None:
        """What is right after the student's own earlier answers; none if none count here.

        Args:
            given: The numbers of all blanks: the student's, or the key's where there is none.
        """
        if not any(name in given for name in blanks_in(self.formula)):
            return None
        try:
            return value_of(self.formula, given)
        except ArgumentError:  # e.g. the logarithm of a negative answer
            return None


@dataclass(frozen=True)
class Key:
    """The key of one sheet.

    Attributes:
        sheet: The digest that stands on the sheet.
        blanks: By name, in the sheet's order.
        language: That of the sheet, as pages name it.
    """

    sheet: str
    blanks: Mapping[str, KeyBlank]
    language: str = "en"


def key_text(sheet: Worksheet, language: str = "en") -> str:
    """The key of a worksheet, as CSV; the language is the sheet's."""
    rows: list[tuple[str | int | float | None, ...]] = [COLUMNS]
    rows += [
        (
            sheet.digest, exercise.number, exercise.topic, blank.name,
            format(blank.answer, "f"), format(blank.tolerance, "f"),
            None if blank.exact is None else float(f"{blank.exact:.7g}"), blank.formula, language,
        )
        for exercise in sheet.exercises
        for blank in exercise.blanks
    ]  # fmt: skip
    return csv_text(rows)


def write_key(sheet: Worksheet, path: str | os.PathLike[str], language: str = "en") -> None:
    """Write the key of a worksheet.

    Args:
        sheet: The sheet.
        path: Where, a CSV file.
        language: That of the sheet, which grades are written in where no other is asked for.

    Raises:
        OutputError: If it cannot be written.
    """
    write_text(path, key_text(sheet, language))


def form_text(sheet: Worksheet) -> str:
    """A table to type answers into, as CSV: a row a student, a column a blank."""
    return csv_text(
        [["sheet", "student", *(blank.name for blank in sheet.blanks)], [sheet.digest, None]]
    )


def read_key(path: str | os.PathLike[str]) -> Key:
    """Read the key of a worksheet, also one that a spreadsheet has saved again.

    Raises:
        DataError: If it is no key, or damaged; the message names the line.
    """
    table = read_table(path)
    missing = [name for name in COLUMNS if name not in table.heads and name not in _OPTIONAL]
    if missing:
        raise DataError(
            f"{printable(path)}: has no column {missing[0]!r}, so it is no key; give the key.csv "
            "that pellucid worksheet wrote"
        )
    blanks: dict[str, KeyBlank] = {}
    sheets: set[str] = set()
    language = "en"
    for line, row in table.rows:
        cells = dict(zip(table.heads, row, strict=False))
        try:
            answer, tolerance = number_of(cells["answer"]), number_of(cells["tolerance"])
            if tolerance < 0 or not math.isfinite(answer):
                raise NotANumberError(cells["tolerance"])  # noqa: TRY301 - one message for both
            made = KeyBlank(
                cells["blank"], int(cells["exercise"]), cells["topic"], answer, tolerance,
                cells["formula"],
            )  # fmt: skip
            own = value_of(made.formula, {name: blanks[name].answer for name in blanks})
            if abs(own - made.answer) > max(made.tolerance, 1e-9):
                raise NotANumberError(cells["answer"])  # noqa: TRY301
        except (NotANumberError, ArgumentError, ValueError) as error:
            raise DataError(
                f"{printable(path)}, line {line}: blank {quoted(cells['blank'], 20)} has a damaged "
                "answer, tolerance or formula; write the key again with pellucid worksheet and the "
                "same seed"
            ) from error
        if made.name in blanks:
            raise DataError(
                f"{printable(path)}, line {line}: blank {quoted(made.name, 20)} is there twice; "
                "give the key of one sheet"
            )
        blanks[made.name] = made
        sheets.add(cells["sheet"])
        language = cells.get("language") or language
    if not blanks:
        raise DataError(f"{printable(path)}: the key has no blanks; write it again")
    if len(sheets) > 1:
        raise DataError(
            f"{printable(path)}: is of several sheets ({', '.join(sorted(map(printable, sheets)))})"
            "; give the key of one"
        )
    return Key(sheets.pop(), blanks, language)
