"""``pellucid kernels``: learned kernels as a picture."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.models import load_model_for
from pellucid.cli.outputs import check_output
from pellucid.cli.picture import find_pictures, report_problems
from pellucid.cli.terminal import print_result, remarks
from pellucid.engines import DEFAULT
from pellucid.errors import DataError
from pellucid.text import printable, quoted

if TYPE_CHECKING:
    from pellucid.estimators import AnyEstimator


def kernels(
    model: arguments.ModelName,
    layer: Annotated[
        str | None, typer.Option(help="Which convolution; by default the first.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="How many kernels to draw at most.")] = 32,
    channels: Annotated[int, typer.Option(min=1, help="How many channels of each at most.")] = 16,
    deconv: Annotated[
        str | None,
        typer.Option(
            metavar="PICTURES",
            help="Search a folder, pattern, list or part of data (mnist:test) for what excites "
            "feature maps of the layer (any; by default the last activation with maps), and "
            "project it back to pixels (deconvnet).",
            show_default=False,
        ),
    ] = None,
    maps: Annotated[
        str | None,
        typer.Option(
            help="With --deconv: which feature maps, e.g. 0,5,7.",
            show_default="the most excited",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A PNG file for the picture; with --deconv also .html."),
    ] = None,
    json: arguments.Json = False,
) -> None:
    """Show the kernels that a model has learned, or what excites its feature maps."""
    from pellucid.explain.kernels import learned_kernels

    check_output(out, (".png",) if deconv is None else (".png", ".html"), model)
    if deconv is None and maps is not None:
        raise typer.BadParameter("give the pictures, too: --deconv PICTURES", param_hint="--maps")
    units = None if maps is None else _units(maps)
    learner = load_model_for(model, engine=DEFAULT)
    if deconv is not None:
        _projections(learner, deconv, layer, units, out, json=json)
        return
    found = learned_kernels(learner.model_.network, layer)
    if out is not None:
        found.save(out, most=most, channels=channels)
        remarks().print(f"picture written to {printable(out)}")
    print_result(found, json=json, most=most, channels=channels)


def _units(text: str) -> list[int]:
    words = [word.strip() for word in text.split(",")]
    if not all(re.fullmatch(r"[0-9]{1,9}", word) for word in words):
        raise typer.BadParameter(
            f"{quoted(text)} is no list of numbers such as 0,5,7", param_hint="--maps"
        )
    return list(dict.fromkeys(map(int, words)))


def _projections(
    learner: AnyEstimator,
    source: str,
    layer: str | None,
    units: list[int] | None,
    out: Path | None,
    *,
    json: bool,
) -> None:
    """Search pictures for what excites feature maps."""
    import numpy as np

    from pellucid.explain.projections import projections

    asked = find_pictures([source], learner.model_, learner.max_pixels)
    problems, images, names = list(asked.problems), [], []
    read = learner.model_.preprocessing.read
    for each in asked.pictures:
        file, name = (each, each.name) if isinstance(each, Path) else (each.picture, each.label)
        try:
            images.append(read(file, max_pixels=learner.max_pixels))
        except DataError as error:
            problems.append(str(error))
        else:
            names.append(name)
    if not images:
        report_problems(problems, len(problems))
    found = projections(learner.program_, np.stack(images), names, layer, units)
    if out is not None:
        found.save(out)
        remarks().print(f"written to {printable(out)}")
    print_result(found, json=json)
    report_problems(problems, len(asked.pictures) + len(asked.problems))
