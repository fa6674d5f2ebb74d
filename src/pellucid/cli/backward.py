"""``pellucid backward``: the loss of a picture, and every gradient of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.models import load_model_for
from pellucid.cli.outputs import check_output
from pellucid.cli.picture import PictureName, find_labelled
from pellucid.cli.resize_note import print_resize_note
from pellucid.cli.trace import AllTerms, finish, position
from pellucid.engines import DEFAULT


def backward(
    model: arguments.ModelName,
    image: PictureName,
    label: Annotated[
        str | None,
        typer.Option(
            help="What is right: a class; labels, 'cat;pet'; numbers, 3.2; boxes, 'cat 1,2,30,40'.",
            show_default="the data set's; or, but of classes, the answer",
        ),
    ] = None,
    weight: Annotated[
        str | None, typer.Option(help="Open the gradient of one weight: e.g. conv2.kernel.")
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="Open the gradient at one value of this layer.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="Its position, from 0: row,column,channel,map for a kernel's weight."),
    ] = None,
    all_terms: AllTerms = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write it to this .html, .json or .png.")
    ] = None,
    max_pixels: arguments.MaxPixelsAsTrained = None,
    max_bytes: arguments.MaxBytes = None,
    classes: arguments.ClassNames = None,
    invert: arguments.Invert = False,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Show how the loss goes back through every layer, or open one gradient into its terms."""
    from pellucid.explain.backward import Backward

    check_output(out, Backward.endings, model, Path(image))
    place = position(at)
    if (place is None) != (weight is None and layer is None) or (weight and layer):
        raise typer.BadParameter(
            "--at belongs to one of --weight and --layer: give both", param_hint="--at"
        )
    classifier = load_model_for(
        model,
        engine=engine,
        classes=classes,
        max_pixels=max_pixels,
        invert=invert,
    )
    picture, known = find_labelled(image, classifier.model_, classifier.max_pixels, max_bytes)
    right = known if label is None else label
    if right is None and classifier.model_.task.of_one_class:
        raise typer.BadParameter("give the class that is right", param_hint="--label")
    gone = classifier.backward(picture, right)
    seen = print_resize_note(picture, classifier.model_, classifier.max_pixels)
    opened = None
    if place is not None:
        opened = gone.weight(weight, place) if weight else gone.value(layer or "", place)
    finish(gone, opened, seen, image, out, json=json, full=all_terms)
