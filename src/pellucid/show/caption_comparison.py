"""Two captioners judged by the same pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.evaluation.captions import TOP
from pellucid.show import document as d
from pellucid.show.side_by_side import (
    DIFFERING,
    differing_picture,
    side_by_side_document,
    where_they_differ,
)
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from pellucid.evaluation.caption_comparison import CaptionComparison
    from pellucid.evaluation.captions import CaptionReport


def caption_comparison_document(comparison: CaptionComparison) -> d.Document:
    """The measures side by side, the difference with its interval, and where they differ most."""
    first, second = comparison.first, comparison.second
    return side_by_side_document(
        f"A: BLEU-4 {first.bleu[-1]:.1%}; B: BLEU-4 {second.bleu[-1]:.1%}; of "
        f"{counted(first.count, 'picture')}: {comparison.pictures.name}",
        comparison.names,
        comparison.notes,
        (_numbers(first), _numbers(second)),
        comparison.verdict,
        where_they_differ(_pictures(comparison)),
    )


def _numbers(report: CaptionReport) -> list[tuple[str, str]]:
    low, high = report.interval
    lengths = [len(row.caption.split()) for row in report.rows]
    return [
        ("BLEU-4", f"{report.bleu[-1]:.1%}"),
        ("95 % interval", f"{low:.1%} to {high:.1%}"),
        *((f"BLEU-{n}", f"{value:.1%}") for n, value in enumerate(report.bleu[:-1], start=1)),
        ("words of a caption", f"{sum(lengths) / len(lengths):.1f}"),
        ("beam", str(report.beam)),
        (f"pictures found among the first {TOP}", f"{report.found:.1%} of {report.ranked}"),
    ]


def _pictures(comparison: CaptionComparison) -> d.Pictures:
    data, rows = comparison.pictures, comparison.rows
    order = sorted(range(len(rows)), key=lambda i: -abs(rows[i][0].right - rows[i][1].right))
    items = []
    for i in order:
        one, two = rows[i]
        words = (
            f"A: {printable(one.caption)} ({one.right:.0%} of its words are right); "
            f"B: {printable(two.caption)} ({two.right:.0%})"
        )
        items.append(differing_picture(data, i, words))
    return d.Pictures(items, 224, DIFFERING)
