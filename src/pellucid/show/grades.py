"""The document of a class's grades: who has how much right, and what most got wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.numerals import figure as written
from pellucid.show import document as d
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from pellucid.worksheets.grading import BlankResult, Grades

HARDEST = 10
"""Blanks that a terminal lists."""


def grades_document(grades: Grades) -> d.Document:
    """Grades as a document."""
    students = counted(len(grades.students), "student")
    title = f"Sheet {grades.sheet}: {students}, {grades.share:.0%} right"
    parts: list[d.Part] = [
        d.Section("Students", [_students(grades)]),
        d.Section("Exercises, the hardest first", [_exercises(grades)]),
        d.Section("Blanks, the hardest first", [_blanks(grades)]),
    ]
    if grades.notes:
        parts.insert(0, d.Items([printable(note) for note in grades.notes]))
    return d.Document(title, parts)


def _students(grades: Grades) -> d.Table:
    rows = [
        [
            printable(student.name), f"{student.share:.0%}",
            *(str(student.count(mark)) for mark in ("right", "follow-on")),
            str(student.count("wrong", "unreadable")), str(student.count("missing")),
        ]
        for student in grades.students
    ]  # fmt: skip
    heads = ("student", "score", "right", "follow-on", "wrong", "missing")
    return d.Table("students", heads, rows)


def _exercises(grades: Grades) -> d.Bars:
    order = sorted(grades.exercises.items(), key=lambda entry: (entry[1][1], entry[0]))
    bars = [
        d.Bar(f"{number}. {printable(topic)}", share, f"{share:.0%}")
        for number, (topic, share) in order
    ]
    return d.Bars("share that is right, by exercise", bars)


def _blanks(grades: Grades) -> d.Table:
    order = sorted(grades.blanks, key=lambda result: result.share)
    heads = ("blank", "right", "follow-on", "wrong", "missing", "answer", "most common mistake")
    limit = d.Limit(HARDEST, noun="blanks", terminal_hint="--csv writes all answers")
    return d.Table("blanks", heads, [_row(result) for result in order], limit=limit)


def _row(result: BlankResult) -> list[str]:
    marks = result.marks
    common = ""
    if result.common is not None:
        number, count = result.common
        common = f"{written(number)} ({count}×)"
    wrong = marks.get("wrong", 0) + marks.get("unreadable", 0)
    return [
        result.blank.name, str(marks.get("right", 0)), str(marks.get("follow-on", 0)),
        str(wrong), str(marks.get("missing", 0)), written(result.blank.answer), common,
    ]  # fmt: skip
