"""``pellucid train``: from pictures to a model."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from pellucid.architectures import ARCHITECTURES
from pellucid.cli import arguments
from pellucid.cli.terminal import print_json, remarks, results
from pellucid.data.names import folder_name, shown
from pellucid.engines import DEFAULT
from pellucid.optimizers import OPTIMIZERS
from pellucid.training.schedules import SCHEDULES


def train(
    data: Annotated[
        str,
        typer.Argument(
            help="A folder with a folder of pictures for each class, "
            "or the name of a built-in set: mnist."
        ),
    ],
    architecture: Annotated[
        str, typer.Option("--architecture", "-a", help=f"{', '.join(ARCHITECTURES)}.")
    ] = "lecture",
    epochs: Annotated[int, typer.Option(min=1, help="How often every picture is seen.")] = 10,
    out: Annotated[
        Path | None, typer.Option(help="The run's folder; without it, runs/DATA-ARCHITECTURE.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of everything random.")] = 0,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures a step.")] = 128,
    optimizer: Annotated[str, typer.Option(help=f"{', '.join(OPTIMIZERS)}.")] = "sgd",
    learning_rate: Annotated[
        float | None, typer.Option(help="Its peak.", show_default="the optimizer's usual")
    ] = None,
    schedule: Annotated[str, typer.Option(help=f"{', '.join(SCHEDULES)}.")] = "one-cycle",
    weight_decay: Annotated[float, typer.Option(help="On kernels, 0 to 1.")] = 0.0,
    label_smoothing: Annotated[float, typer.Option(help="0 to below 1.")] = 0.0,
    validation: Annotated[
        str | None,
        typer.Option(
            help="What to hold out of the training pictures: a share (0.1), a number (5000), or 0.",
            show_default="the data's usual",
        ),
    ] = None,
    image_size: Annotated[
        str | None,
        typer.Option(
            help="HEIGHTxWIDTH that pictures are brought to.", show_default="their own, or 64x64"
        ),
    ] = None,
    engine: arguments.EngineName = DEFAULT,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the run in --out.")
    ] = False,
    json: arguments.Json = False,
) -> None:
    """Train a network on pictures; keep the best model and the run's history in a folder."""
    size = None if image_size is None else arguments.image_size(image_size)
    held_out = None if validation is None else arguments.share(validation)

    from pellucid import data as data_package
    from pellucid.classifier import ImageClassifier
    from pellucid.training.progress import ProgressBar
    from pellucid.training.run_folder import RunFolder, check_free, free_folder

    model = ImageClassifier(
        architecture,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=optimizer,
        learning_rate=learning_rate,
        schedule=schedule,
        weight_decay=weight_decay,
        label_smoothing=label_smoothing,
        image_size=size,
        seed=seed,
        engine=engine,
    ).check_settings()
    if out is not None:
        check_free(out, overwrite=overwrite)
    console = remarks()
    splits = data_package.load(data, image_size=size, validation=held_out, seed=seed)
    for note in splits.notes:
        console.print(note)
    folder = (
        out if out is not None else free_folder(Path("runs"), f"{folder_name(data)}-{architecture}")
    )
    console.print(f"the run is kept in {shown(folder)}")
    with ProgressBar(epochs, console) as bar:
        model.fit(
            splits.train,
            validation_data=splits.validation,
            out=folder,
            overwrite=overwrite,
            watchers=[bar],
        )
    best = model.model_.provenance["results"]
    if json:
        print_json(
            {
                "model": str(folder / RunFolder.MODEL),
                "best": best,
                "history": [row.to_dict() for row in model.history_],
            }
        )
        return
    results().print(f"model: {shown(folder / RunFolder.MODEL)} (epoch {best['epoch']})")
    if splits.test is not None:
        command = shlex.join(["pellucid", "evaluate", str(folder), data])
        console.print(f"judge it: {shown(command)}")
