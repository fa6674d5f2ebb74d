"""``pellucid trace``: every number between a picture and the answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.models import load_classifier
from pellucid.cli.outputs import check_output
from pellucid.cli.picture import PictureName, find_picture
from pellucid.cli.resize_note import print_resize_note
from pellucid.cli.terminal import print_json, remarks, results
from pellucid.engines import DEFAULT
from pellucid.text import printable

if TYPE_CHECKING:
    from rich.console import Console

    from pellucid.explain.trace import Trace
    from pellucid.explain.value_terms import ValueTerms

MOST_TERMS = 12
"""How many of a value's terms are printed, the largest by size."""

AllTerms = Annotated[bool, typer.Option("--all", help="Print all terms, not only the largest.")]
At = Annotated[
    str | None, typer.Option(help="Row,column,channel, or unit; from 0. 3,7,5 for instance.")
]


def trace(
    model: arguments.ModelPath,
    image: PictureName,
    layer: Annotated[
        str | None, typer.Option(help="Open one value of this layer into its terms.")
    ] = None,
    at: At = None,
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
    """Show what every layer makes of a picture, or open one value into all its terms."""
    from pellucid.explain.written import TRACE_ENDINGS, VALUE_ENDINGS, write_trace

    place = position(at)
    check_output(out, TRACE_ENDINGS if place is None else VALUE_ENDINGS, model, Path(image))
    if (layer is None) != (place is None):
        raise typer.BadParameter("--layer and --at belong together: give both", param_hint="--at")
    classifier = load_classifier(
        model, engine=engine, classes=classes, max_pixels=max_pixels, invert=invert
    )
    picture = find_picture(image, classifier.model_, classifier.max_pixels, max_bytes)
    traced = classifier.trace(picture)
    seen = print_resize_note(picture, classifier.model_, classifier.max_pixels)
    opened = None if layer is None or place is None else traced.value(layer, place)
    if out is not None:
        write_trace(out, traced, opened)
        remarks().print(f"written to {printable(out)}")
    if json:
        record = traced.to_dict(values=False) if opened is None else opened.to_dict()
        print_json({**record, "looked_at": seen.to_dict()})
    elif opened is not None:
        print_opened(results(), opened, MOST_TERMS if not all_terms else len(opened))
    else:
        print_trace(results(), traced)


def position(at: str | None) -> tuple[int, ...] | None:
    """``3,7,5`` as numbers."""
    if at is None:
        return None
    try:
        return tuple(int(part) for part in at.split(","))
    except ValueError as error:
        raise typer.BadParameter(
            f"{printable(at)!r} is not a position such as 3,7,5", param_hint="--at"
        ) from error


def print_trace(console: Console, trace: Trace) -> None:
    """Print the steps with their shapes and ranges, and the guesses."""
    from rich.table import Table
    from rich.text import Text

    from pellucid.explain.pages.numbers import figure, percent
    from pellucid.ops.operation import describe

    table = Table("step", "layer")
    for name in ("output", "lowest", "highest"):
        table.add_column(name, justify="right")
    for step in trace.steps:
        table.add_row(
            Text(step.title),
            Text(printable(step.name)),
            describe(step.shape),
            figure(step.lowest),
            figure(step.highest),
        )
    console.print(table)
    shares = [percent(guess.probability) for guess in trace.guesses()]
    width = max(7, *map(len, shares))
    for share, guess in zip(shares, trace.guesses(), strict=True):
        console.print(f"{share:>{width}}  {printable(guess.name)}")


def print_opened(console: Console, opened: ValueTerms, count: int) -> None:
    """Print an opened value: what made it, term by term, and what became of it."""
    from rich.table import Table
    from rich.text import Text

    from pellucid.explain.pages.numbers import (
        compared,
        detail_lines,
        figure,
        place,
        rule_in_words,
        use_lines,
    )

    terms = opened.terms
    console.print(f"{printable(opened.layer)} at {place(opened.at)} = {figure(opened.value)}")
    console.print(f"{opened.kind}: {rule_in_words(opened)}")
    for line in detail_lines(opened):
        console.print(line)
    table = Table("reads", "at")
    weighted = terms.rule in ("sum", "maximum")
    for name in (
        "value",
        *(("× factor",) if weighted else ()),
        "= product" if weighted else "makes",
    ):
        table.add_column(name, justify="right")
    for i in opened.largest(count):
        layer, at = opened.source(i)
        factor = (figure(terms.factors[i]),) if weighted else ()
        table.add_row(
            Text(printable(layer)),
            place(at),
            figure(terms.values[i]),
            *factor,
            figure(terms.products[i]),
        )
    console.print(table)
    if count < len(opened):
        console.print(f"and {len(opened) - count} smaller terms (--all prints them all)")
    total, engine, difference = compared(terms.total, opened.value)
    console.print(f"added up {total}, by the engine {engine}, difference {difference}")
    for line in use_lines(opened):
        console.print(f"then {printable(line)}")
