"""The document of a class's grades: who has how much right, and what most got wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.numerals import figure as written
from pellucid.show import document as d
from pellucid.show.worksheet.korean import KOREAN
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.data.note import Note
    from pellucid.worksheets.grading import BlankResult, Grades

HARDEST = 10
"""Blanks that a terminal lists."""


@dataclass(frozen=True)
class Words:
    """What a language says of grades.

    Attributes:
        title: Of the sheet, how many students there are, and the share that is right.
        sections: The headings of students, exercises and blanks.
        exercises: What the bars of exercises are called.
        students: The heads of the table of students.
        blanks: The heads of the table of blanks.
        more: What blanks are that are not listed, where they are, and how that is put.
        topic: The name of a topic.
        note: A remark.
    """

    title: Callable[[str, int, float], str]
    sections: tuple[str, str, str]
    exercises: str
    students: tuple[str, ...]
    blanks: tuple[str, ...]
    more: tuple[str, str, str]
    topic: Callable[[str], str]
    note: Callable[[Note], str]


def _korean_note(note: Note) -> str:
    values = note.values
    if note.about == "twice":
        return f"두 번 답한 곳이 있으며 마지막 답으로 채점했습니다: {values['names']}"
    return (
        f"학습지 {values['sheet']}에 없어 채점하지 않은 답이 {values['count']}개 있습니다: "
        f"{values['names']}"
    )


WORDS = {
    "en": Words(
        lambda sheet, count, share: (
            f"Sheet {sheet}: {counted(count, 'student')}, {share:.0%} right"
        ),
        ("Students", "Exercises, the hardest first", "Blanks, the hardest first"),
        "share that is right, by exercise",
        ("student", "score", "right", "follow-on", "wrong", "missing"),
        ("blank", "right", "follow-on", "wrong", "missing", "answer", "most common mistake"),
        ("blanks", "--csv writes all answers", "and {left} {noun}"),
        lambda topic: topic,
        str,
    ),
    "ko": Words(
        lambda sheet, count, share: f"학습지 {sheet}: 학생 {count}명, 정답 {share:.0%}",
        ("학생", "문제(어려운 것부터)", "빈칸(어려운 것부터)"),
        "문제마다 맞은 비율",
        ("학생", "점수", "맞음", "이어서 맞음", "틀림", "빈 답"),
        ("빈칸", "맞음", "이어서 맞음", "틀림", "빈 답", "정답", "가장 많은 오답"),
        ("빈칸", "모든 답: --csv", "그 밖에 {noun} {left}개"),
        lambda topic: KOREAN.names.get(topic, topic),
        _korean_note,
    ),
}
"""By language, as pages name it."""


def grades_document(grades: Grades) -> d.Document:
    """Grades as a document, in their language."""
    words = WORDS[grades.language]
    students, exercises, blanks = words.sections
    parts: list[d.Part] = [
        d.Section(students, [_students(grades, words)]),
        d.Section(exercises, [_exercises(grades, words)]),
        d.Section(blanks, [_blanks(grades, words)]),
    ]
    if grades.notes:
        parts.insert(0, d.Items([printable(words.note(note)) for note in grades.notes]))
    title = words.title(grades.sheet, len(grades.students), grades.share)
    return d.Document(title, parts, language=grades.language)


def _students(grades: Grades, words: Words) -> d.Table:
    rows = [
        [
            printable(student.name), f"{student.share:.0%}",
            *(str(student.count(mark)) for mark in ("right", "follow-on")),
            str(student.count("wrong", "unreadable")), str(student.count("missing")),
        ]
        for student in grades.students
    ]  # fmt: skip
    return d.Table(words.sections[0].casefold(), words.students, rows)


def _exercises(grades: Grades, words: Words) -> d.Bars:
    order = sorted(grades.exercises.items(), key=lambda entry: (entry[1][1], entry[0]))
    bars = [
        d.Bar(f"{number}. {printable(words.topic(topic))}", share, f"{share:.0%}")
        for number, (topic, share) in order
    ]
    return d.Bars(words.exercises, bars)


def _blanks(grades: Grades, words: Words) -> d.Table:
    order = sorted(grades.blanks, key=lambda result: result.share)
    noun, hint, others = words.more
    limit = d.Limit(HARDEST, noun=noun, terminal_hint=hint, others=others)
    return d.Table(noun, words.blanks, [_row(result) for result in order], limit=limit)


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
