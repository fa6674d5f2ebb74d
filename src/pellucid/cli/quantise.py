"""``pellucid quantise``: a model with whole numbers or bfloat16, and what that costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pellucid.cli import arguments, option_values
from pellucid.cli.models import load_model_for
from pellucid.cli.outputs import check_output
from pellucid.cli.terminal import print_json, print_result, remarks, results
from pellucid.engines import DEFAULT
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from pellucid.data import Dataset
    from pellucid.data.reading import Reading
    from pellucid.estimators import AnyEstimator

Narrow = Literal["int8", "bfloat16"]

GENERATORS = "only models that answer pictures are quantised"


def quantise(
    model: arguments.ModelName,
    data: Annotated[
        str,
        typer.Argument(
            help=f"{arguments.LAYOUTS} Scales are found from pictures that the model learned from; "
            "it is judged by those that it was validated by."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A model file (.safetensors) for the quantised model."),
    ] = None,
    to: Annotated[
        Narrow,
        typer.Option(
            help="Whole numbers of 8 bits, or bfloat16, which needs no scales, in the layers that "
            "get faster by it.",
            **arguments.chosen("type of number", Narrow),
        ),
    ] = "int8",
    pictures: Annotated[
        int,
        typer.Option(
            min=1, max=100_000, help="How many pictures scales of int8 are found from, at most."
        ),
    ] = 500,
    part: Annotated[
        str | None,
        typer.Option(
            callback=option_values.part,
            metavar="test|val",
            help="Which pictures to judge by.",
            show_default="val, or else test",
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
    """Make a model compute with narrower numbers, and report what accuracy that costs.

    MODEL itself stays as it is.
    """
    from pellucid.data.reading import Reading
    from pellucid.evaluation.edit_effect import DataEffect, data_effect, task_effect
    from pellucid.files.held_out import learned_pictures
    from pellucid.quantisation import weight_bytes

    if out is not None:
        check_output(out, (".safetensors",), model)
    before = load_model_for(model, engine=engine, max_pixels=max_pixels, instead=GENERATORS)
    reading = Reading(
        bad=bad, max_bytes=max_bytes, cache=cache,
        path_column=path_column, label_column=label_column, decisions=decisions,
    )  # fmt: skip
    if to == "bfloat16":
        after = before.in_bfloat16()
    else:
        learned = learned_pictures(data, before.model_, reading, max_pixels=max_pixels)
        after = before.quantised(learned, most=pictures)
    found = after.model_.provenance["quantised"]
    judges, notes = _held_out(data, before, reading, part, max_pixels)
    for note in notes:
        remarks().print(note)
    judge = data_effect if before.model_.task.of_one_class else task_effect
    effect = judge(before, after, judges)
    sizes = [weight_bytes(each.model_.network) for each in (before, after)]
    if out is not None:
        after.save(out)
        remarks().print(f"quantised model written to {printable(out)}")
    if json:
        print_json(
            {
                "schema": 1,
                "quantised": found,
                "weight_bytes": sizes,
                "part": judges.name,
                "data": effect.to_dict(),
            }
        )
        return
    print_result(effect, json=False)
    console = results()
    layers = counted(len(found["layers"]), "layer")
    done = (
        f"{layers} in bfloat16"
        if to == "bfloat16"
        else f"{layers} quantised, scales from {counted(found['pictures'], 'picture')}"
    )
    console.print(f"{done}; weights {sizes[0]:,} → {sizes[1]:,} bytes")
    for name, reason in found["left"].items():
        console.print(f"{printable(name)} computes with float32: {reason}")
    if isinstance(effect, DataEffect):
        first, second = effect.numbers.first.accuracy, effect.numbers.second.accuracy
        console.print(
            f"accuracy {100 * first:.2f} % → {100 * second:.2f} %: "
            f"{100 * (first - second):.2f} points lost on {counted(len(judges), 'picture')}"
        )


def _held_out(
    data: str,
    before: AnyEstimator,
    reading: Reading,
    part: str | None,
    max_pixels: int | None,
) -> tuple[Dataset, list[str]]:
    """The pictures to judge by: the validation part where none is asked for and there is one."""
    from pellucid.data.read_part import MissingPartError
    from pellucid.files.held_out import held_out

    def read(which: str | None) -> tuple[Dataset, list[str]]:
        return held_out(data, before.model_, part=which, max_pixels=max_pixels, reading=reading)

    try:
        return read(part or "val")
    except MissingPartError:
        if part is not None:
            raise
        return read(None)
