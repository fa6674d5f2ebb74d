"""``pellucid evaluate``: how good a model is on pictures that it has not learned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments, caption_arguments
from pellucid.cli.models import load_any_for
from pellucid.cli.run_report import write_judgement, write_quarantined
from pellucid.cli.terminal import print_result, remarks
from pellucid.engines import DEFAULT
from pellucid.tasks import Detection
from pellucid.text import folder_name, printable

if TYPE_CHECKING:
    from pellucid.data import Dataset
    from pellucid.data.reading import Reading
    from pellucid.estimators import AnyEstimator
    from pellucid.evaluation.by_task import AnyReport
    from pellucid.files import Model
    from pellucid.training import Epoch

PREDICTIONS = "predictions.csv"
"""The answers to all pictures."""


def evaluate(
    model: arguments.ModelName,
    data: Annotated[
        str,
        typer.Argument(
            help=f"{arguments.LAYOUTS} Of parts, the test part counts. Where the model learned "
            "from a folder that is not divided, what was set aside of it for the test. Without a "
            "test, what training was validated by."
        ),
    ],
    part: arguments.Part = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="A folder for report.html, the confusion matrix, tables of all answers and of the "
            "mistakes.",
        ),
    ] = None,
    max_pixels: arguments.MaxPixelsAsTrained = None,
    max_bytes: arguments.MaxBytes = None,
    path_column: arguments.PathColumn = None,
    label_column: arguments.LabelColumn = None,
    decisions: arguments.DecisionsFile = None,
    bad: arguments.BadFiles = "quarantine",
    cache: arguments.Cache = True,
    classes: arguments.ClassNames = None,
    bands: Annotated[
        str | None,
        typer.Option(
            help="Of numbers: limits of ranges of true values whose errors are reported apart: "
            "0.1,0.5. Where there are numbers of both signs, of their sizes.",
            show_default="at quantiles",
        ),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Of a generator: a classifier of such pictures, whose answers and features judge "
            "its pictures.",
            show_default="none: classes and Fréchet's distance are left out",
        ),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=1_000_000,
            help="Of a generator: how many pictures it makes.",
            show_default="10000",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0, max=2**32 - 1, help="Of a generator: which pictures.", show_default="0"
        ),
    ] = None,
    beam: caption_arguments.Beam = None,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Judge a model: accuracy and mistakes; mAP and F1, of numbers R², of captions BLEU.

    A generator is judged by its pictures, beside those that it learned from and others.
    """
    from pellucid.cli.evaluate_generator import evaluate_generator, refuse_others
    from pellucid.data.reading import Reading
    from pellucid.estimators import ImageCaptioner, ImageGenerator
    from pellucid.evaluation import Report
    from pellucid.evaluation.commands import with_commands
    from pellucid.files import try_folder
    from pellucid.files.held_out import held_out

    if out is not None:
        try_folder(out, "report.html")  # before the pictures cost any time

    classifier = load_any_for(model, engine=engine, classes=classes, max_pixels=max_pixels)
    reading = Reading(
        bad=bad, max_bytes=max_bytes, cache=cache,
        path_column=path_column, label_column=label_column, decisions=decisions,
    )  # fmt: skip
    if isinstance(classifier, ImageGenerator):
        refuse_others(
            {
                "--bands": bands, "--classes": classes, "--label-column": label_column,
                "--beam": beam,
            },
            "the model generates pictures, whatever their labels",
        )  # fmt: skip
        evaluate_generator(
            classifier, model, data, reading,
            part=part, max_pixels=max_pixels, judge=judge, count=samples, seed=seed, out=out,
            json=json,
        )  # fmt: skip
        return
    refuse_others(
        {"--judge": judge, "--samples": samples, "--seed": seed},
        f"is for generators, and the model is for {classifier.model_.task.title}",
    )
    if beam is not None:
        classifier = classifier.with_beam(beam)
    pictures, notes = held_out(
        data, classifier.model_,
        part=part, max_pixels=max_pixels, integers_count=classes is not None, reading=reading,
    )  # fmt: skip
    for note in notes:
        remarks().print(note)
    remarks().print(f"task: {classifier.model_.task.title}")
    if isinstance(classifier, ImageCaptioner):
        known = _learned(data, classifier.model_, reading, max_pixels)
        report: AnyReport = classifier.evaluate(pictures, learned=known)
    else:
        report = classifier.evaluate(pictures)
    if bands is not None:
        report = _in_bands(report, bands)
    if isinstance(report, Report):
        report = with_commands(
            report, classifier.model_.network.graph, model, data, pictures,
            classes=classes, max_pixels=max_pixels, max_bytes=max_bytes,
        )  # fmt: skip
    if out is not None:
        _write(out, model, data, classifier, report, pictures, notes)
        remarks().print(f"report written to {printable(out / 'report.html')}")
    print_result(report, json=json, name=pictures.name)


def _learned(data: str, model: Model, reading: Reading, max_pixels: int | None) -> Dataset | None:
    """The pictures of the data that the model learned from; None where it learned from others."""
    from pellucid.errors import DataError
    from pellucid.files.held_out import learned_pictures

    try:
        found = learned_pictures(data, model, reading, max_pixels=max_pixels)
    except DataError:  # there is no such part
        return None
    described = model.provenance.get("data")
    known = described.get("fingerprint") if isinstance(described, dict) else None
    return found if found.fingerprint() == known else None


def _in_bands(report: AnyReport, text: str) -> AnyReport:
    """The report with errors in the ranges that an option names."""
    from pellucid.evaluation.regression import RegressionReport

    if not isinstance(report, RegressionReport):
        raise typer.BadParameter("they are for numbers; leave it out", param_hint="--bands")
    try:
        ends = [float(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no list of numbers, such as 0.1,0.5", param_hint="--bands"
        ) from None
    return report.in_bands(ends)


def _write(
    out: Path,
    model: str,
    data: str,
    classifier: AnyEstimator,
    report: AnyReport,
    pictures: Dataset,
    notes: list[str],
) -> None:
    """Write the report and all answers, with the history where the model is in a run's folder."""
    from pellucid.data.reference import argument_of
    from pellucid.evaluation.prediction_files import csv_parts
    from pellucid.evaluation.predictions import dataset_predictions
    from pellucid.files.atomic import write_file
    from pellucid.training.run_folder import RunFolder

    write_judgement(
        out,
        classifier,
        report,
        pictures,
        history=_history(model),
        notes=notes,
        title=f"{folder_name(model)}, judged by {pictures.name}",
    )
    if not isinstance(classifier.model_.task, Detection):  # boxes.csv has its answers
        names = [argument_of(data, pictures, i) for i in range(len(pictures))]
        true = [pictures.targets.cells(i) for i in range(len(pictures))]
        answers = dataset_predictions(classifier, pictures, names)
        write_file(out / PREDICTIONS, csv_parts(answers, classifier.model_.task, true))
    if pictures.quarantined and not (out / RunFolder.MODEL).exists():  # training's own stays
        write_quarantined(out, pictures.quarantined)


def _history(model: str) -> list[Epoch]:
    """A run's history; nothing if the model does not lie in a run's folder."""
    from pellucid.errors import FileFormatError
    from pellucid.interop.models import place_of
    from pellucid.training.history import from_csv
    from pellucid.training.run_folder import RunFolder

    place = place_of(model)
    if place is None:
        return []
    path = place / RunFolder.HISTORY
    try:
        return from_csv(path.read_text(encoding="utf-8"), printable(path))
    except FileFormatError as error:
        remarks().print(f"the course of training is left out: {error}")
    except (OSError, ValueError):  # there is none, or it is no text
        pass
    return []
