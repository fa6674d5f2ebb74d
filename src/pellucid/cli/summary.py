"""``pellucid summary``: a network's layers and what they cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.networks import is_path, named_graph
from pellucid.cli.outputs import check_output
from pellucid.cli.terminal import print_result, remarks
from pellucid.graph import Summary, summarise
from pellucid.text import printable


def summary(
    network: arguments.NetworkName,
    input: arguments.InputShape = None,  # noqa: A002
    classes: arguments.ClassCount = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="A file for the network drawn (.svg), a page with drawing and table (.html), or "
            "numbers (.json).",
        ),
    ] = None,
    json: arguments.Json = False,
) -> None:
    """Show layers, output shapes, parameters, multiply-adds and receptive fields; draw them."""
    check_output(out, Summary.endings, *([Path(network)] if is_path(network) else []))
    if is_path(network):
        from pellucid.estimators import load_estimator

        table = load_estimator(network).summary()
    else:
        table = summarise(named_graph(network, input, classes))
    if out is not None:
        table.save(out)
        remarks().print(f"written to {printable(out)}")
    print_result(table, json=json)
