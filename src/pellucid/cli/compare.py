"""``pellucid compare``: two models judged by the same pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.models import load_model_for
from pellucid.cli.progress_bar import CountBar
from pellucid.cli.terminal import print_result, remarks
from pellucid.engines import DEFAULT
from pellucid.text import printable

GENERATORS = (
    "two generators answer no picture that both could be asked; judge each: pellucid evaluate "
    "MODEL DATA --judge CLASSIFIER"
)


def compare(
    model_a: arguments.ModelName,
    model_b: Annotated[str, typer.Argument(help="Another, with the same classes.")],
    data: Annotated[
        str,
        typer.Argument(
            help=f"{arguments.LAYOUTS} As for evaluate: what neither model learned from counts."
        ),
    ],
    part: arguments.Part = None,
    changes: Annotated[
        bool,
        typer.Option(
            "--changes",
            help="Picture by picture what B answers otherwise than A: worse, better, or wrong in "
            "another way.",
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="A folder for comparison.html and comparison.csv; with --changes for changes.html "
            "and changes.csv.",
        ),
    ] = None,
    max_pixels: arguments.MaxPixelsAsTrained = None,
    max_bytes: arguments.MaxBytes = None,
    path_column: arguments.PathColumn = None,
    label_column: arguments.LabelColumn = None,
    decisions: arguments.DecisionsFile = None,
    bad: arguments.BadFiles = "quarantine",
    cache: arguments.Cache = True,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Compare two models: what each gets wrong, and whether the difference may be chance."""
    from pellucid.data.reading import Reading
    from pellucid.evaluation import changes as changed
    from pellucid.evaluation import side_by_side
    from pellucid.evaluation.model_comparison import compare_models
    from pellucid.files import try_folder

    written = changed if changes else side_by_side
    if out is not None:
        for name in (written.TABLE, written.PAGE):
            try_folder(out, name)  # before the pictures cost any time
    one, two = (
        load_model_for(model, engine=engine, instead=GENERATORS) for model in (model_a, model_b)
    )
    names = printable(model_a), printable(model_b)
    with CountBar("answers", remarks()) as watching:
        compared = compare_models(
            one, two, data,
            part=part, max_pixels=max_pixels, names=names, watching=watching,
            reading=Reading(
                bad=bad, max_bytes=max_bytes, cache=cache,
                path_column=path_column, label_column=label_column, decisions=decisions,
            ),
        )  # fmt: skip
    for note in compared.notes:
        remarks().print(note)
    remarks().print(f"task: {one.model_.task.title}")
    found = changed.changes_of(compared) if changes else compared
    if out is not None:
        found.write(out)
        remarks().print(
            f"{'changes' if changes else 'comparison'} written to {printable(out / written.PAGE)}"
        )
    print_result(found, json=json)
