"""All files of a report, written into a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.errors import ArgumentError
from pellucid.evaluation.pages.confusion import confusion_chart
from pellucid.evaluation.pages.page import Contents, html_page
from pellucid.evaluation.tables import TABLES, write_tables
from pellucid.files import make_folder, write_file, write_text
from pellucid.text import printable

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pellucid.data.dataset import Dataset
    from pellucid.evaluation.report import Report
    from pellucid.training.diagnosis import Diagnosis
    from pellucid.training.history import Epoch

PICTURE, PAGE = "confusion.png", "report.html"

FILES = (*TABLES, PICTURE, PAGE)
"""What :func:`write_report` writes, in this order."""


def write_report(
    folder: str | os.PathLike[str],
    report: Report,
    pictures: Dataset,
    *,
    history: Sequence[Epoch] = (),
    best_epoch: int | None = None,
    diagnoses: Sequence[Diagnosis] | None = None,
    config: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
    title: str = "Report",
) -> list[Path]:
    """Write a report's tables, the confusion matrix as a picture, and ``report.html``.

    The page stands alone: curves, confusion matrix, the worst mistakes as pictures, calibration.
    The same arguments give the same files.

    Args:
        folder: Made if it is not there.
        report: The judgement.
        pictures: The data that were judged.
        history: How training went; empty where nobody knows.
        best_epoch: The epoch whose weights were judged, from 1.
        diagnoses: What :func:`pellucid.training.diagnosis.diagnose` found; none where nobody asked.
        config: How the model was made, as JSON values.
        notes: Remarks for the reader, a line each.
        title: Of the page.

    Returns:
        The files, in the order of :data:`FILES`; the page is written last.

    Raises:
        ArgumentError: If the pictures are not those that were judged.
        OutputError: If the folder cannot be made or a file not be written; earlier files are
            intact.
    """
    if len(pictures) != report.count or pictures.classes != report.classes:
        raise ArgumentError(
            f"{printable(pictures.name)}: has {len(pictures)} pictures of {len(pictures.classes)} "
            f"classes, but the report judges {report.count} of {len(report.classes)}; give the "
            "pictures that were judged"
        )
    folder = make_folder(folder)
    write_tables(folder, report)
    confusion = confusion_chart(report.confusion, report.classes)
    write_file(folder / PICTURE, confusion)
    contents = Contents(
        report, pictures, history, best_epoch, diagnoses, config, tuple(notes), title
    )
    write_text(folder / PAGE, html_page(contents, confusion))
    return [folder / name for name in FILES]
