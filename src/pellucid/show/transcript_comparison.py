"""Two speech recognizers judged by the same recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show import document as d
from pellucid.show.side_by_side import (
    DIFFERING,
    side_by_side_document,
    where_they_differ,
)
from pellucid.show.transcript_report import compared, numbers
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from pellucid.evaluation.transcript_comparison import TranscriptComparison


def transcript_comparison_document(comparison: TranscriptComparison) -> d.Document:
    """The measures side by side, the difference with its interval, and where they differ most."""
    first, second = comparison.first, comparison.second
    return side_by_side_document(
        f"A: word error {first.word_error:.2%}; B: word error {second.word_error:.2%}; of "
        f"{counted(first.count, 'recording')}: {comparison.pictures.name}",
        comparison.names,
        comparison.notes,
        (numbers(first), numbers(second)),
        comparison.verdict,
        where_they_differ(_recordings(comparison))
        if any(a.heard != b.heard for a, b in comparison.rows)
        else d.Text("both hear the same texts"),
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
