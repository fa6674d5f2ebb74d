"""``pellucid train --task generation``: from pictures to a network that makes such pictures."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.cli.kept_run import fit_kept, kept_in
from pellucid.cli.run_report import made_by, write_quarantined
from pellucid.cli.terminal import print_json, remarks, results
from pellucid.errors import ArgumentError
from pellucid.text import folder_name, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import typer

    from pellucid.cli.train_options import TrainOptions
    from pellucid.data import Splits
    from pellucid.estimators import ImageGenerator
    from pellucid.training.diagnosis import Diagnosis

REFUSED = (
    "architecture", "optimizer", "schedule", "weight_decay", "label_smoothing", "class_weights",
    "loss", "augment", "patience", "validation", "classes", "label_column", "side_cameras",
    "side_columns", "sound", "allow", "pretrained", "fine_tune", "folds", "detector", "cell",
    "hidden", "embedding", "dropout", "least_count",
)  # fmt: skip
"""Options that have no meaning for generators."""

REPORTED = 1000
"""Pictures that a run's report is made by; pellucid evaluate takes more."""


def check_options(context: typer.Context, settings: Mapping[str, Any]) -> None:
    """Check that no option is given that has no meaning for generators.

    Args:
        context: The command's.
        settings: Its options by name, those of a run that is resumed among them.

    Raises:
        ArgumentError: For the first that is given.
    """
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in REFUSED and settings[name] not in (None, [], (), parameter.default):
            raise ArgumentError(
                f"{parameter.opts[0]} has no meaning for generating pictures: two networks of one "
                "kind learn from each other, from all pictures as they are; leave it out"
            )


def generator_of(options: TrainOptions) -> ImageGenerator:
    """The generator that a command's options describe, checked.

    Raises:
        ArgumentError: If an option is out of range, or the model to start from is no generator.
    """
    from pellucid.cli import option_values
    from pellucid.estimators import ImageGenerator

    size = options.image_size
    given = {
        "latent": options.latent, "width": options.width, "batch_size": options.batch_size,
        "learning_rate": options.learning_rate, "ema": options.ema,
    }  # fmt: skip
    return ImageGenerator(
        epochs=options.epochs,
        start_from=options.start_from,
        image_size=None if size is None else option_values.image_size(size),
        max_pixels=options.max_pixels,
        seed=options.seed,
        engine=options.engine,
        **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
    ).check_settings()


def train_generator(
    options: TrainOptions,
    completed: TrainOptions,
    *,
    out: Path | None,
    overwrite: bool,
    resume: Path | None,
    json: bool,
) -> None:
    """Read the pictures, train, and report what came of it.

    Args:
        options: As they were given, which the run keeps.
        completed: With the values that a run took which is resumed.
        out: The run's folder; none: one in ``runs``.
        overwrite: Whether that may hold a run already.
        resume: The folder of a run to go on with.
        json: Whether the result is printed as JSON.
    """
    from pellucid.training.progress import ProgressBar
    from pellucid.training.run_folder import RunFolder

    console, source = remarks(), options.data or ""
    model = generator_of(completed)
    splits = _read(model, options, source)
    for note in splits.notes:
        console.print(note)
    console.print(f"task: {splits.train.targets.title}")
    if resume is None and (line := model.start_line()) is not None:
        console.print(line)
    folder = kept_in(out, resume, f"{folder_name(source)}-generator")
    epochs = model.planned_epochs(splits.train)
    diagnoses: tuple[Diagnosis, ...] = ()

    def finish(fitted: ImageGenerator) -> None:
        nonlocal diagnoses
        bar.close()
        write_quarantined(folder, splits.quarantined)
        if options.report:
            diagnoses = _report(fitted, splits, folder)

    bar = ProgressBar(epochs, console)
    fit_kept(
        model, splits, folder, options, bar,
        overwrite=overwrite, resume=resume is not None, finish=finish,
    )  # fmt: skip
    if json:
        print_json(
            {
                "model": str(folder / RunFolder.MODEL),
                "task": splits.train.kind,
                "pictures": len(splits.train),
                "history": [row.to_dict() for row in model.history_],
                "quarantined": len(splits.quarantined),
                "diagnoses": [each.to_dict() for each in diagnoses],
            }
        )
        return
    results().print(f"model: {printable(folder / RunFolder.MODEL)} (epoch {len(model.history_)})")
    run = shlex.quote(str(folder))
    console.print(f"make pictures: {printable(f'pellucid generate {run} --out sheet.png')}")
    if splits.test is not None:
        command = f"pellucid evaluate {run} {shlex.quote(source)} --judge CLASSIFIER"
        console.print(f"judge it: {printable(command)}")


def _read(model: ImageGenerator, options: TrainOptions, source: str) -> Splits:
    """The pictures, in parts, without their labels."""
    from pellucid.data.load import read_splits
    from pellucid.tasks import Generation

    return read_splits(
        source,
        options.reading(model.max_pixels),
        image_size=model.reading_size(source),
        validation=0,
        seed=options.seed,
        allow_one_class=True,
        task=Generation.kind,
    )


def _report(model: ImageGenerator, splits: Splits, folder: Path) -> tuple[Diagnosis, ...]:
    """Write and print how the generator's pictures compare with real ones."""
    console = remarks()
    if splits.test is None or min(len(splits.test), len(splits.train)) < 2:
        console.print("no report: there are no pictures that were not learned")
        return ()
    test = splits.test.spread(REPORTED)
    report = model.compared(splits.train, test, count=REPORTED)
    title = f"{folder_name(folder)}, compared with {test.name}"
    found = write_generation(folder, model, report, model.history_, splits.notes, title)
    for each in found:
        console.print(f"what stands out: {each.words}; what to do: {each.advice}")
    console.print(f"{report.headline}; report written to {printable(folder / 'report.html')}")
    return found


def write_generation(
    folder: Path,
    model: ImageGenerator,
    report: Any,
    history: Sequence[Any],
    notes: Sequence[str],
    title: str,
) -> tuple[Diagnosis, ...]:
    """Write the report on a generator, with how it was made; return what stands out.

    Args:
        folder: Made if it is not there.
        model: The generator.
        report: The judgement by the pictures of seed 0.
        history: How training went; empty where nobody knows.
        notes: Remarks for the reader.
        title: Of the page.
    """
    from pellucid.evaluation.collapse import generator_faults
    from pellucid.evaluation.run_report import write_report

    found = generator_faults(report)
    write_report(
        folder, report, report.pictures,
        history=history,
        diagnoses=found,
        config=made_by(model.model_),
        notes=notes,
        title=title,
    )  # fmt: skip
    return found
