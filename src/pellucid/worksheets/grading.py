"""Grading: students' answers against a key, by tolerance, and after their own earlier numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pellucid.csv_text import csv_text
from pellucid.errors import ArgumentError
from pellucid.explain.records import record
from pellucid.record import Record
from pellucid.short_repr import short_repr
from pellucid.worksheets.answer_files import read_answers
from pellucid.worksheets.formulas import blanks_in
from pellucid.worksheets.key import read_key
from pellucid.worksheets.student_numbers import NotANumberError, number_of

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from pellucid.data.note import Note
    from pellucid.worksheets.key import Key, KeyBlank

Mark = Literal["right", "follow-on", "wrong", "unreadable", "missing"]
"""What an answer is: right; right after an earlier answer that is wrong; wrong; no number; none."""

CREDITED: tuple[Mark, ...] = ("right", "follow-on")

LANGUAGES = ("en", "ko")
"""Of reports."""

SLACK = 1e-9
"""Of a tolerance, for numbers that computers hold in base 2."""


@dataclass(frozen=True)
class Graded:
    """One answer.

    Attributes:
        blank: Its blank.
        text: As it was written; empty where there is none.
        number: As it was read; none where it is no number.
        mark: What it is.
        expected: What is right: of a follow-on what follows from the student's own numbers.
    """

    blank: str
    text: str
    number: float | None
    mark: Mark
    expected: float


@dataclass(frozen=True)
class Student:
    """A student's answers.

    Attributes:
        name: As written.
        answers: One a blank, in the sheet's order.
    """

    name: str
    answers: Sequence[Graded]

    def count(self, *marks: Mark) -> int:
        """How many answers have one of these marks."""
        return sum(answer.mark in marks for answer in self.answers)

    @property
    def share(self) -> float:
        """The share of blanks that are right, those after an own earlier number too; 0 to 1."""
        return self.count(*CREDITED) / len(self.answers)


@dataclass(frozen=True)
class BlankResult:
    """What a class made of one blank.

    Attributes:
        blank: The key's.
        marks: How many answers have each mark.
        common: The wrong number that most wrote, and how many; none where no two wrote the same.
    """

    blank: KeyBlank
    marks: Mapping[Mark, int]
    common: tuple[float, int] | None

    @property
    def share(self) -> float:
        """The share of students who have it right, 0 to 1."""
        total = sum(self.marks.values())
        return sum(self.marks[mark] for mark in CREDITED) / total if total else 0.0


@short_repr
@dataclass(frozen=True, eq=False)
class Grades(Record):
    """A class's answers to one sheet, graded.

    Attributes:
        sheet: The sheet's digest.
        key: Its blanks, in order.
        students: In the order of the tables.
        notes: Remarks on the tables, one line each, in English.
        language: That of the report, as pages name it.
    """

    record_kind: ClassVar[str] = "grades"
    endings: ClassVar[tuple[str, ...]] = (".html", ".json")
    sheet: str
    key: Sequence[KeyBlank]
    students: Sequence[Student]
    notes: Sequence[Note] = field(default_factory=tuple)
    language: str = "en"

    @property
    def share(self) -> float:
        """The share of all blanks that are right, 0 to 1."""
        return sum(student.share for student in self.students) / len(self.students)

    @cached_property
    def blanks(self) -> tuple[BlankResult, ...]:
        """What the class made of each blank, in the sheet's order."""
        found = []
        for i, blank in enumerate(self.key):
            answers = [student.answers[i] for student in self.students]
            marks = Counter[Mark](answer.mark for answer in answers)
            wrong = Counter(answer.number for answer in answers if answer.mark == "wrong")
            common = None
            for number, count in wrong.most_common(1):
                if count > 1 and number is not None:
                    common = (number, count)
            found.append(BlankResult(blank, marks, common))
        return tuple(found)

    @property
    def exercises(self) -> dict[int, tuple[str, float]]:
        """The topic of each exercise, and the share of its blanks that are right."""
        shares: dict[int, list[float]] = {}
        topics: dict[int, str] = {}
        for result in self.blanks:
            shares.setdefault(result.blank.exercise, []).append(result.share)
            topics[result.blank.exercise] = result.blank.topic
        return {n: (topics[n], sum(own) / len(own)) for n, own in shares.items()}

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values, versioned; see ``docs/worksheets.md``."""
        return record(
            "grades",
            sheet=self.sheet,
            share=self.share,
            notes=list(self.notes),
            students=[
                {
                    "student": student.name,
                    "share": student.share,
                    "answers": [
                        {
                            "blank": answer.blank,
                            "answer": answer.text,
                            "number": answer.number,
                            "mark": answer.mark,
                            "expected": answer.expected,
                        }
                        for answer in student.answers
                    ],
                }
                for student in self.students
            ],
            exercises=[
                {"exercise": number, "topic": topic, "share": share}
                for number, (topic, share) in self.exercises.items()
            ],
            blanks=[
                {
                    "blank": result.blank.name,
                    "exercise": result.blank.exercise,
                    "share": result.share,
                    "marks": dict(result.marks),
                    "common": None
                    if result.common is None
                    else {"number": result.common[0], "count": result.common[1]},
                }
                for result in self.blanks
            ],
        )

    def to_csv(self) -> str:
        """Every answer as a row: student, exercise, blank, answer, what is right, mark."""
        rows: list[list[str | int | float | None]] = [
            ["student", "exercise", "blank", "answer", "expected", "mark"]
        ]
        for student in self.students:
            rows += [
                [student.name, blank.exercise, blank.name, given.text, given.expected, given.mark]
                for blank, given in zip(self.key, student.answers, strict=True)
            ]
        return csv_text(rows)


def grade(
    answers: Sequence[str | os.PathLike[str]],
    key: str | os.PathLike[str],
    *,
    follow_on: bool = True,
    language: str | None = None,
) -> Grades:
    """Grade tables of answers by a sheet's key.

    Args:
        answers: CSV files, see :func:`pellucid.worksheets.answer_files.read_answers`.
        key: The ``key.csv`` that was written with the sheet.
        follow_on: Whether what follows rightly from a student's own wrong number counts.
        language: That of the report, ``en`` or ``ko``; None for the sheet's.

    Raises:
        DataError: If a table or the key cannot be used, or they are of different sheets.
    """
    found = read_key(key)
    read = read_answers(answers, found)
    students = [
        Student(name, _graded(given, found, follow_on=follow_on))
        for name, given in read.given.items()
    ]
    chosen = found.language if language is None else language
    if chosen not in LANGUAGES:
        if language is not None:
            raise ArgumentError(f"language is {language!r:.40}; expected {' or '.join(LANGUAGES)}")
        chosen = "en"
    return Grades(found.sheet, list(found.blanks.values()), students, read.notes, chosen)


def _graded(given: Mapping[str, str], key: Key, *, follow_on: bool) -> list[Graded]:
    """A student's answers, in the sheet's order."""
    own = {name: blank.answer for name, blank in key.blanks.items()}
    wrong: dict[str, float] = {}
    made = []
    for name, blank in key.blanks.items():
        text = given.get(name, "")
        number, mark, expected = _number(text), _mark(text), blank.answer
        if number is not None:
            if _near(number, blank.answer, blank.tolerance):
                mark = "right"
            else:
                mark = "wrong"
                earlier = [wrong[each] for each in blanks_in(blank.formula) if each in wrong]
                after = blank.answer_after(own) if follow_on and any(earlier) else None
                if after is not None and _near(number, after, blank.tolerance):
                    mark, expected = "follow-on", after
                wrong[name] = number
            own[name] = number
        made.append(Graded(name, text, number, mark, expected))
    return made


def _number(text: str) -> float | None:
    try:
        return number_of(text)
    except NotANumberError:
        return None


def _mark(text: str) -> Mark:
    return "unreadable" if text else "missing"


def _near(number: float, wanted: float, tolerance: float) -> bool:
    return abs(number - wanted) <= tolerance + SLACK * max(1.0, abs(wanted))
