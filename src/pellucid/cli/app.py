"""All commands together."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.evaluate import evaluate
from pellucid.cli.lecture import lecture
from pellucid.cli.predict import predict
from pellucid.cli.summary import summary
from pellucid.cli.train import train
from pellucid.version import __version__

app = typer.Typer(
    name="pellucid",
    help="Convolutional networks you can see through.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pellucid {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


for command in (train, evaluate, predict, summary, lecture):
    app.command()(command)
