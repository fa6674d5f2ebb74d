"""``pellucid summary``: a network's layers and what they cost."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.architectures import ARCHITECTURES, get_architecture
from pellucid.cli import arguments
from pellucid.cli.networks import is_path
from pellucid.cli.terminal import print_json, results
from pellucid.graph import summarise
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.graph import Summary


def summary(
    network: Annotated[
        str, typer.Argument(help=f"{', '.join(ARCHITECTURES)}; or a model file or a run's folder.")
    ],
    input: Annotated[str, typer.Option(help="HEIGHTxWIDTHxCHANNELS, for an architecture.")] =  # noqa: A002
    "28x28x1",
    classes: Annotated[int, typer.Option(min=2, help="Classes, for an architecture.")] = 10,
    json: arguments.Json = False,
) -> None:
    """Show layers, output shapes, parameters, multiply-adds and receptive fields."""
    shape = arguments.input_shape(input)

    if is_path(network):
        from pellucid.estimators.classifier import ImageClassifier

        table = ImageClassifier.load(network).summary()
    else:
        table = summarise(get_architecture(network)(classes).graph(shape))
    if json:
        print_json(
            {
                "input_shape": table.input_shape,
                "layers": [asdict(row) for row in table.rows],
                "parameters": table.parameters,
                "multiply_adds": table.multiply_adds,
            }
        )
        return
    print_summary(table)


def print_summary(summary: Summary) -> None:
    """Print a summary as a table."""
    from rich.table import Table
    from rich.text import Text

    from pellucid.ops.operation import describe

    table = Table("layer", "operation")
    for name in ("output", "parameters", "multiply-adds", "sees"):
        table.add_column(name, justify="right")
    table.add_row("input", "", describe(summary.input_shape), "", "", "")
    for row in summary.rows:
        table.add_row(
            Text(printable(row.layer)),
            row.kind,
            describe(row.output_shape),
            f"{row.parameters:,}" if row.parameters else "",
            f"{row.multiply_adds:,}" if row.multiply_adds else "",
            describe(row.receptive_field),
        )
    table.add_section()
    table.add_row("total", "", "", f"{summary.parameters:,}", f"{summary.multiply_adds:,}", "")
    console = results()
    console.print(table)
    console.print("output: rows×columns×channels")
    console.print("sees: the receptive field, rows×columns in pixels of the input")
