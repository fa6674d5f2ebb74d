"""Records shown: the document of each kind, printed, as a page, for a notebook, as a figure."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid import checks
from pellucid.errors import ArgumentError
from pellucid.files import write_file, write_text

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from matplotlib.figure import Figure
    from rich.console import Console

    from pellucid.record import Record
    from pellucid.show.document import Document

DOCUMENTS = {
    "backward": "backward.backward_document",
    "caption report": "caption_report.caption_document",
    "changes": "changes.changes_document",
    "comparison": "comparison.comparison_document",
    "data effect": "edit_effect.data_document",
    "data report": "check.check_document",
    "evidence": "evidence.evidence_document",
    "detector experiment": "detector_experiment.detectors_document",
    "detection report": "detection_report.detection_document",
    "experiment": "experiment.experiment_document",
    "faithfulness": "units.faithfulness_document",
    "filtered": "filtered.filtered_document",
    "generation report": "generation_report.generation_document",
    "gradient": "terms.gradient_document",
    "grades": "grades.grades_document",
    "guesses": "guesses.guesses_document",
    "heatmap": "heatmap.heatmap_document",
    "kernels": "kernels.kernels_document",
    "lecture": "lecture.lecture_document",
    "maximised": "units.maximised_document",
    "mistakes": "mistakes.mistakes_document",
    "methods": "methods.methods_document",
    "patches": "units.patches_document",
    "multi-label report": "multi_label_report.multi_label_document",
    "picture effect": "edit_effect.picture_document",
    "randomisation": "units.randomisation_document",
    "place": "place.place_document",
    "plan": "plan.plan_document",
    "projections": "projections.projections_document",
    "rate curve": "rate_curve.rate_document",
    "regression report": "regression_report.regression_document",
    "report": "report.report_document",
    "run report": "run_report.run_document",
    "spatial experiment": "spatial_experiment.spatial_document",
    "story": "story.story_document",
    "summary": "summary.summary_document",
    "caption trace": "caption_trace.caption_trace_document",
    "caption comparison": "caption_comparison.caption_comparison_document",
    "diagnosis": "diagnosis.diagnosis_document",
    "timing": "timing.timing_document",
    "detection comparison": "detection_comparison.detection_comparison_document",
    "transcript comparison": "transcript_comparison.transcript_comparison_document",
    "task comparison": "task_comparison.task_comparison_document",
    "trace": "trace.trace_document",
    "transcript report": "transcript_report.transcript_document",
    "value": "terms.value_document",
    "verification": "verification.verification_document",
    "worksheet": "worksheet.document.worksheet_document",
}
"""By kind of record, module and function of this folder that make its document; loaded late."""


def document_of(record: Record, **options: Any) -> Document:
    """The document of a record; options are those of its kind."""
    made: Document = _function(DOCUMENTS[record.record_kind])(record, **options)
    return made


def print_record(console: Console, record: Record, *, full: bool = False, **options: Any) -> None:
    """Print a record; lists are cut where they are long, unless ``full``."""
    from pellucid.show.terminal import print_document

    print_document(console, document_of(record, **options), full=full)


def show(record: Record) -> None:
    """Show a record where the user is: in a notebook, or on standard output."""
    from pellucid.training.watching import in_notebook

    if in_notebook():
        import_module("IPython.display").display(record)
        return
    from rich.console import Console

    print_record(Console(highlight=False, markup=False, emoji=False, soft_wrap=True), record)


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
        raise ArgumentError(f"a {record.record_kind} has no figure; write a page (.html) instead")
    return in_style(drawing)


def png(record: Record, **options: Any) -> bytes:
    """The figure of a record as the bytes of a PNG file."""
    from pellucid.show.drawing import png as render

    return render(figure(record, **options))


def save(record: Record, path: str | os.PathLike[str], **options: Any) -> None:
    """Write a record as the file's ending says; see :meth:`pellucid.record.Record.save`."""
    ending = checks.ending(path, record.endings) if Path(path).suffix else ".png"
    if ending == ".html":
        write_text(path, page(record, **options))
    elif ending == ".svg":  # a summary
        write_text(path, _function("summary.summary_svg")(record))
    elif ending == ".json":
        values = json.dumps(record.to_dict(), ensure_ascii=False, allow_nan=False)
        write_text(path, f"{values}\n")
    elif ending == ".csv":  # mistakes
        write_text(path, record.to_csv())  # type: ignore[attr-defined]
    elif ending == ".xlsx":  # a trace
        activations = record.activations  # type: ignore[attr-defined]
        write_file(path, _function("spreadsheet.workbook.workbook")(activations))
    else:
        write_file(path, png(record, **options))


def _function(place: str) -> Callable[..., Any]:
    """A function of this folder by the names of its module and its own."""
    module, _, name = place.rpartition(".")
    found: Callable[..., Any] = getattr(import_module(f"pellucid.show.{module}"), name)
    return found
