"""``pellucid page``: a trained network as one web page that computes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.models import load_model_for
from pellucid.cli.outputs import check_output
from pellucid.cli.terminal import results
from pellucid.engines import DEFAULT
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.page.page import Language

LANGUAGES = ("en", "ko")


def page(
    model: arguments.ModelName,
    pictures: Annotated[
        str | None,
        typer.Argument(
            help="Data whose pictures the page brings along, and learns from: " + arguments.LAYOUTS,
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="The page, an .html file.")] = Path(
        "net.html"
    ),
    samples: Annotated[
        int, typer.Option(min=1, max=200, help="Pictures that the page brings along, at most.")
    ] = 12,
    learn: Annotated[
        bool | None,
        typer.Option(
            "--learn/--no-learn",
            help="Whether the network can be trained in the page, on up to 5000 pictures.",
            show_default="where pictures are small",
        ),
    ] = None,
    title: Annotated[str, typer.Option(help="What the page is called.")] = "",
    language: Annotated[str, typer.Option(help="Of its texts at first: en or ko.")] = "en",
    allow_large: Annotated[
        bool, typer.Option("--allow-large", help="Take more than 60 MB of weights.")
    ] = False,
    classes: arguments.ClassNames = None,
) -> None:
    """Write the network as one web page that computes, offline, in any browser."""
    check_output(out, (".html",), Path(model), *([Path(pictures)] if pictures else []))
    chosen: Language = "ko" if arguments.one_of("language", language, LANGUAGES) == "ko" else "en"
    estimator = load_model_for(model, engine=DEFAULT, classes=classes)
    made = estimator.page(
        pictures,
        samples=samples,
        learn=learn,
        title=title or printable(Path(model).name),
        allow_large=allow_large,
        language=chosen,
    )
    made.save(out)
    results().print(f"page written to {printable(out)} ({out.stat().st_size / 1e6:.1f} MB)")
