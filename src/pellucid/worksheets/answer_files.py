"""Answers of students as tables have them: a row an answer, or a row a student."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pellucid.data.note import Note
from pellucid.errors import DataError
from pellucid.text import counted, listed, printable, quoted
from pellucid.worksheets.tables import read_table

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from pellucid.worksheets.key import Key
    from pellucid.worksheets.tables import Table

STUDENT = ("student", "name", "pupil", "students", "studentname", "학생", "이름", "학번", "성명")
BLANK = ("blank", "question", "item", "빈칸", "문항", "번호")
ANSWER = ("answer", "value", "response", "답", "답안", "정답")
SHEET = ("sheet", "worksheet", "학습지", "학습지번호")
"""What columns may be called; case, blanks and punctuation do not count."""

_NAMED_AS_BLANK = re.compile(r"\d+[a-z]{1,2}")


@dataclass
class Answers:
    """What students wrote.

    Attributes:
        given: By student, as first written, and blank: the text of the last answer.
        notes: Remarks, one line each.
    """

    given: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def read_answers(paths: Sequence[str | os.PathLike[str]], key: Key) -> Answers:
    """Read the answers to one sheet.

    A table has the columns student, blank and answer, or a column for each blank and a row for each
    student. Without a column of students a table is one student's, called as its file, or each row
    of a wide one is. Of several answers to one blank the last one counts.

    Args:
        paths: The tables.
        key: The sheet's key.

    Raises:
        DataError: If a table cannot be read, has no answers, or is of another sheet.
    """
    found = _Reader(key)
    for path in paths:
        found.read(read_table(path))
    return found.answers()


class _Reader:
    def __init__(self, key: Key) -> None:
        self._key = key
        self._by_name = {folded(name): name for name in key.blanks}
        self._students: dict[str, str] = {}
        self._given: dict[str, dict[str, str]] = {}
        self._twice: list[str] = []
        self._unknown: dict[str, int] = {}

    def read(self, table: Table) -> None:
        """Take the answers of a table."""
        heads = [folded(head) for head in table.heads]
        student, blank, answer = (_index(heads, names) for names in (STUDENT, BLANK, ANSWER))
        sheet = _index(heads, SHEET)
        columns = {k: self._by_name[head] for k, head in enumerate(heads) if head in self._by_name}
        place = printable(table.path)
        is_long = blank is not None and answer is not None
        if not is_long and not columns:
            if any(_NAMED_AS_BLANK.fullmatch(head) for head in heads):
                raise self._of_another(place)
            raise DataError(
                f"{place}: has the columns {listed([h or '?' for h in table.heads])}; give "
                "student, blank and answer, or a column for each blank, such as "
                f"{next(iter(self._key.blanks))}"
            )
        before = sum(map(len, self._given.values()))
        for line, row in table.rows:
            self._check_sheet(place, line, "" if sheet is None else row[sheet])
            if is_long:
                assert blank is not None
                assert answer is not None
                name = table.path.stem if student is None else row[student] or "(no name)"
                self._add(name, row[blank], row[answer])
                continue
            alone = table.path.stem if len(table.rows) == 1 else f"line {line}"
            name = alone if student is None else row[student] or f"(line {line})"
            if not any(row[k] for k in (student, *columns) if k is not None):
                continue  # a form's line that nobody has filled in
            self._student(name)
            for k, own in columns.items():
                self._add(name, own, row[k])
            for k, head in enumerate(heads):
                if k not in columns and _NAMED_AS_BLANK.fullmatch(head) and row[k]:
                    self._unknown[table.heads[k]] = self._unknown.get(table.heads[k], 0) + 1
        if sum(map(len, self._given.values())) == before:
            if is_long and self._unknown:
                raise self._of_another(place)
            raise DataError(f"{place}: has no answers, only names of columns and students")

    def answers(self) -> Answers:
        """All that was read."""
        notes: list[Note] = []
        if self._twice:
            twice = listed(self._twice, 12)
            line = f"answered twice, the last one counts: {twice}"
            notes.append(Note(line, "twice", names=twice))
        if self._unknown:
            count = counted(sum(self._unknown.values()), "answer")
            names = listed(sorted(self._unknown), 12)
            line = f"not on sheet {self._key.sheet}, {count} not graded: {names}"
            number = sum(self._unknown.values())
            notes.append(Note(line, "unknown", sheet=self._key.sheet, count=number, names=names))
        given = {self._students[name]: answers for name, answers in self._given.items()}
        return Answers(given, notes)

    def _student(self, name: str) -> dict[str, str]:
        plain = " ".join(unicodedata.normalize("NFC", name).split())
        self._students.setdefault(plain.casefold(), plain)
        return self._given.setdefault(plain.casefold(), {})

    def _add(self, student: str, blank: str, text: str) -> None:
        own = self._student(student)
        name = self._by_name.get(folded(blank))
        if name is None:
            if blank or text:
                shown = blank or "(no name)"
                self._unknown[shown] = self._unknown.get(shown, 0) + 1
            return
        if not text:
            return
        if name in own and own[name] != text:
            self._twice.append(f"{' '.join(student.split())} {name}")
        own[name] = text

    def _check_sheet(self, place: str, line: int, sheet: str) -> None:
        if sheet and folded(sheet) != folded(self._key.sheet):
            raise DataError(
                f"{place}, line {line}: answers to sheet {quoted(sheet, 20)}, but the key is of "
                f"sheet {printable(self._key.sheet)}; give that sheet's key"
            )

    def _of_another(self, place: str) -> DataError:
        return DataError(
            f"{place}: none of its blanks is on sheet {printable(self._key.sheet)}, which the key "
            "is of; give the key of the sheet that was answered"
        )


def folded(name: str) -> str:
    """A column's or a blank's name without case, blanks and punctuation: ``(1 A)`` as ``1a``."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in plain if c.isalnum())


def _index(heads: Sequence[str], names: Iterable[str]) -> int | None:
    """The first column of one of these names."""
    return next((k for name in names for k, head in enumerate(heads) if head == name), None)
