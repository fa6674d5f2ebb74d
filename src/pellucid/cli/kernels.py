"""``pellucid kernels``: learned kernels as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.models import load_model_for
from pellucid.cli.outputs import check_output
from pellucid.cli.terminal import print_result, remarks
from pellucid.engines import DEFAULT
from pellucid.text import printable


def kernels(
    model: arguments.ModelName,
    layer: Annotated[
        str | None, typer.Option(help="Which convolution; by default the first.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="How many kernels to draw at most.")] = 32,
    channels: Annotated[int, typer.Option(min=1, help="How many channels of each at most.")] = 16,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A PNG file for the picture.")
    ] = None,
    json: arguments.Json = False,
) -> None:
    """Show the kernels that a model has learned."""
    from pellucid.explain.kernels import learned_kernels

    check_output(out, (".png",), model)
    found = learned_kernels(load_model_for(model, engine=DEFAULT).model_.network, layer)
    if out is not None:
        found.save(out, most=most, channels=channels)
        remarks().print(f"picture written to {printable(out)}")
    print_result(found, json=json, most=most, channels=channels)
