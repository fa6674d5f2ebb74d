"""``pellucid summary``: a network's layers and what they cost."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.architectures import ARCHITECTURES, get_architecture
from pellucid.cli import arguments
from pellucid.cli.networks import is_path
from pellucid.cli.terminal import print_result
from pellucid.graph import summarise


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
        from pellucid.estimators import load_estimator

        table = load_estimator(network).summary()
    else:
        table = summarise(get_architecture(network)(classes).graph(shape))
    print_result(table, json=json)
