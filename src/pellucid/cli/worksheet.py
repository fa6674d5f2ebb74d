"""``pellucid worksheet``: printable exercises with a network's own numbers, and their key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.models import load_model_for
from pellucid.cli.outputs import check_output
from pellucid.cli.own_data import learned_from
from pellucid.cli.picture import HELP, find_labelled
from pellucid.cli.terminal import print_result, remarks
from pellucid.engines import DEFAULT
from pellucid.errors import ArgumentError, DataError
from pellucid.text import printable
from pellucid.worksheets.topics import MOST_EACH, TOPICS

if TYPE_CHECKING:
    from pellucid.estimators.opened import OpenEstimator

LANGUAGES = ("en", "ko")


def worksheet(
    model: arguments.ModelName,
    image: Annotated[
        str | None,
        typer.Argument(
            help=HELP,
            show_default="one of the run's own data that the network is not quite sure of",
        ),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            help="What is right: a class; labels, 'cat;pet'; or numbers, 3.2.",
            show_default="the data set's, or else the network's own answer",
        ),
    ] = None,
    topic: Annotated[
        list[str] | None,
        typer.Option(
            help=f"{', '.join(TOPICS)}. Can be given several times.",
            show_default="all that the network has",
            autocompletion=arguments.completed(TOPICS),
        ),
    ] = None,
    each: Annotated[
        int, typer.Option(min=1, max=MOST_EACH, help="Exercises of each topic, at most.")
    ] = 1,
    seed: Annotated[
        int,
        typer.Option(
            min=0, max=2**32 - 1, help="Seed that chooses the places; another gives another sheet."
        ),
    ] = 0,
    digits: Annotated[
        int, typer.Option(min=2, max=4, help="Digits of the largest number in each table.")
    ] = 2,
    language: Annotated[
        str, typer.Option(help="Language of the sheet and its key: en or ko.")
    ] = "en",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the sheet to this .html or .json.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="Write the key to this .html, and beside it to a .csv that grade takes."),
    ] = None,
    form: Annotated[
        Path | None, typer.Option(help="Write a table for the answers of a class to this .csv.")
    ] = None,
    max_pixels: arguments.MaxPixelsAsTrained = None,
    max_bytes: arguments.MaxBytes = None,
    classes: arguments.ClassNames = None,
    invert: arguments.Invert = False,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Make a sheet of exercises with this network's own numbers, to be printed; and its key.

    In the lecture's order: pixels, convolution, ReLU, pooling, flattening, full connection,
    softmax, cross-entropy, and what one weight learns.
    """
    from pellucid.files.atomic import write_text
    from pellucid.worksheets.key import form_text, write_key
    from pellucid.worksheets.sheet import Worksheet
    from pellucid.worksheets.sheet import worksheet as make

    chosen = arguments.one_of("language", language, LANGUAGES)
    topics = [arguments.one_of("topic", each_, TOPICS, "--topic") for each_ in topic or ()]
    read = [model, *filter(None, [image])]
    check_output(out, Worksheet.endings, *read)
    check_output(key, (".html", ".csv"), *read)
    table = None if key is None else key.with_suffix(".csv")
    check_output(table, (".csv",), *read)
    check_output(form, (".csv",), *read)
    places = [out, key, form, None if table == key else table]
    given = [path.resolve() for path in places if path is not None]
    if len(set(given)) < len(given):
        raise ArgumentError("--out, --key and --form write different files: give each its own name")
    estimator = load_model_for(
        model, engine=engine, classes=classes, max_pixels=max_pixels, invert=invert,
        instead="a worksheet needs a network that looks at pictures; give one",
    )  # fmt: skip
    name = image or _chosen(estimator, model, seed, max_bytes)
    picture, known = find_labelled(name, estimator.model_, estimator.max_pixels, max_bytes)
    task = estimator.model_.task
    right = label
    if label is None and (not task.of_one_class or known in task.names):
        right = known
    called = Path(name).name if isinstance(picture, Path) else name
    sheet = make(
        estimator, picture, right, topics=topics, each=each, seed=seed, digits=digits,
        called=printable(called),
    )  # fmt: skip
    if sheet.settled:
        remarks().print(
            "the network is nearly certain of this picture, so gradients are nearly 0: leave the "
            "picture out, or give one that it is less sure of"
        )
    if out is not None:
        sheet.save(out, **({"language": chosen} if out.suffix.lower() == ".html" else {}))
    if key is not None and table is not None:
        if key != table:
            sheet.save(key, language=chosen, key=True)
        write_key(sheet, table, chosen)
    if form is not None:
        write_text(form, "\ufeff" + form_text(sheet))  # without the mark Excel takes it for ANSI
    written = [path for path in dict.fromkeys((out, key, table, form)) if path is not None]
    if written:
        files = ", ".join(printable(path) for path in written)
        remarks().print(f"sheet {sheet.digest} written to {files}")
    if out is None or json:
        print_result(sheet, json=json, language=chosen)


def _chosen(estimator: OpenEstimator, model: str, seed: int, max_bytes: int | None) -> str:
    """A picture of the data that a run learned from, whose name is printed."""
    from pellucid.interop.models import place_of
    from pellucid.worksheets.picture import telling_picture

    data = learned_from(place_of(model))
    if data is None:
        raise DataError(
            f"{printable(model)}: does not say which data it learned from; name a picture: "
            f"pellucid worksheet {printable(model)} PICTURE"
        )
    found = telling_picture(estimator, data, seed, max_bytes)
    remarks().print(f"picture: {printable(found)}")
    return found
