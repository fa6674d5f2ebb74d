"""The report that a run leaves behind: judgement, course of training, mistakes as pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.errors import ArgumentError
from pellucid.evaluation.by_task import REPORTS
from pellucid.evaluation.report import Report
from pellucid.evaluation.tables import TABLES
from pellucid.files import make_folder, write_file, write_text
from pellucid.record import Record
from pellucid.text import counted, printable

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pellucid.data.dataset import Dataset
    from pellucid.evaluation.by_task import AnyReport
    from pellucid.evaluation.generation import GenerationReport
    from pellucid.training.diagnosis import Diagnosis
    from pellucid.training.history import Epoch

PICTURE, PAGE = Report.PICTURE, "report.html"

FILES = (*TABLES, PICTURE, PAGE)
"""What :func:`write_report` writes of one class a picture, in this order."""

ALL_FILES = tuple(
    dict.fromkeys(name for report in REPORTS for name in (*report.TABLES, report.PICTURE, PAGE))
)
"""What it may write of any task."""


@dataclass(frozen=True, eq=False)
class RunReport(Record):
    """All that a report shows.

    Attributes:
        report: The judgement.
        pictures: The data that were judged.
        history: How training went; empty where nobody knows.
        best_epoch: The epoch whose weights were judged, from 1.
        diagnoses: What :func:`pellucid.training.diagnosis.diagnose` found; none where nobody asked.
        config: How the model was made, as JSON values.
        notes: Remarks for the reader, a line each.
        title: Of the page.
    """

    record_kind: ClassVar[str] = "run report"
    report: AnyReport | GenerationReport
    pictures: Dataset
    history: Sequence[Epoch] = ()
    best_epoch: int | None = None
    diagnoses: Sequence[Diagnosis] | None = None
    config: Mapping[str, Any] | None = None
    notes: Sequence[str] = ()
    title: str = "Report"

    def to_dict(self) -> dict[str, Any]:
        """The judgement as JSON values."""
        return self.report.to_dict()


def write_report(
    folder: str | os.PathLike[str],
    report: AnyReport | GenerationReport,
    pictures: Dataset,
    **contents: Any,
) -> list[Path]:
    """Write a report's tables, its figure (e.g. the confusion matrix), and ``report.html``.

    The page stands alone: curves, confusion matrix, the worst mistakes as pictures, calibration.
    The same arguments give the same files.

    Args:
        folder: Made if it is not there.
        report: The judgement.
        pictures: The data that were judged.
        contents: The other attributes of :class:`RunReport`.

    Returns:
        The files, of one class a picture in the order of :data:`FILES`; the page is written last.

    Raises:
        ArgumentError: If the pictures are not those that were judged.
        OutputError: If the folder cannot be made or a file not be written; earlier files are
            intact.
    """
    if len(pictures) != report.count or pictures.classes != report.classes:
        raise ArgumentError(
            f"{printable(pictures.name)}: has {counted(len(pictures), 'picture')} of "
            f"{len(pictures.classes)} classes, but the report judges {report.count} of "
            f"{len(report.classes)}; give the pictures that were judged"
        )
    folder = make_folder(folder)
    report.write(folder)
    write_file(folder / report.PICTURE, report.png())
    write_text(folder / PAGE, RunReport(report, pictures, **contents).to_html())
    return [folder / name for name in (*report.TABLES, report.PICTURE, PAGE)]
