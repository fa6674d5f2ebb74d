"""How answers to pictures are printed: as JSON, with bars, or a line each."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pellucid.cli.terminal import json_text, results
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from rich.console import Console

    from pellucid.evaluation.answer_forms import AnswerForm
    from pellucid.evaluation.predictions import Prediction
    from pellucid.tasks import Task
    from pellucid.transfer.nearest import Neighbour

    Show = Callable[[Prediction, list[Neighbour]], None]

MOST_IN_FULL = 20
"""Pictures up to which the likeliest classes of each are printed with bars; else a line each."""


def shown_answers(
    task: Task, form: AnswerForm, top: int, total: int, *, json: bool, quiet: bool
) -> Show:
    """What prints the answer to each picture.

    Args:
        task: The model's.
        form: How its answers are written.
        top: How many guesses.
        total: How many pictures there are.
        json: Whether they are items of a list in JSON.
        quiet: Whether nothing is printed.
    """
    if json:
        first = True

        def show_json(each: Prediction, near: list[Neighbour]) -> None:
            from pellucid.evaluation.prediction_files import record

            nonlocal first
            found = record(each, task, top)
            if near:
                found = {**found, "nearest": [one.to_dict() for one in near]}
            lines = json_text(found).split("\n")
            sys.stdout.write("\n" if first else ",\n")
            sys.stdout.write("\n".join(f"  {line}" for line in lines))
            first = False

        return show_json
    if quiet:
        return _print_nothing
    console = results()
    if total > MOST_IN_FULL or form.in_lines:
        return lambda each, near: _print_line(console, each, form, near)
    return lambda each, near: _print_in_full(console, each, form, top, near)


def _print_nothing(_: Prediction, near: list[Neighbour]) -> None:
    pass


def _print_line(
    console: Console, each: Prediction, form: AnswerForm, near: list[Neighbour]
) -> None:
    if each.answered:
        alike = f"  nearest: {', '.join(map(str, near))}" if near else ""
        for line in form.lines(each):
            console.print(f"{printable(each.picture)}  {line}{alike}")


def _print_in_full(
    console: Console, each: Prediction, form: AnswerForm, top: int, near: list[Neighbour]
) -> None:
    from pellucid.show.document import Document
    from pellucid.show.guesses import rows_part
    from pellucid.show.terminal import print_document

    if not each.answered:
        return
    part = rows_part(form.bars(each, top), form.threshold)
    print_document(console, Document(each.picture, [part]))
    if near:
        console.print("nearest training pictures:")
    for one in near:
        console.print(f"  {one}")


def print_counts(console: Console, counts: Counter[str], pictures: int, noun: str) -> None:
    """Print how many pictures were answered, and how.

    Args:
        console: Where.
        counts: How often each answer was given.
        pictures: How many were answered.
        noun: What they are called.
    """
    answered = ", ".join(f"{printable(name)}: {number}" for name, number in counts.most_common(10))
    more = f" and {counted(len(counts) - 10, 'other class')}" if len(counts) > 10 else ""
    described = f" ({answered}{more})" if counts else ""
    console.print(f"{counted(pictures, noun)}{described}")
