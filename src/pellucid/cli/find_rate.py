"""``pellucid find-rate``: which learning rate suits a network and its pictures."""

# ruff: noqa: ARG001 - the options are read from the context, all together

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli import arguments, option_values
from pellucid.cli.estimator_options import estimator_for
from pellucid.cli.leakage import ALLOWABLE, ONE_CLASS, check_allowed, leakage_notes, picture_root
from pellucid.cli.progress_bar import CountBar
from pellucid.cli.terminal import print_result, remarks
from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.reading import Reading
from pellucid.engines import DEFAULT
from pellucid.text import printable

OF_THE_SEARCH = {"data", "lowest", "highest", "steps", "seeds", "out", "json"}
"""Settings that training does not have."""

ALLOWED = tuple(name for name in ALLOWABLE if name != ONE_CLASS)
"""What can be allowed here: of one class, there is no rate to find."""


def find_rate(
    context: typer.Context,
    data: Annotated[str, typer.Argument(help=arguments.LAYOUTS)],
    architecture: arguments.Architecture = None,
    detector: arguments.DetectorName = None,
    optimizer: arguments.Optimizer = None,
    batch_size: arguments.BatchSize = None,
    weight_decay: arguments.WeightDecay = None,
    label_smoothing: arguments.LabelSmoothing = None,
    class_weights: arguments.ClassWeights = "none",
    loss: arguments.LossName = None,
    augment: arguments.Augment = None,
    image_size: arguments.ImageSize = None,
    bad: arguments.BadFiles = "quarantine",
    max_pixels: arguments.MaxPixels = MAX_PIXELS,
    max_bytes: arguments.MaxBytes = None,
    path_column: arguments.PathColumn = None,
    label_column: arguments.LabelColumn = None,
    group: arguments.Group = None,
    decisions: arguments.DecisionsFile = None,
    sound: arguments.SoundSettings = None,
    units: arguments.Units = None,
    task: arguments.TaskName = None,
    allow: Annotated[list[str] | None, arguments.allow(ALLOWED)] = None,
    cache: arguments.Cache = True,
    seed: arguments.Seed = 0,
    lowest: Annotated[float, typer.Option(help="The first rate that is tried.")] = 1e-5,
    highest: Annotated[float, typer.Option(help="The last rate that is tried.")] = 10.0,
    steps: Annotated[int, typer.Option(min=20, max=10_000, help="How many are tried.")] = 100,
    seeds: Annotated[
        int, typer.Option(min=2, max=100, help="How often, each with other first weights.")
    ] = 3,
    engine: arguments.EngineName = DEFAULT,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A PNG to write: the loss by learning rate.")
    ] = None,
    json: arguments.Json = False,
) -> None:
    """Try rising learning rates with several seeds; suggest that at which the loss stops falling.

    Where seeds or the default rate differ much from it, nothing is suggested, and the reason given.
    Nothing is learned or kept. The other options are those of train.
    """
    size = None if image_size is None else option_values.image_size(image_size)
    allowed = check_allowed(allow, ALLOWED)

    from pellucid import data as data_package
    from pellucid.data.listing import task_at_a_glance
    from pellucid.files import write_file
    from pellucid.files.atomic import check_writable
    from pellucid.training.lr_finder import check_search

    check_search(lowest, highest, steps, seeds)
    reading = Reading(path_column=path_column, label_column=label_column)
    known = task or task_at_a_glance(data, reading)
    estimator_for(context.params, known)  # checks the options before the pictures cost any time
    if out is not None:
        check_writable(out)
    console = remarks()
    splits = data_package.load(
        data, image_size=size, seed=seed, bad=bad, max_pixels=max_pixels, max_bytes=max_bytes,
        cache=cache, path_column=path_column, label_column=label_column, task=task,
        group=group, sound=sound, units=units, decisions=decisions,
    )  # fmt: skip
    estimator = estimator_for(context.params, splits.train.kind)
    notes = splits.notes
    if data not in data_package.BUILTIN:
        notes += leakage_notes(splits, printable(data), allowed, picture_root(data))
    for note in notes:
        console.print(note)
    console.print(f"task: {splits.train.targets.title}")
    with CountBar("trying learning rates", console) as progress:
        curve = estimator.find_learning_rate(
            splits.train,
            lowest=lowest, highest=highest, steps=steps, seeds=seeds, progress=progress,
        )  # fmt: skip
    if out is not None:
        write_file(out, curve.png())
        console.print(f"curve written to {printable(out)}")
    batch = min(estimator.planned_recipe(splits.train).batch_size, len(splits.train))
    print_result(curve, json=json, batch=batch)
    if not json:
        command = ["pellucid", "train", data, *_given(context)]
        if curve.suggestion not in (None, curve.default):
            command += ["--learning-rate", f"{curve.suggestion:.2g}"]
            console.print(f"train with it: {printable(shlex.join(command))}")
        else:
            console.print(f"train with the default rate: {printable(shlex.join(command))}")


def _given(context: typer.Context) -> list[str]:
    """The options that were given, as far as training has them, too."""
    words = []
    for name, value in context.params.items():
        origin = context.get_parameter_source(name)
        if name in OF_THE_SEARCH or origin is None or origin.name == "DEFAULT":
            continue
        option = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{option}" if value else f"--no-{option}")
        else:
            for each in value if isinstance(value, list | tuple) else [value]:
                words += [f"--{option}", str(each)]
    return words
