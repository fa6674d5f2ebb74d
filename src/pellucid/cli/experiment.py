"""``pellucid experiment``: three ready experiments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.terminal import print_json, remarks, results
from pellucid.data.names import shown

if TYPE_CHECKING:
    from rich.console import Console

    from pellucid.experiments.experiment import Outcome, Run

NAMES = ("pooling", "relu", "initialisation")

PLOT, TABLE, RECORD = "plot.png", "runs.csv", "outcome.json"


def experiment(
    name: Annotated[str, typer.Argument(help=f"{', '.join(NAMES)}.", show_default=False)],
    data: Annotated[str, typer.Argument(help=arguments.LAYOUTS)] = "mnist",
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="How often every picture is seen.", show_default="3 or 4"),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=50, help="How often each is trained.")] = 3,
    out: Annotated[
        Path | None, typer.Option(help=f"A folder for {PLOT}, {TABLE} and {RECORD}.")
    ] = None,
    json: arguments.Json = False,
) -> None:
    """Why pooling, why ReLU, why this initialisation: networks that differ in one thing.

    All are trained alike, several times, on at most 6000 pictures, and judged by 2000 others.
    """
    if name not in NAMES:
        raise typer.BadParameter(f"{shown(name)!r} is none of {', '.join(NAMES)}")

    from pellucid import data as data_package
    from pellucid.experiments import EXPERIMENTS, run
    from pellucid.experiments.experiment import part_to_judge_by
    from pellucid.explain.pictures import png
    from pellucid.files import try_folder, write_file
    from pellucid.files.atomic import write_text
    from pellucid.files.folders import make_folder

    console = remarks()
    if out is not None:
        try_folder(out, RECORD)
        if any((out / each).exists() for each in (PLOT, TABLE, RECORD)):
            raise typer.BadParameter(
                f"{shown(out)} holds an experiment already; name another folder",
                param_hint="--out",
            )
    splits = data_package.load(data)
    for note in splits.notes:
        console.print(note)
    judged = part_to_judge_by(splits)
    chosen = EXPERIMENTS[name]
    console.print(chosen.question)

    def told(done: Run) -> None:
        words = "diverged" if done.diverged else f"{done.accuracy:.2%}"
        console.print(f"  {done.variant}, seed {done.seed}: {words}")

    outcome = run(chosen, splits.train, judged, epochs=epochs, seeds=seeds, progress=told)
    if json:
        print_json(outcome.to_dict())
    else:
        _print(results(), outcome)
    if out is not None:
        import json as json_package

        place = make_folder(out)
        write_file(place / PLOT, png(outcome.plot()))
        write_text(place / TABLE, outcome.to_csv())
        write_text(place / RECORD, json_package.dumps(outcome.to_dict(), indent=1) + "\n")
        console.print(f"written to {shown(out)}")


def _print(console: Console, outcome: Outcome) -> None:
    from rich.table import Table

    table = Table("")
    for heading in ("accuracy (median)", "least", "largest", "loss"):
        table.add_column(heading, justify="right")
    for row in outcome.table:
        table.add_row(
            row["variant"],
            f"{row['accuracy']:.2%}",
            f"{row['least']:.2%}",
            f"{row['largest']:.2%}",
            "diverged" if row["loss"] is None else f"{row['loss']:.4f}",
        )
    console.print(table)
    for name, found in outcome.spreads.items():
        for which, words in (("forward", "outputs"), ("backward", "kernel gradients")):
            first, last = found[which][0], found[which][-1]
            console.print(
                f"{name}, before training: standard deviation of {words} from {first:.3g} in the "
                f"first layer to {last:.3g} in the last"
            )
    console.print(outcome.verdict)
    console.print(outcome.experiment.caution)
    console.print(f"source: {outcome.experiment.source}")
