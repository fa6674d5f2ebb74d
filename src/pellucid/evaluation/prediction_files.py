"""Predictions as CSV or JSON, written as they come."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pellucid.csv_text import csv_text
from pellucid.evaluation.answer_forms import form_of
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pellucid.evaluation.predictions import Prediction
    from pellucid.tasks import Task


def csv_parts(
    predictions: Iterable[Prediction],
    task: Task | Sequence[str],
    true: Sequence[Sequence[str]] | None = None,
) -> Iterator[bytes]:
    """Yield a table with a row for each answer, of boxes for each box: the picture, and the answer.

    Pictures without an answer have no row. Probabilities have six digits that count, so that small
    ones are not lost.

    Args:
        predictions: The answers.
        task: What the model was trained for; class names stand for one class a picture.
        true: What is true of each picture, which then are the next columns; none: unknown.
    """
    form = form_of(task)
    head = ["picture", *(form.true if true is not None else ()), *form.columns]
    yield csv_text([list(map(printable, head))]).encode("utf-8", errors="backslashreplace")
    for i, each in enumerate(predictions):
        if each.answered:
            known = [] if true is None or not form.true else list(map(printable, true[i]))
            rows = [[printable(each.picture), *known, *cells] for cells in form.rows(each)]
            yield csv_text(rows).encode("utf-8", errors="backslashreplace")


def json_parts(
    predictions: Iterable[Prediction], task: Task | Sequence[str], top: int
) -> Iterator[bytes]:
    """Yield a JSON array with an object for each picture, in pieces."""
    yield b"["
    first = True
    for each in predictions:
        text = json.dumps(record(each, task, top), indent=2)
        lines = "\n".join(f"  {line}" for line in text.split("\n"))
        yield (("\n" if first else ",\n") + lines).encode("ascii")
        first = False
    yield b"]\n" if first else b"\n]\n"


def record(
    prediction: Prediction, task: Task | Sequence[str], top: int, *, every: bool = True
) -> dict[str, Any]:
    """An answer as JSON values.

    ``picture``; of one class a picture its ``class``, the likeliest ``guesses`` (``class``,
    ``probability``), and where ``every`` the ``probabilities`` of all classes by name; of several
    labels ``labels``,
    ``threshold`` and ``probabilities``; of numbers ``numbers`` by name; of boxes ``boxes``
    (``class``, ``probability``, ``box``: x0, y0, x1, y1) and ``threshold``; of captions
    ``caption``, its ``words`` and ``log_probability``. ``unlike``, how the
    picture differs from those that were learned, or null; ``inverted``; where there is no answer,
    ``error`` says why, and the others are null or empty.
    """
    values: dict[str, Any] = {
        "picture": prediction.picture,
        **form_of(task).values(prediction, top, every=every),
        "unlike": None if prediction.unlike is None else list(prediction.unlike.reasons),
        "inverted": prediction.inverted,
    }
    if not prediction.answered:
        values["error"] = prediction.problem
    return values
