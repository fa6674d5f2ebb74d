"""``pellucid trace``: every number between a picture and the answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli import arguments, caption_arguments
from pellucid.cli.models import load_model_for
from pellucid.cli.outputs import check_output
from pellucid.cli.picture import OptionalPictureName, find_picture, place_of
from pellucid.cli.resize_note import print_resize_note
from pellucid.cli.sample import SampleName, check_sample, load_generator, parse_sample
from pellucid.cli.terminal import print_result, remarks
from pellucid.engines import DEFAULT
from pellucid.text import printable, quoted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pellucid.cli.resize_note import ResizeNote
    from pellucid.estimators.opened import OpenEstimator
    from pellucid.explain.backward import Backward, GradientTerms
    from pellucid.explain.caption_trace import CaptionTrace
    from pellucid.explain.place import Place
    from pellucid.explain.trace import Trace
    from pellucid.explain.value_terms import ValueTerms

AllTerms = Annotated[bool, typer.Option("--all", help="Print all terms, not only the largest.")]
At = Annotated[
    str | None, typer.Option(help="Row,column,channel, or unit; from 0. 3,7,5 for instance.")
]


def trace(
    model: arguments.ModelName,
    image: OptionalPictureName = None,
    layer: Annotated[
        str | None, typer.Option(help="Open one value of this layer into its terms.")
    ] = None,
    at: At = None,
    box: arguments.Box = None,
    number: arguments.BoxNumber = None,
    place: arguments.BoxPlace = None,
    sample: SampleName = None,
    score: Annotated[
        bool, typer.Option("--score", help="Of a sample: on to the discriminator's score of it.")
    ] = False,
    word: caption_arguments.Word = None,
    beam: caption_arguments.Beam = None,
    second: caption_arguments.Second = None,
    all_terms: AllTerms = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write it to this .html, .json, .png or .xlsx."),
    ] = None,
    max_pixels: arguments.MaxPixelsAsTrained = None,
    max_bytes: arguments.MaxBytes = None,
    classes: arguments.ClassNames = None,
    invert: arguments.Invert = False,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Show what every layer makes of a picture, or open one value into all its terms.

    Of a generator --sample says which of its pictures is opened, from the noise it is made of. Of a
    captioner it is the caption, word by word; --word opens one.
    """
    from pellucid.explain.caption_trace import CaptionTrace
    from pellucid.explain.trace import Trace
    from pellucid.explain.value_terms import ValueTerms

    asked, spot = position(at), None if place is None else place_of(place)
    of_box = box is not None or number is not None
    opens = asked is not None or of_box or spot is not None or second is not None
    of_pictures = {
        "--word": word, "--second": second, "--beam": beam, "--classes": classes,
        "--invert": invert or None,
    }  # fmt: skip
    check_sample(sample, image, {"--score": score}, of_pictures)
    check_output(out, (ValueTerms if opens else Trace).endings, model, *filter(None, [image]))
    others = of_box or layer is not None or asked is not None or second is not None
    if spot is not None and others:
        raise typer.BadParameter(
            "a place is a question of its own; leave out --layer, --at, --box, --number and "
            "--second",
            param_hint="--place",
        )
    if of_box and (layer is not None or asked is not None):
        raise typer.BadParameter(
            "a box says which value is opened; leave out --layer and --at", param_hint="--box"
        )
    if (layer is None) != (asked is None):
        raise typer.BadParameter("--layer and --at belong together: give both", param_hint="--at")
    shown_whole = not opens or (out is not None and out.suffix.lower() == ".html")
    seen = None
    traced: Trace | CaptionTrace
    if sample is not None:
        of = parse_sample(sample)
        traced = load_generator(model, engine=engine).trace(of, score=score, whole=shown_whole)
    else:
        classifier = load_model_for(
            model, engine=engine, classes=classes, max_pixels=max_pixels, invert=invert
        )
        if beam is not None:
            classifier = classifier.with_beam(beam)
        picture = find_picture(image or "", classifier.model_, classifier.max_pixels, max_bytes)
        traced = _of_picture(classifier, picture, word, opens=opens, whole=shown_whole)
        seen = print_resize_note(picture, classifier.model_, classifier.max_pixels)
    if isinstance(traced, CaptionTrace):
        check_output(out, CaptionTrace.endings)
        finish(traced, None, seen, image or "", out, json=json, full=all_terms)
        return
    if spot is not None:
        _finish_place(traced.place(*spot), image or "", out, json=json)
        return
    opened = None if layer is None or asked is None else traced.value(layer, asked)
    if of_box:
        opened = traced.box(None if box is None else box - 1, number)
    heard = traced.activations.model.task.of_steps  # else the trace is that of a caption's word
    if second is not None or (word is not None and heard):
        if opened is not None:
            raise typer.BadParameter(
                "a word says which value is opened; leave out --layer, --at, --box and --number",
                param_hint="--second" if word is None else "--word",
            )
        opened = traced.word(None if word is None else word - 1, second)
    called = f"{image}, word {word}" if word is not None and not heard else image or ""
    finish(traced, opened, seen, called, out, json=json, full=all_terms)


def _finish_place(found: Place, name: str, out: Path | None, *, json: bool) -> None:
    """Write and print what may be at a place."""
    if out is not None:
        found.save(out, picture=name)
        remarks().print(f"written to {printable(out)}")
    print_result(found, json=json, picture=name)


def _of_picture(
    classifier: OpenEstimator,
    picture: Path | NDArray[np.uint8],
    word: int | None,
    *,
    opens: bool,
    whole: bool,
) -> Trace | CaptionTrace:
    """The trace of a picture, of a caption, or of one word of it."""
    from pellucid.estimators.opened_captions import OpenCaptioner

    if not isinstance(classifier, OpenCaptioner):
        if word is not None and not classifier.model_.task.of_steps:
            raise typer.BadParameter(
                f"the model is for {classifier.model_.task.title} and writes no words; leave it "
                "out",
                param_hint="--word",
            )
        return classifier.trace(picture, whole=whole)
    traced = classifier.trace(picture)
    if word is not None:
        return traced.word(word - 1, whole=whole)
    if opens:
        raise typer.BadParameter(
            "values of a captioner are those behind some words; say which word they are for",
            param_hint="--word",
        )
    return traced


def finish(
    whole: Trace | Backward | CaptionTrace,
    opened: ValueTerms | GradientTerms | None,
    seen: ResizeNote | None,
    name: str,
    out: Path | None,
    *,
    json: bool,
    full: bool,
) -> None:
    """Write and print it; a page is of all, with what was opened first, all else of that alone."""
    if out is not None:
        if opened is None or out.suffix.lower() == ".html":
            whole.save(out, picture=name, opened=opened)
        else:
            opened.save(out)
        remarks().print(f"written to {printable(out)}")

    def values() -> dict[str, Any]:
        found = whole.to_dict(values=False) if opened is None else opened.to_dict()
        return found if seen is None else {**found, "looked_at": seen.to_dict()}

    if opened is None:
        print_result(whole, json=json, full=full, values=values, picture=name)
    else:
        print_result(opened, json=json, full=full, values=values)


def position(at: str | None, option: str = "--at") -> tuple[int, ...] | None:
    """``3,7,5`` as numbers."""
    if at is None:
        return None
    try:
        return tuple(int(part) for part in at.split(","))
    except ValueError as error:
        raise typer.BadParameter(
            f"{quoted(at)} is not a position such as 3,7,5", param_hint=option
        ) from error
