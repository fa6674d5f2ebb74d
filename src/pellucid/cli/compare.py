"""``pellucid compare``: two models judged by the same pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.terminal import print_json, remarks, results
from pellucid.engines import DEFAULT
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from rich.console import Console

    from pellucid.evaluation.model_comparison import ModelComparison

MOST_PRINTED = 10
"""How many of the pictures on which the models disagree are printed."""


def compare(
    model_a: Annotated[Path, typer.Argument(help="A model file or a run's folder.")],
    model_b: Annotated[Path, typer.Argument(help="Another, with the same classes.")],
    data: Annotated[
        str,
        typer.Argument(
            help=f"{arguments.LAYOUTS} As for evaluate: what neither model learned from counts."
        ),
    ],
    part: arguments.Part = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A folder for comparison.html and comparison.csv."),
    ] = None,
    max_pixels: arguments.MaxPixelsAsTrained = None,
    max_bytes: arguments.MaxBytes = None,
    path_column: arguments.PathColumn = None,
    label_column: arguments.LabelColumn = None,
    bad: arguments.BadFiles = "quarantine",
    cache: arguments.Cache = True,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Compare two models: who errs where, by which judge, and whether it may be chance."""
    from pellucid.estimators.classifier import ImageClassifier
    from pellucid.evaluation.model_comparison import PAGE, TABLE, compare_models
    from pellucid.files import try_folder

    if out is not None:
        for name in (TABLE, PAGE):
            try_folder(out, name)  # before the pictures cost any time
    one, two = (ImageClassifier.load(model, engine=engine) for model in (model_a, model_b))
    names = printable(model_a), printable(model_b)
    found = compare_models(
        one, two, data,
        part=part, max_pixels=max_pixels, max_bytes=max_bytes, bad=bad, cache=cache, names=names,
        path_column=path_column, label_column=label_column,
    )  # fmt: skip
    for note in found.notes:
        remarks().print(note)
    if out is not None:
        found.write(out)
        remarks().print(f"comparison written to {printable(out / PAGE)}")
    if json:
        print_json(found.to_dict())
    else:
        _print(results(), found)


def _print(console: Console, found: ModelComparison) -> None:
    from rich.table import Table

    from pellucid.evaluation.pages.comparison import in_letters, judges, verdict

    numbers, pictures = found.numbers, found.pictures
    console.print(f"{printable(pictures.name)}: {counted(len(numbers), 'picture')}")
    console.print(f"A: {found.names[0]}\nB: {found.names[1]}")
    table = Table("")
    table.add_column("A", justify="right")
    table.add_column("B", justify="right")
    for row in judges(numbers):
        table.add_row(*row)
    console.print(table)
    for words, count in numbers.groups().items():
        console.print(f"{in_letters(words):12} {count}")
    for line in verdict(numbers):
        console.print(line)
    every = numbers.disagree.tolist()
    for i in every[:MOST_PRINTED]:
        guesses = ", ".join(
            f"{letter}: {printable(pictures.classes[answers.predicted[i]])} "
            f"({answers.confidence[i]:.1%})"
            for letter, answers in (("A", numbers.first), ("B", numbers.second))
        )
        true = printable(pictures.classes[numbers.labels[i]])
        console.print(f"they disagree: {printable(pictures.picture_name(i))} is {true}; {guesses}")
    if len(every) > MOST_PRINTED:
        console.print(f"and {len(every) - MOST_PRINTED} more (--json or --out lists them all)")
