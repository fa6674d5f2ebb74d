"""How long a network takes: latency and throughput, by threads and batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.evaluation.timing import INCLUDED, WARM_UP
from pellucid.show import document as d

if TYPE_CHECKING:
    from pellucid.evaluation.timing import TimedCalls, TimingReport

HEADS = ("threads", "images a call", "calls", "median ms", "p95 ms", "images/s")


def timing_document(report: TimingReport) -> d.Document:
    """A table, and what the times include."""
    shape = "×".join(map(str, report.input_shape))
    title = f"engine {report.engine}, images {shape}"
    parts: list[d.Part] = [
        d.Table(title, HEADS, [_cells(row) for row in report.rows], left=0),
        d.Text(f"{INCLUDED}; after {WARM_UP} calls to warm up.", lead="Of", prose=True),
    ]
    if report.decoding is not None:
        row = report.decoding
        parts.append(
            d.Text(
                f"reading and decoding a picture file: {row.median * 1e3:.3f} ms (median), "
                f"{row.p95 * 1e3:.3f} ms (p95), {row.images_per_second:,.0f} a second on one "
                "thread"
            )
        )
    return d.Document(title, tuple(parts))


def _cells(row: TimedCalls) -> tuple[str, ...]:
    return (
        "its own" if row.threads is None else str(row.threads),
        str(row.batch),
        f"{row.calls:,}",
        f"{row.median * 1e3:.3f}",
        f"{row.p95 * 1e3:.3f}",
        f"{row.images_per_second:,.0f}",
    )
