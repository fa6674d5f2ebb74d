"""Two speech recognizers judged by the same recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show import document as d
from pellucid.show.transcript_report import compared, numbers
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from pellucid.evaluation.transcript_comparison import TranscriptComparison

DIFFERING = d.Limit(10, 48, "more", "--json or --out lists them all", "see comparison.csv")
"""Recordings that are shown, those first where one has most errors more."""


def transcript_comparison_document(comparison: TranscriptComparison) -> d.Document:
    """The measures side by side, the difference with its interval, and where they differ most."""
    a, b = comparison.names
    first, second = comparison.first, comparison.second
    rows = [
        (name, one, two)
        for (name, one, _), (_, two, _) in zip(numbers(first), numbers(second), strict=True)
    ]
    return d.Document(
        f"A: word error {first.word_error:.2%}; B: word error {second.word_error:.2%}; of "
        f"{counted(first.count, 'recording')}: {comparison.pictures.name}",
        (
            d.Text(a, "A:"),
            d.Text(b, "B:"),
            d.Only("page", [d.Items(comparison.notes)] if comparison.notes else []),
            d.Section("Measures", [d.Table("Measures", ("", "A", "B"), rows)]),
            d.Items([comparison.verdict]),
            d.Section("Where they differ most", [_recordings(comparison)])
            if any(a.heard != b.heard for a, b in comparison.rows)
            else d.Text("both hear the same texts"),
        ),
    )


def _recordings(comparison: TranscriptComparison) -> d.Table:
    """Wrong words in brackets, [said → heard]; those of equal errors are left out."""
    rows = [(a, b) for a, b in comparison.rows if a.heard != b.heard]
    rows.sort(key=lambda pair: -abs(pair[0].errors - pair[1].errors))
    heads = ("recording", "A", "errors", "B", "errors")
    cells = [
        (printable(a.name), compared(a), str(a.errors), compared(b), str(b.errors)) for a, b in rows
    ]
    return d.Table("where they differ", heads, cells, left=4, limit=DIFFERING)
