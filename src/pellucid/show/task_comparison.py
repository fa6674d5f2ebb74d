"""Two models of several labels, or of numbers, judged by the same pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.show import document as d
from pellucid.show import multi_label_report, regression_report
from pellucid.show.side_by_side import (
    DIFFERING,
    differing_picture,
    side_by_side_document,
    where_they_differ,
)
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.evaluation.task_comparison import TaskComparison


def task_comparison_document(comparison: TaskComparison) -> d.Document:
    """The judges side by side, whose answers are nearer, and where they differ most."""
    numbers = (
        multi_label_report.numbers
        if comparison.pictures.kind == "multi-label"
        else regression_report.numbers
    )
    measures = numbers(comparison.first), numbers(comparison.second)  # type: ignore[arg-type]
    return side_by_side_document(
        f"A: {comparison.first.headline}; B: {comparison.second.headline}; of "
        f"{counted(comparison.first.count, 'picture')}: {comparison.pictures.name}",
        comparison.names,
        comparison.notes,
        measures,
        comparison.verdict,
        where_they_differ(_pictures(comparison)),
        called="Judges",
    )


def _pictures(comparison: TaskComparison) -> d.Pictures:
    one, two = comparison.errors
    data = comparison.pictures
    items = []
    for i in np.argsort(-np.abs(one - two), kind="stable").tolist():
        a, b = comparison.answers[i]
        items.append(differing_picture(data, i, f"{data.targets.text(i)}; A: {a}; B: {b}"))
    return d.Pictures(items, limit=DIFFERING)
