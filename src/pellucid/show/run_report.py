"""The page that training and evaluation leave behind, whatever the network was trained for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pellucid.show import (
    caption_report,
    detection_report,
    generation_report,
    multi_label_report,
    regression_report,
    report,
    transcript_report,
)
from pellucid.show import document as d
from pellucid.show.training import training_sections
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pellucid.evaluation.run_report import RunReport
    from pellucid.training.diagnosis import Diagnosis

    Numbers = Callable[[Any], Sequence[tuple[str, str, str]]]
    Sections = Callable[[Any, Any], Iterator[d.Part]]

PARTS: dict[str, tuple[Numbers, Sections]] = {
    "report": (report.numbers, report.report_sections),
    "multi-label report": (
        multi_label_report.numbers, multi_label_report.multi_label_sections,
    ),
    "caption report": (caption_report.numbers, caption_report.caption_sections),
    "detection report": (detection_report.numbers, detection_report.detection_sections),
    "generation report": (generation_report.numbers, generation_report.generation_sections),
    "transcript report": (transcript_report.numbers, transcript_report.transcript_sections),
    "regression report": (regression_report.numbers, regression_report.regression_sections),
}  # fmt: skip
"""By kind of judgement: its numbers, and the sections that are its own."""


def run_document(run: RunReport) -> d.Document:
    """The page that training and evaluation leave behind."""
    judgement = run.report
    numbers, sections = PARTS[judgement.record_kind]
    return d.Document(
        run.title,
        (
            d.Text(f"Judged by {counted(judgement.count, judgement.noun)}: {run.pictures.name}."),
            d.Section("Result", [d.Facts(numbers(judgement))]),
            *_remarks(run.diagnoses, run.notes),
            *training_sections(run.history, run.best_epoch, judgement.noun),
            *sections(judgement, run.pictures),
            *_origin(run),
        ),
    )


def _remarks(diagnoses: Sequence[Diagnosis] | None, notes: Sequence[str]) -> Iterator[d.Part]:
    if diagnoses is None and not notes:
        return
    parts: list[d.Part] = [
        d.Box([d.Text(each.words, strong=True), d.Text(f"{each.advice}.", "What to do:")], "warn")
        for each in diagnoses or ()
    ]
    if diagnoses is not None and not diagnoses:
        parts.append(d.Text("None of the common faults of a training shows."))
    if notes:
        parts.append(d.Items(notes))
    yield d.Section("What stands out", parts)


def _origin(run: RunReport) -> Iterator[d.Part]:
    if run.config is not None:
        lines = json.dumps(run.config, indent=2, ensure_ascii=False, default=str)
        yield d.Section("How it was made", [d.Folded("Configuration", [d.Code(lines)])])
