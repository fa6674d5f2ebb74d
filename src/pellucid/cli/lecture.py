"""``pellucid lecture``: the lecture's worked numbers, or its story on your own network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.models import load_model_for
from pellucid.cli.outputs import check_output
from pellucid.cli.picture import OptionalPictureName, find_labelled
from pellucid.cli.resize_note import print_resize_note
from pellucid.cli.terminal import print_result, remarks
from pellucid.engines import DEFAULT
from pellucid.errors import ArgumentError
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.record import Record


def lecture(
    model: Annotated[
        str | None, typer.Argument(help=f"{arguments.MODELS}; none: the slides' own.")
    ] = None,
    image: OptionalPictureName = None,
    label: Annotated[
        str | None,
        typer.Option(
            help="What is right: a class; labels, 'cat;pet'; or numbers, 3.2.",
            show_default="the data set's, or else the network's own answer",
        ),
    ] = None,
    max_pixels: arguments.MaxPixelsAsTrained = None,
    max_bytes: arguments.MaxBytes = None,
    classes: arguments.ClassNames = None,
    invert: arguments.Invert = False,
    engine: arguments.EngineName = DEFAULT,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write it to this .html or .json; a story to a .png too."),
    ] = None,
    json: arguments.Json = False,
) -> None:
    """Compute every worked number of the lecture, or tell its story of a picture in a model."""
    if model is None:
        if label is not None:
            raise ArgumentError(
                "--label belongs to a model and a picture: pellucid lecture MODEL IMAGE --label "
                "CLASS"
            )
        from pellucid.explain.lecture import Lecture
        from pellucid.explain.lecture import lecture as compute

        check_output(out, Lecture.endings)
        numbers = compute()
        _save(out, numbers)
        print_result(numbers, json=json)
        return
    if image is None:
        raise ArgumentError(
            "a model needs a picture to tell a story of: pellucid lecture MODEL IMAGE; without "
            "both, the lecture's own numbers are printed"
        )
    from pellucid.explain.story import Story, story

    check_output(out, Story.endings, model, Path(image))
    classifier = load_model_for(
        model,
        engine=engine,
        classes=classes,
        max_pixels=max_pixels,
        invert=invert,
    )
    picture, known = find_labelled(image, classifier.model_, classifier.max_pixels, max_bytes)
    task = classifier.model_.task
    if label is None and (not task.of_one_class or known in task.names):
        label = known
    described = story(classifier, picture, label)
    seen = print_resize_note(picture, classifier.model_, classifier.max_pixels)
    _save(out, described, picture=image)
    print_result(
        described,
        json=json,
        values=lambda: {**described.to_dict(), "looked_at": seen.to_dict()},
        picture=image,
    )


def _save(out: Path | None, record: Record, **options: str) -> None:
    if out is not None:
        record.save(out, **options)
        remarks().print(f"written to {printable(out)}")
