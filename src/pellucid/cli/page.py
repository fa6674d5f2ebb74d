"""``pellucid page``: a trained network as one web page that computes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli import arguments
from pellucid.cli.models import load_any_for
from pellucid.cli.outputs import check_output
from pellucid.cli.own_data import learned_by, learned_from
from pellucid.cli.progress_bar import CountBar
from pellucid.cli.terminal import remarks, results
from pellucid.engines import DEFAULT
from pellucid.errors import ArgumentError, DataError
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.page import Page
    from pellucid.page.page import Language

LANGUAGES = ("en", "ko")

PICTURES = (
    f"Data, {arguments.LAYOUTS} Or pictures: a file; a folder; a pattern ('new/*.jpg'); "
    "mnist:test:449."
)


def page(
    model: arguments.ModelName,
    pictures: Annotated[
        list[str] | None,
        typer.Argument(
            help="What the page brings along, and learns from. " + PICTURES,
            show_default="the data that a run learned from",
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="The page, an .html file.")] = Path(
        "net.html"
    ),
    samples: Annotated[
        int, typer.Option(min=1, max=200, help="Pictures that the page brings along, at most.")
    ] = 12,
    learn: Annotated[
        bool | None,
        typer.Option(
            "--learn/--no-learn",
            help="Whether the network can be trained in the page, on up to 5000 pictures.",
            show_default="where pictures are small",
        ),
    ] = None,
    title: Annotated[
        str, typer.Option(help="What the page is called.", show_default="the model's name")
    ] = "",
    language: Annotated[str, typer.Option(help="Language of its texts at first: en or ko.")] = "en",
    allow_large: Annotated[
        bool, typer.Option("--allow-large", help="Take more than 60 MB of weights.")
    ] = False,
    replay: Annotated[
        bool,
        typer.Option(
            "--replay", help="Show the run's training again, epoch by epoch; MODEL is its folder."
        ),
    ] = False,
    decisions: arguments.DecisionsFile = None,
    max_pixels: arguments.MaxPixelsAsTrained = None,
    classes: arguments.ClassNames = None,
) -> None:
    """Write the network as one web page that computes, offline, in any browser.

    A generator's makes new pictures, and opens each of their pixels.
    """
    from pellucid.estimators import ImageGenerator
    from pellucid.interop.models import place_of

    named = pictures or []
    check_output(out, (".html",), model, *named)
    chosen: Language = "ko" if arguments.one_of("language", language, LANGUAGES) == "ko" else "en"
    estimator = load_any_for(model, engine=DEFAULT, classes=classes, max_pixels=max_pixels)
    with CountBar("compiling", remarks()) as progress:
        settings: dict[str, Any] = {
            "samples": samples,
            "title": title or printable(Path(model).name),
            "allow_large": allow_large,
            "language": chosen,
            "progress": progress,
        }
        if replay:
            if learn:
                raise ArgumentError(
                    "a page shows a training again, or learns itself; leave out --replay or --learn"
                )
            settings["replay"] = _run_of(model, place_of(model))
        if isinstance(estimator, ImageGenerator):
            if named or learn or decisions is not None:
                raise DataError(
                    f"{printable(model)}: a generator's page makes its pictures of noise, and "
                    "learns nothing; leave the pictures, --learn and --decisions out"
                )
            made = estimator.page(**settings)
        else:
            write: Callable[..., Page] = partial(estimator.page, learn=learn, **settings)
            place = place_of(model)
            own = None if named else learned_from(place)
            if own is not None:
                made = _written_of(own, partial(write, decisions=decisions or learned_by(place)))
            else:
                given = named[0] if len(named) == 1 else named or None
                made = write(given, decisions=decisions)
    for note in made.notes:
        remarks().print(note)
    made.save(out)
    results().print(f"page written to {printable(out)} ({out.stat().st_size / 1e6:.1f} MB)")


def _written_of(data: str, write: Callable[..., Page]) -> Page:
    """The page of a run, with the data that it learned from if these are still there."""
    try:
        made = write(data)
    except DataError as error:
        remarks().print(f"the data that the run learned from cannot be used: {error}")
        return write(None)
    remarks().print(f"pictures: the data that the run learned from, {printable(data)}")
    return made


def _run_of(model: str, place: Path | None) -> Path:
    """The run whose training is shown again.

    Raises:
        DataError: If the model is no run's folder.
    """
    if place is None or not place.is_dir():
        raise DataError(
            f"{printable(model)}: is no folder of a run, and so has no training to be shown again; "
            "give the folder, or leave --replay out"
        )
    return place
