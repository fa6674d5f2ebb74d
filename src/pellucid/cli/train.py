"""``pellucid train``: from pictures to a model."""

# ruff: noqa: ARG001 - the options are read from the context, all together

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pellucid.cli import arguments, caption_arguments, engine_options, generator_arguments
from pellucid.cli.leakage import ALLOWABLE, check_allowed
from pellucid.cli.terminal import fail, leads, remarks
from pellucid.cli.train_generator import check_options, generator_of, train_generator
from pellucid.cli.train_network import train_network
from pellucid.cli.train_options import KEPT_AS, TrainOptions
from pellucid.cli.train_start import check_apart, check_folds, known_task, trained_weights
from pellucid.data.captions import Captions
from pellucid.data.pillow import MAX_PIXELS
from pellucid.engines import DEFAULT, get_engine
from pellucid.engines.ranks import refuse_several
from pellucid.errors import ArgumentError
from pellucid.tasks import Generation


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
    decisions: arguments.DecisionsFile = None,
    sound: arguments.SoundSettings = None,
    task: arguments.TaskName = None,
    units: arguments.Units = None,
    allow: Annotated[list[str] | None, arguments.allow(ALLOWABLE)] = None,
    cache: arguments.Cache = True,
    engine: arguments.EngineName = DEFAULT,
    precision: engine_options.PrecisionName = None,
    compile_: engine_options.Compile = False,
    channels_last: engine_options.ChannelsLast = None,
    sync_batch_norm: engine_options.SyncBatchNorm = False,
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
    latent: generator_arguments.Latent = None,
    width: generator_arguments.Width = None,
    cell: caption_arguments.Cell = None,
    hidden: caption_arguments.Hidden = None,
    embedding: caption_arguments.EmbeddingSize = None,
    dropout: caption_arguments.DropoutShare = None,
    least_count: caption_arguments.LeastCount = None,
    save_every: Annotated[
        float, typer.Option(min=0, help="Minutes after which the state is kept within an epoch.")
    ] = 5.0,
    live: Annotated[
        bool,
        typer.Option(
            help="Whether the training can be watched and steered while it runs, by files in the "
            "run's live."
        ),
    ] = True,
    replay: Annotated[
        bool,
        typer.Option(help="Keep the weights after each epoch in the run's replay, up to 1 GiB."),
    ] = False,
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
    settings["engine"] = engine_options.written_engine(
        settings["engine"], precision, channels_last,
        compiles=compile_, sync_batch_norm=sync_batch_norm,
    )  # fmt: skip
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

    if generates or known == Captions.kind:
        refuse_several(f"{'a generator' if generates else 'a captioner'} learns")
    else:
        get_engine(options.engine).join()
    if out is not None and leads():
        try_run_folder(out, overwrite=overwrite)
    try:
        with sigterm_raises():
            where: dict[str, Any] = {
                "out": out, "overwrite": overwrite, "resume": resume, "json": json,
            }  # fmt: skip
            if generates:
                train_generator(options, completed, **where)
            else:
                train_network(options, completed, known, **where)
    except Stopped as stopped:
        fail(str(stopped) if leads() else "", stopped.code)  # all stop; one says how to go on


def _kept(context: typer.Context, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """A run's settings, where no given ones override them; and its recipe."""
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
