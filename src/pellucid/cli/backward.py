"""``pellucid backward``: the loss of a picture, and every gradient of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.models import load_model_for
from pellucid.cli.outputs import check_output
from pellucid.cli.picture import OptionalPictureName, find_labelled
from pellucid.cli.resize_note import print_resize_note
from pellucid.cli.sample import SampleName, check_sample, load_generator, parse_sample
from pellucid.cli.trace import AllTerms, finish, position
from pellucid.engines import DEFAULT
from pellucid.text import quoted

if TYPE_CHECKING:
    from pellucid.estimators import ImageGenerator
    from pellucid.explain.backward import Backward


def backward(
    model: arguments.ModelName,
    image: OptionalPictureName = None,
    label: Annotated[
        str | None,
        typer.Option(
            help="What is right: a class; labels, 'cat;pet'; numbers, 3.2; boxes, 'cat 1,2,30,40'; "
            "a text, 'one two'; of --pixel a grey level, 0 to 255.",
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
    sample: SampleName = None,
    pixel: Annotated[
        str | None,
        typer.Option(
            help="Of a sample: row,column or row,column,channel of a pixel, instead of the "
            "discriminator's score."
        ),
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
    """Show how the loss goes back through every layer, or open one gradient into its terms.

    Of a generator's --sample the loss is that by which it learns: that the discriminator takes the
    picture for real. With --pixel it is that pixel's squared error.
    """
    from pellucid.explain.backward import Backward

    check_sample(
        sample, image, {"--pixel": pixel}, {"--classes": classes, "--invert": invert or None}
    )
    check_output(out, Backward.endings, model, *filter(None, [image]))
    place = position(at)
    if (place is None) != (weight is None and layer is None) or (weight and layer):
        raise typer.BadParameter(
            "--at belongs to one of --weight and --layer: give both", param_hint="--at"
        )
    seen = None
    if sample is not None:
        gone = _of_sample(load_generator(model, engine=engine), sample, pixel, label)
    else:
        classifier = load_model_for(
            model, engine=engine, classes=classes, max_pixels=max_pixels, invert=invert
        )
        picture, known = find_labelled(
            image or "", classifier.model_, classifier.max_pixels, max_bytes
        )
        right = known if label is None else label
        if right is None and classifier.model_.task.of_one_class:
            raise typer.BadParameter("give the class that is right", param_hint="--label")
        gone = classifier.backward(picture, right)
        seen = print_resize_note(picture, classifier.model_, classifier.max_pixels)
    opened = None
    if place is not None:
        opened = gone.weight(weight, place) if weight else gone.value(layer or "", place)
    finish(gone, opened, seen, image or "", out, json=json, full=all_terms)


def _of_sample(
    generator: ImageGenerator, sample: str, pixel: str | None, label: str | None
) -> Backward:
    """The gradients of a sample's score, or of one of its pixels."""
    place = position(pixel, "--pixel")
    if place is None:
        if label is not None:
            raise typer.BadParameter(
                "of a sample what is right is that it is real; leave it out, or give --pixel",
                param_hint="--label",
            )
        return generator.backward(parse_sample(sample))
    try:
        level = float(label or "")
    except ValueError as error:
        raise typer.BadParameter(
            f"give the grey level that is wanted of the pixel, 0 to 255, got {quoted(label or '')}",
            param_hint="--label",
        ) from error
    return generator.backward(parse_sample(sample), pixel=place, level=level)
