"""``pellucid train``: from pictures to a model."""

# ruff: noqa: ARG001 - the options are read from the context, all together

from __future__ import annotations

import os
import shlex
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli import arguments, caption_arguments
from pellucid.cli.leakage import ALLOWABLE, ONE_CLASS, check_allowed, leakage_notes, picture_root
from pellucid.cli.learning_rate import learning_rate_line
from pellucid.cli.run_report import RunReport, best_chance, judge, write_quarantined
from pellucid.cli.terminal import fail, print_json, remarks, results
from pellucid.cli.train_generator import check_options, generator_of, train_generator
from pellucid.cli.train_options import KEPT_AS, TrainOptions
from pellucid.cli.train_start import check_apart, check_folds, known_task, trained_weights
from pellucid.cli.transfer_notes import (
    body_hint,
    copies_line,
    head_line,
    judge_by_folds,
    learned_and_held,
)
from pellucid.data.captions import Captions
from pellucid.data.pillow import MAX_PIXELS
from pellucid.engines import DEFAULT
from pellucid.errors import ArgumentError
from pellucid.tasks import Generation
from pellucid.text import counted, folder_name, printable

if TYPE_CHECKING:
    from pellucid.cli.estimator_options import Estimator
    from pellucid.training.diagnosis import Diagnosis
    from pellucid.transfer.out_of_fold import FoldsJudgement


def train(
    context: typer.Context,
    data: Annotated[str | None, typer.Argument(help=arguments.LAYOUTS, show_default=False)] = None,
    architecture: arguments.Architecture = None,
    detector: arguments.DetectorName = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            "--epochs",
            "-e",
            min=1,
            help="How often every picture is seen.",
            show_default=arguments.OF_ARCHITECTURE,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The run's folder; without it, runs/DATA-ARCHITECTURE."),
    ] = None,
    seed: arguments.Seed = 0,
    batch_size: arguments.BatchSize = None,
    optimizer: arguments.Optimizer = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            "--learning-rate", "--lr", help="Its peak.", show_default="default for the batch size"
        ),
    ] = None,
    schedule: arguments.Schedule = "one-cycle",
    weight_decay: arguments.WeightDecay = None,
    label_smoothing: arguments.LabelSmoothing = None,
    class_weights: arguments.ClassWeights = "none",
    loss: arguments.LossName = None,
    augment: arguments.Augment = None,
    ema: Annotated[
        float | None,
        typer.Option(
            help="Judge and keep the weights' moving average with this decay, e.g. 0.999.",
            show_default="no average",
        ),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Stop after this many epochs without a better validation.",
            show_default="never",
        ),
    ] = None,
    validation: Annotated[
        str | None,
        typer.Option(
            help="What to hold out of the training pictures: a share (0.1), a number (5000), or 0.",
            show_default="the data's default",
        ),
    ] = None,
    image_size: arguments.ImageSize = None,
    classes: arguments.ClassNames = None,
    bad: arguments.BadFiles = "quarantine",
    max_pixels: arguments.MaxPixels = MAX_PIXELS,
    max_bytes: arguments.MaxBytes = None,
    path_column: arguments.PathColumn = None,
    label_column: arguments.LabelColumn = None,
    group: arguments.Group = None,
    test_fold: arguments.TestFold = None,
    side_cameras: arguments.SideCorrection = None,
    side_columns: arguments.SideColumns = None,
    sound: arguments.SoundSettings = None,
    task: arguments.TaskName = None,
    units: arguments.Units = None,
    allow: Annotated[list[str] | None, arguments.allow(ALLOWABLE)] = None,
    cache: arguments.Cache = True,
    engine: arguments.EngineName = DEFAULT,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the run in --out.")
    ] = False,
    resume: Annotated[
        Path | None,
        typer.Option(help="Go on with the run in this folder; its settings need not be repeated."),
    ] = None,
    start_from: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE|RUN",
            help="A network whose weights training starts from, as --from takes it; everything "
            "learns. Layers that do not fit the pictures or classes start with random ones.",
            show_default="from scratch",
        ),
    ] = None,
    pretrained: arguments.Body = None,
    fine_tune: arguments.FineTune = None,
    folds: arguments.Folds = None,
    latent: arguments.Latent = None,
    width: arguments.Width = None,
    cell: caption_arguments.Cell = None,
    hidden: caption_arguments.Hidden = None,
    embedding: caption_arguments.EmbeddingSize = None,
    dropout: caption_arguments.DropoutShare = None,
    least_count: caption_arguments.LeastCount = None,
    save_every: Annotated[
        float, typer.Option(min=0, help="Minutes after which the state is kept within an epoch.")
    ] = 5.0,
    report: Annotated[
        bool,
        typer.Option(help="At last, judge the model by the validation pictures in report.html."),
    ] = True,
    json: arguments.Json = False,
) -> None:
    """Train a network on pictures; keep the best model and the run's history in a folder.

    Ctrl-C stops it with everything kept, and --resume goes on there, to the same result.
    """
    settings = dict(context.params)
    recipe: dict[str, Any] = {}
    if resume is not None:
        if out is not None or overwrite:
            raise typer.BadParameter(
                "it says already where; leave out --out and --overwrite", param_hint="--resume"
            )
        if start_from is not None:
            raise typer.BadParameter(
                "the run has started already; leave it out", param_hint="--start-from"
            )
        if pretrained is not None:
            raise typer.BadParameter(
                "the run has started already; leave it out", param_hint="--from"
            )
        kept, recipe = _kept(context, resume)
        settings |= kept
    if settings["data"] is None:
        raise typer.BadParameter("name the pictures to learn from", param_hint="DATA")
    known = known_task(settings)
    generates = known == Generation.kind
    if generates:
        check_options(context, settings)
    elif resume is None:
        settings |= trained_weights(context, settings, known, out)
    options = TrainOptions.of(settings)
    check_allowed(options.allow)
    completed = options.completed(recipe)
    if generates:
        check_apart(options.start_from, out)
        generator_of(completed)
    else:
        completed.estimator(known)  # checks the options before the pictures cost any time
    check_folds(options)

    from pellucid.training import Stopped
    from pellucid.training.run_folder import try_run_folder
    from pellucid.training.stopping import sigterm_raises

    if out is not None:
        try_run_folder(out, overwrite=overwrite)
    try:
        with sigterm_raises():
            where: dict[str, Any] = {
                "out": out, "overwrite": overwrite, "resume": resume, "json": json,
            }  # fmt: skip
            if generates:
                train_generator(options, completed, **where)
            else:
                _train(options, completed, known, **where)
    except Stopped as stopped:
        fail(str(stopped), stopped.code)


def _train(
    options: TrainOptions,
    completed: TrainOptions,
    known: str | None,
    *,
    out: Path | None,
    overwrite: bool,
    resume: Path | None,
    json: bool,
) -> None:
    """Read the pictures, train, judge, and report what came of it."""
    from pellucid.data import BUILTIN
    from pellucid.data.load import read_splits
    from pellucid.data.make_splits import class_counts
    from pellucid.training import Stopped
    from pellucid.training.history import judged_by
    from pellucid.training.progress import ProgressBar
    from pellucid.training.run_folder import RunFolder, free_folder
    from pellucid.training.saved_run import DamagedStateWarning, read_saved_run
    from pellucid.training.start import resumed
    from pellucid.transfer.out_of_fold import check_folds as check_folds_of_data

    console, source, allowed = remarks(), options.data or "", check_allowed(options.allow)
    model = completed.estimator(known)
    size = model.reading_size(source)
    like = model.reading_like(None if resume is None else resumed(read_saved_run(resume)))
    kept_size = size if like is None else like.shape
    heard = like is not None and like.sound is not None
    if (
        model.start_from is not None and kept_size is not None and not heard
    ):  # resuming may not find the model
        options = replace(options, image_size=f"{kept_size[0]}x{kept_size[1]}")
    splits = read_splits(
        source,
        options.reading(model.max_pixels),
        image_size=size,
        validation=None if options.validation is None else arguments.share(options.validation),
        seed=options.seed,
        classes=options.classes,
        allow_one_class=ONE_CLASS in allowed,
        task=options.task,
        like=like,
    )
    notes = splits.notes
    if source not in BUILTIN:
        notes += leakage_notes(splits, printable(source), allowed, picture_root(source))
    for note in notes:
        console.print(note)
    console.print(f"task: {splits.train.targets.title}")
    model = completed.estimator(splits.train.kind)  # known only now
    line = None if resume is not None else model.start_line(splits.train)
    if line is not None:
        console.print(line)
    if resume is None and line is not None and model.pretrained is None:
        height, width, channels = splits.train.image_shape
        kept = "the data's own" if size is None else "the model's unless --image-size is given"
        console.print(
            f"pictures: {width}×{height}, {'grey' if channels == 1 else 'colour'} (size: {kept}; "
            "channels: the data's)"
        )
    if options.folds is not None:
        check_folds_of_data(*learned_and_held(splits), options.folds)
    if resume is None and line is None and source not in BUILTIN:
        hint = body_hint(splits, source, picture_root(source))
        if hint is not None:
            console.print(hint)
    run = f"{folder_name(source)}-{options.architecture or model.architecture}"
    folder = resume or out or free_folder(Path("runs"), run)
    console.print(f"the run is kept in {printable(folder)}")
    recipe = model.planned_recipe(splits.train)
    if recipe.epochs > recipe.head_epochs:
        console.print(learning_rate_line(model, splits.train))
    diagnoses: tuple[Diagnosis, ...] = ()
    judged_folds: list[FoldsJudgement] = []
    with_features = options.pretrained is not None and splits.train.kind != Captions.kind

    def finish(fitted: Estimator) -> None:
        nonlocal diagnoses
        bar.close()
        write_quarantined(folder, splits.quarantined)  # of a run that was killed before it could
        made = []  # how, for the terminal and for the report
        if (words := head_line(fitted)) is not None:
            console.print(words)
            made.append(words)
        doing = "near copies were looked for"
        try:
            if with_features and source not in BUILTIN and splits.validation:
                words = copies_line(folder, source, options.pretrained or "")
                if words is not None:
                    console.print(words)
                    made.append(words)
            doing = "the folds were judged"
            if options.folds is not None:
                judged_folds.append(judge_by_folds(fitted, splits, folder, options.folds))
                made.append(f"cross-validation of the head, {judged_folds[0]}")
                console.print(made[-1])
            if not options.report:
                return
            if line is not None:
                made.insert(0, line)
            doing = "the report was made"
            diagnoses = judge(fitted, splits, folder, [*notes, *made], source)
        except KeyboardInterrupt as stopped:
            command = shlex.join(["pellucid", "train", "--resume", os.fspath(folder)])
            raise Stopped(
                f"stopped while {doing}; the model is whole, go on with: {command}",
                getattr(stopped, "code", 130),
            ) from stopped

    with ProgressBar(recipe.epochs, console) as bar, warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedStateWarning)  # reported by _kept
        model.fit(
            splits.train,
            validation_data=splits.validation,
            out=folder,
            overwrite=overwrite,
            resume=resume is not None,
            minutes=options.save_every,
            allow_one_class=ONE_CLASS in allowed,
            notes=vars(options.for_anywhere()),
            watchers=[bar, RunReport(folder, splits.quarantined)],
            finish=finish,
            verbose=0,  # the bar is among the watchers
            cache=options.cache,
        )
    best = model.model_.provenance["results"]
    validated = best_chance(model, splits)
    parts = [part for part in (splits.train, splits.validation, splits.test) if part is not None]
    if json:
        print_json(
            {
                "model": str(folder / RunFolder.MODEL),
                "task": splits.train.kind,
                "best": best,
                "validation": None if validated is None else validated[1].to_dict(),
                "folds": judged_folds[0].to_dict() if judged_folds else None,
                "classes": class_counts(parts),
                "history": [row.to_dict() for row in model.history_],
                "quarantined": len(splits.quarantined),
                "diagnoses": [each.to_dict() for each in diagnoses],
            }
        )
        return
    if (done := len(model.history_)) < recipe.epochs:
        waited = counted(done - best["epoch"], "epoch")
        console.print(f"stopped early: {waited} without a better validation")
    if validated is not None and not options.report:
        console.print(f"{printable(validated[0])}: {validated[1]}")
    elif not options.report and (words := judged_by(model.history_[best["epoch"] - 1])):
        console.print(f"validation: {words.removeprefix(', ')}")
    results().print(f"model: {printable(folder / RunFolder.MODEL)} (epoch {best['epoch']})")
    if splits.test is not None:
        columns = [
            f"--{name.replace('_', '-')}={getattr(options, name)}"
            for name in ("path_column", "label_column")
            if getattr(options, name) is not None
        ]
        command = shlex.join(["pellucid", "evaluate", str(folder), source, *columns])
        console.print(f"judge it: {printable(command)}")


def _kept(context: typer.Context, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """A run's settings, as far as none are given that go before them; and its recipe."""
    from pellucid.cli.saved_settings import check_kept_settings
    from pellucid.training.saved_run import read_saved_run

    kept = read_saved_run(folder)
    if kept.remark is not None:
        remarks().print(kept.remark)
    asked = context.params["epochs"]
    recipe = kept.provenance["recipe"]
    planned = recipe["epochs"] - recipe.get("head_epochs", 0) if kept.finished else asked
    if asked is not None and asked != planned:  # said before the pictures cost any time
        raise ArgumentError(kept.advice(folder, asked))
    if kept.finished:  # only its report may be missing
        remarks().print(kept.advice(folder, None))
    found = {}
    for name, value in check_kept_settings(train, kept.notes, folder, KEPT_AS).items():
        origin = context.get_parameter_source(name)
        if origin is not None and origin.name == "DEFAULT":
            found[name] = value
    return found, kept.provenance["recipe"]
