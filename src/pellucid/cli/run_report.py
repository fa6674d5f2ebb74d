"""What people read in a run's folder: the files that were left out, and how good the model is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.cli.terminal import remarks
from pellucid.csv_text import csv_text
from pellucid.files import make_folder, remove_file, write_text
from pellucid.text import folder_name, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pellucid.data import Dataset, Splits
    from pellucid.data.quarantine import BadFile
    from pellucid.engines import Program
    from pellucid.estimators import AnyEstimator
    from pellucid.evaluation.by_task import AnyReport
    from pellucid.files import Model
    from pellucid.metrics.chance import Chance
    from pellucid.training import Epoch
    from pellucid.training.diagnosis import Diagnosis
    from pellucid.training.result import Progress, TrainingResult

    Estimator = AnyEstimator

QUARANTINED = "quarantined.csv"


class RunReport:
    """A watcher that keeps these files in step with the model beside them.

    What is there of an earlier model, or of an earlier epoch, goes when an epoch is done: a report
    always judges the model that lies beside it.

    Args:
        folder: The run's.
        quarantined: The files that could not be used.
    """

    def __init__(self, folder: Path, quarantined: Sequence[BadFile]) -> None:
        self._folder = folder
        self._quarantined = quarantined
        self._renewed = False

    def after_step(self, progress: Progress) -> None:
        """Do nothing: the files change when an epoch ends."""

    def after_epoch(self, trained: TrainingResult, program: Program) -> None:
        """Remove what is of an earlier model, once."""
        from pellucid.evaluation.run_report import ALL_FILES

        if not self._renewed:
            for name in ALL_FILES:
                remove_file(self._folder / name)
            write_quarantined(self._folder, self._quarantined)
            self._renewed = True


def write_quarantined(folder: Path, files: Sequence[BadFile]) -> None:
    """Write ``quarantined.csv``: name, class, part and reason of each file that cannot be used.

    Where there is none, the file of an earlier run is removed.
    """
    if not files:
        remove_file(folder / QUARANTINED)
        return
    rows = [
        [printable(file.name), printable(file.class_name), file.part, printable(file.reason)]
        for file in files
    ]
    table = csv_text([["name", "class", "part", "reason"], *rows])
    write_text(make_folder(folder) / QUARANTINED, table)


def judge(
    model: Estimator,
    splits: Splits,
    folder: Path,
    notes: Sequence[str],
    data: str,
    max_bytes: int | None,
) -> tuple[Diagnosis, ...]:
    """Write and print how good a model is on its validation part, or else on its test part."""
    console = remarks()
    pictures = splits.validation or splits.test
    if pictures is None:
        console.print("no report: there are no pictures that were not learned")
        return ()
    from pellucid.evaluation import Report
    from pellucid.evaluation.commands import with_commands

    report = model.evaluate(pictures)
    if isinstance(report, Report):
        report = with_commands(
            report, model.model_.network.graph, folder, data, pictures, max_bytes=max_bytes
        )
    diagnoses = write_judgement(
        folder,
        model,
        report,
        pictures,
        history=model.history_,
        notes=notes,
        title=f"{folder_name(folder)}, judged by {pictures.name}",
    )
    for each in diagnoses:
        console.print(f"what stands out: {each.words}; what to do: {each.advice}")
    page = printable(folder / "report.html")
    console.print(f"{printable(pictures.name)}: {report.headline}; report written to {page}")
    return diagnoses


def best_chance(model: Estimator, splits: Splits) -> tuple[str, Chance] | None:
    """How good the best epoch was on the validation part, and its name; none without one."""
    from pellucid.metrics.chance import chance

    pictures = splits.validation
    accuracy = model.model_.provenance["results"].get("validation_accuracy")
    if pictures is None or accuracy is None:
        return None
    right = round(accuracy * len(pictures))
    return pictures.name, chance(right, pictures.places, pictures.classes)


def write_judgement(
    folder: Path,
    classifier: Estimator,
    report: AnyReport,
    pictures: Dataset,
    *,
    history: Sequence[Epoch],
    notes: Sequence[str],
    title: str,
) -> tuple[Diagnosis, ...]:
    """Write the report on a model, with how it was made; return what stands out.

    Args:
        folder: Made if it is not there.
        classifier: The model.
        report: The judgement.
        pictures: The data that were judged.
        history: How training went; empty where nobody knows.
        notes: Remarks for the reader.
        title: Of the page.
    """
    from pellucid.evaluation.run_report import write_report

    origin = classifier.model_
    results = origin.provenance.get("results")
    diagnoses = classifier.diagnose(pictures, report)
    write_report(
        folder,
        report,
        pictures,
        history=history,
        best_epoch=results.get("epoch") if isinstance(results, dict) else None,
        diagnoses=diagnoses,
        config=made_by(origin),
        notes=notes,
        title=title,
    )
    return diagnoses


def made_by(model: Model) -> dict[str, Any]:
    """What a report says of how a model was made: provenance, task, preprocessing."""
    from pellucid.files.model_file import described_outputs

    return {
        **model.provenance,
        **described_outputs(model.task),
        "preprocessing": model.preprocessing.to_dict(),
    }
