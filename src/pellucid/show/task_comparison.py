"""Two models of several labels, or of numbers, judged by the same pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.show import document as d
from pellucid.show import multi_label_report, regression_report
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.evaluation.task_comparison import TaskComparison

DIFFERING = d.Limit(10, 48, "more", "--json or --out lists them all", "see comparison.csv")
"""Pictures that are shown, those first whose two answers differ most."""


def task_comparison_document(comparison: TaskComparison) -> d.Document:
    """The judges side by side, whose answers are nearer, and where they differ most."""
    a, b = comparison.names
    numbers = (
        multi_label_report.numbers
        if comparison.pictures.kind == "multi-label"
        else regression_report.numbers
    )
    first, second = numbers(comparison.first), numbers(comparison.second)  # type: ignore[arg-type]
    rows = [(name, one, two) for (name, one, _), (_, two, _) in zip(first, second, strict=True)]
    return d.Document(
        f"A: {comparison.first.headline}; B: {comparison.second.headline}; of "
        f"{counted(comparison.first.count, 'picture')}: {comparison.pictures.name}",
        (
            d.Text(a, "A:"),
            d.Text(b, "B:"),
            d.Only("page", [d.Items(comparison.notes)] if comparison.notes else []),
            d.Section("Judges", [d.Table("Judges", ("", "A", "B"), rows)]),
            d.Items([comparison.verdict]),
            d.Section("Where they differ most", [_pictures(comparison)]),
        ),
    )


def _pictures(comparison: TaskComparison) -> d.Pictures:
    one, two = comparison.errors
    data = comparison.pictures
    items = []
    for i in np.argsort(-np.abs(one - two), kind="stable").tolist():
        name, true = data.picture_name(i), data.targets.text(i)
        a, b = comparison.answers[i]
        items.append(
            d.Picture(
                lambda i=i: data.images[i],  # type: ignore[misc]
                (f"{true}; A: {a}; B: {b}", name),
                f"they differ: {name} is {true}; A: {a}, B: {b}",
            )
        )
    return d.Pictures(items, limit=DIFFERING)
