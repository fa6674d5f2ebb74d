"""All commands together."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pellucid.cli.add_class import add_class
from pellucid.cli.backward import backward
from pellucid.cli.check import check
from pellucid.cli.compare import compare
from pellucid.cli.compile import compile_
from pellucid.cli.doctor import doctor
from pellucid.cli.evaluate import evaluate
from pellucid.cli.experiment import experiment
from pellucid.cli.explain import explain
from pellucid.cli.explain_plan import explain_plan
from pellucid.cli.export import export
from pellucid.cli.features import features
from pellucid.cli.filter import filter_
from pellucid.cli.find_rate import find_rate
from pellucid.cli.generate import generate
from pellucid.cli.grade import grade
from pellucid.cli.help import Command, CommandGroup, folded
from pellucid.cli.import_ import import_
from pellucid.cli.kernels import kernels
from pellucid.cli.lab import lab
from pellucid.cli.lecture import lecture
from pellucid.cli.mistakes import mistakes
from pellucid.cli.page import page
from pellucid.cli.predict import predict
from pellucid.cli.quantise import quantise
from pellucid.cli.runs import runs
from pellucid.cli.serve import serve
from pellucid.cli.shard import shard
from pellucid.cli.summary import summary
from pellucid.cli.surgery import surgery
from pellucid.cli.terminal import explained
from pellucid.cli.time import time_
from pellucid.cli.trace import trace
from pellucid.cli.train import train
from pellucid.cli.verify import verify
from pellucid.cli.worksheet import worksheet
from pellucid.cli.wrong_use import wrong_use_explained
from pellucid.errors import ArgumentError
from pellucid.launched import launched
from pellucid.version import __version__


class _Commands(CommandGroup):
    def make_context(self, *args: Any, **extra: Any) -> Any:
        with explained(), wrong_use_explained():  # help is printed here
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        with explained(), wrong_use_explained():  # here, since Typer ends in silence when stopped
            return super().invoke(ctx)


app = typer.Typer(
    cls=_Commands,
    name="pellucid",
    help="Convolutional networks you can see through.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "token_normalize_func": folded},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pellucid {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback prints it
        bool,
        typer.Option(
            "--version", "-V", callback=_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    process = launched()
    if process is not None and context.invoked_subcommand != "train":
        raise ArgumentError(
            f"{process.world} processes were started together, which train alone can use; start "
            f"{context.invoked_subcommand} without torchrun"
        )


for command in (
    check,
    find_rate,
    train,
    shard,
    evaluate,
    mistakes,
    compare,
    predict,
    serve,
    generate,
    features,
    page,
    add_class,
    runs,
    lab,
    summary,
    explain_plan,
    lecture,
    worksheet,
    grade,
    trace,
    backward,
    explain,
    kernels,
    surgery,
    quantise,
    experiment,
    export,
    verify,
    doctor,
):
    app.command(cls=Command)(command)
app.command("compile", cls=Command)(compile_)
app.command("time", cls=Command)(time_)
app.command("filter", cls=Command)(filter_)
app.command("import", cls=Command)(import_)
