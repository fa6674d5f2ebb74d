"""Two detectors judged by the same pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.numerals import percent
from pellucid.show import document as d
from pellucid.show.side_by_side import (
    DIFFERING,
    differing_picture,
    side_by_side_document,
    where_they_differ,
)
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.evaluation.detection import DetectionReport
    from pellucid.evaluation.detection_comparison import DetectionComparison


def detection_comparison_document(comparison: DetectionComparison) -> d.Document:
    """The measures side by side, the difference with its interval, and where they differ most."""
    first, second = comparison.first, comparison.second
    return side_by_side_document(
        f"A: mAP {first.map50:.1%}; B: mAP {second.map50:.1%} at IoU 0.5; of "
        f"{counted(first.count, 'picture')}: {comparison.pictures.name}",
        comparison.names,
        comparison.notes,
        (_numbers(first), _numbers(second)),
        comparison.verdict,
        where_they_differ(_pictures(comparison)),
    )


def _numbers(report: DetectionReport) -> list[tuple[str, str]]:
    low, high = report.map50_interval
    per_class = {row.name: row.average_precision_50 for row in report.per_class}
    return [
        ("mAP at IoU 0.5", f"{report.map50:.1%}"),
        ("95 % interval", f"{low:.1%} to {high:.1%}"),
        ("mAP at IoU 0.5 to 0.95", f"{report.map:.1%}"),
        ("shown from probability", percent(report.shown)),
        ("found", f"{report.found} of {report.boxes}"),
        ("false alarms", str(report.false_alarms)),
        *(
            (f"AP of {name} at IoU 0.5", "" if each is None else f"{each:.1%}")
            for name, each in sorted(per_class.items())
        ),
    ]


def _pictures(comparison: DetectionComparison) -> d.Pictures:
    data, rows = comparison.pictures, comparison.rows
    order = sorted(range(len(rows)), key=lambda i: -abs(rows[i][0].faults - rows[i][1].faults))
    items = []
    for i in order:
        one, two = (
            f"{len(each.missed)} missed, {counted(len(each.false_alarms), 'false alarm')}"
            for each in rows[i]
        )
        items.append(differing_picture(data, i, f"A: {one}; B: {two}"))
    return d.Pictures(items, 224, DIFFERING)
