"""Predictions as CSV or JSON, written as they come."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pellucid.csv_text import csv_text
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pellucid.evaluation.predictions import Prediction

HEAD = ("picture", "class")
"""The first columns of the table; one a class follows."""


def csv_parts(
    predictions: Iterable[Prediction],
    classes: Sequence[str],
    true: Sequence[str] | None = None,
) -> Iterator[bytes]:
    """Yield a table with a row for each answer: picture, class, and a probability a class.

    Pictures without an answer have no row. Probabilities have six digits that count, so that small
    ones are not lost.

    Args:
        predictions: The answers.
        classes: The K class names, which head the columns.
        true: The true class of each picture, which then is the second column; none: unknown.
    """
    head = HEAD if true is None else (HEAD[0], "true", HEAD[1])
    columns = [f"probability of {name}" if name in head else name for name in classes]
    yield csv_text([[*head, *map(printable, columns)]]).encode("utf-8", errors="backslashreplace")
    for i, each in enumerate(predictions):
        if each.probabilities is None or each.place is None:
            continue
        known = () if true is None else (printable(true[i]),)
        row = (
            printable(each.picture), *known, printable(classes[each.place]),
            *(f"{p:.6g}" for p in each.probabilities.tolist()),
        )  # fmt: skip
        yield csv_text([row]).encode("utf-8", errors="backslashreplace")


def json_parts(
    predictions: Iterable[Prediction], classes: Sequence[str], top: int
) -> Iterator[bytes]:
    """Yield a JSON array with an object for each picture, in pieces."""
    yield b"["
    first = True
    for each in predictions:
        text = json.dumps(record(each, classes, top), indent=2)
        lines = "\n".join(f"  {line}" for line in text.split("\n"))
        yield (("\n" if first else ",\n") + lines).encode("ascii")
        first = False
    yield b"]\n" if first else b"\n]\n"


def record(prediction: Prediction, classes: Sequence[str], top: int) -> dict[str, Any]:
    """An answer as JSON values.

    ``picture``, its ``class``, the likeliest ``guesses`` (``class``, ``probability``), and
    ``probabilities`` of all classes by name; ``unlike``, how the picture differs from those that
    were learned, or null; ``inverted``; where there is no answer, ``error`` says why, and the
    others are null or empty.
    """
    place = prediction.place
    values: dict[str, Any] = {
        "picture": prediction.picture,
        "class": None if place is None else classes[place],
        "guesses": [
            {"class": name, "probability": p} for name, p in prediction.ranked(classes, top)
        ],
        "probabilities": dict(prediction.ranked(classes)),
        "unlike": None if prediction.unlike is None else list(prediction.unlike.reasons),
        "inverted": prediction.inverted,
    }
    if prediction.probabilities is not None:
        values["probabilities"] = dict(zip(classes, prediction.probabilities.tolist(), strict=True))
    else:
        values["error"] = prediction.problem
    return values
