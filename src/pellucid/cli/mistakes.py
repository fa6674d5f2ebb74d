"""``pellucid mistakes``: what a model gets wrong, which labels may be wrong, and the nearest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.models import load_model_for
from pellucid.cli.progress_bar import CountBar
from pellucid.cli.terminal import print_result, remarks
from pellucid.engines import DEFAULT
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.evaluation.mistakes import Mistakes

PARTS = {
    "train": ("train",),
    "val": ("validation",),
    "test": ("test",),
    "all": ("train", "validation", "test"),
}
"""What --part may be, and which parts each means."""

DEFAULT_PARTS = ("train", "validation")

GENERATORS = "it answers no pictures"


def mistakes(
    model: arguments.ModelName,
    data: Annotated[
        str | None,
        typer.Argument(help=arguments.LAYOUTS, show_default="what the run learned from"),
    ] = None,
    part: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(PARTS),
            help="Which pictures. Those of training are answered by folds: by heads on the "
            "network's features that did not learn from them.",
            show_default="train and val",
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many to list at most: those of which the model was surest, of numbers the "
            "farthest off.",
            show_default="all",
        ),
    ] = None,
    nearest: Annotated[
        int,
        typer.Option(min=0, max=100, help="How many of the nearest training pictures of each."),
    ] = 0,
    suspicious: Annotated[
        bool, typer.Option("--suspicious", help="Only where the label is likely wrong.")
    ] = False,
    undecided: Annotated[
        bool, typer.Option("--undecided", help="Only where --decisions says nothing.")
    ] = False,
    true: Annotated[
        str | None, typer.Option(help="Only pictures that are labelled so.", show_default="any")
    ] = None,
    answered: Annotated[
        str | None, typer.Option(help="Only where this was answered.", show_default="any")
    ] = None,
    body: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAME|FILE|RUN",
            help="The network whose features are used: one that did not learn from these pictures "
            "finds more wrong labels.",
            show_default="the model's own",
        ),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(help="A CSV file to write, which filled in is one of --decisions."),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="A web page to write.")] = None,
    decisions: arguments.DecisionsFile = None,
    max_pixels: arguments.MaxPixelsAsTrained = None,
    max_bytes: arguments.MaxBytes = None,
    path_column: arguments.PathColumn = None,
    label_column: arguments.LabelColumn = None,
    seed: arguments.Seed = 0,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Look at what a model gets wrong, in training pictures, too, where labels may be wrong.

    Sorted by how sure it was, numbers by how far off. Each can be decided on: keep, move, leave out
    (--csv).
    """
    from pellucid.estimators.remembered import remembered_model
    from pellucid.evaluation.find_mistakes import find_mistakes
    from pellucid.training.run_data import run_data

    of = DEFAULT_PARTS if part is None else PARTS[arguments.one_of("part", part, PARTS, "--part")]
    known = run_data(
        model, data=data, decisions=decisions, max_bytes=max_bytes,
        path_column=path_column, label_column=label_column,
    )  # fmt: skip
    classifier = load_model_for(model, engine=engine, max_pixels=max_pixels, instead=GENERATORS)
    console = remarks()
    with CountBar("features", console) as features, CountBar("folds", console) as folds:
        found = find_mistakes(
            classifier, known.data,
            name=printable(model), of=of, reading=known.reading, max_pixels=max_pixels,
            body=None if body is None else remembered_model(body, engine),
            engine=engine, seed=seed, watching=features, folds_watching=folds,
        )  # fmt: skip
        found = found.only(
            true=true, answered=answered, suspicious=suspicious, undecided=undecided
        ).first(top)
        if nearest:
            found = found.with_neighbours(nearest)
    _write(found, csv, html)
    print_result(found, json=json)


def _write(found: Mistakes, csv: Path | None, html: Path | None) -> None:
    from pellucid.files import write_text

    if csv is not None:
        write_text(csv, found.to_csv())
        remarks().print(f"list written to {printable(csv)}: fill in the column decision")
    if html is not None:
        write_text(html, found.to_html())
        remarks().print(f"page written to {printable(html)}")
