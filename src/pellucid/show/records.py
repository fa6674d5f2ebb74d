"""Records shown: the document of each kind, printed, as a page, for a notebook, as a figure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.errors import ArgumentError
from pellucid.show import check, comparison, edit_effect, experiment, rate_curve, report, summary

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from matplotlib.figure import Figure
    from rich.console import Console

    from pellucid.record import Record
    from pellucid.show.document import Document

DOCUMENTS: dict[str, Callable[..., Document]] = {
    "comparison": comparison.comparison_document,
    "data effect": edit_effect.data_document,
    "data report": check.check_document,
    "experiment": experiment.experiment_document,
    "picture effect": edit_effect.picture_document,
    "rate curve": rate_curve.rate_document,
    "report": report.report_document,
    "run report": report.run_document,
    "summary": summary.summary_document,
}
"""By kind of record, the function that makes its document."""


def document_of(record: Record, **options: Any) -> Document:
    """The document of a record; options are those of its kind."""
    return DOCUMENTS[record.kind](record, **options)


def print_record(console: Console, record: Record, *, full: bool = False, **options: Any) -> None:
    """Print a record; lists are cut where they are long, unless ``full``."""
    from pellucid.show.terminal import print_document

    print_document(console, document_of(record, **options), full=full)


def page(record: Record, **options: Any) -> str:
    """A record as one HTML file."""
    from pellucid.show.html import page as render

    return render(document_of(record, **options))


def fragment(record: Record) -> str:
    """A record as HTML for a notebook."""
    from pellucid.show.html import fragment as render

    return render(document_of(record))


def figure(record: Record, **options: Any) -> Figure:
    """A record as a Matplotlib figure; see :meth:`pellucid.record.Record.plot`."""
    from pellucid.show.drawing import in_style

    drawing = document_of(record, **options).drawing
    if drawing is None:
        raise ArgumentError(f"a {record.kind} has no figure; write a page (.html) instead")
    return in_style(drawing)


def png(record: Record, **options: Any) -> bytes:
    """The figure of a record as the bytes of a PNG file."""
    from pellucid.show.drawing import png as render

    return render(figure(record, **options))


def save(record: Record, path: str | os.PathLike[str], **options: Any) -> None:
    """Write a record as the file's ending says; see :meth:`pellucid.record.Record.save`."""
    from pellucid.files import write_file, write_text

    ending = Path(path).suffix.lower()
    if ending in ("", ".png"):
        write_file(path, png(record, **options))
    elif ending == ".html":
        write_text(path, page(record, **options))
    elif ending == ".json":
        values = json.dumps(record.to_dict(), ensure_ascii=False, allow_nan=False)
        write_text(path, f"{values}\n")
    else:
        raise ArgumentError(
            f"the ending says what is written: .png, .html or .json; got {ending!r:.40}"
        )
