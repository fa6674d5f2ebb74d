"""``pellucid grade``: answers to a worksheet, graded by its key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.outputs import check_output
from pellucid.cli.terminal import print_result, remarks
from pellucid.text import printable


def grade(
    answers: Annotated[
        list[Path],
        typer.Argument(
            help="CSV files: student, blank, answer; or a row a student, a column a blank.",
            show_default=False,
        ),
    ],
    key: Annotated[
        Path, typer.Option(help="The key.csv that was written with the sheet.", show_default=False)
    ],
    follow_on: Annotated[
        bool,
        typer.Option(
            "--follow-on/--no-follow-on",
            help="Whether what follows from a student's own wrong number counts as right.",
        ),
    ] = True,
    csv: Annotated[
        Path | None, typer.Option(help="Write every answer with its mark to this .csv.")
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(help="Of the report: en or ko.", show_default="the sheet's"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the report to this .html or .json.")
    ] = None,
    json: arguments.Json = False,
) -> None:
    """Grade answers to a worksheet, by tolerance: each student, and what most got wrong.

    Numbers are read as people write them: 0,5 and 0.5, 1/3, 95 %, with any minus sign.
    """
    from pellucid.files.atomic import write_text
    from pellucid.worksheets.grading import LANGUAGES, Grades
    from pellucid.worksheets.grading import grade as judge

    chosen = language and arguments.one_of("language", language, LANGUAGES, "--language")
    check_output(out, Grades.endings, key, *answers)
    check_output(csv, (".csv",), key, *answers)
    grades = judge(answers, key, follow_on=follow_on, language=chosen)
    for note in grades.notes if json else ():
        remarks().print(printable(note))
    if out is not None:
        grades.save(out)
    if csv is not None:
        write_text(csv, "\ufeff" + grades.to_csv())  # without the mark Excel takes it for ANSI
    written = [printable(path) for path in (out, csv) if path is not None]
    if written:
        remarks().print(f"written to {', '.join(written)}")
    print_result(grades, json=json)
