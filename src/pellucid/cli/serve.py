"""``pellucid serve``: trained networks as an HTTP service."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.terminal import remarks
from pellucid.cores import MOST, VARIABLE
from pellucid.engines import DEFAULT
from pellucid.errors import MissingDependencyError
from pellucid.text import printable


def serve(
    models: Annotated[
        list[str],
        typer.Argument(
            help=f"{arguments.MODELS}; several, each PLACE or NAME=PLACE.", show_default=False
        ),
    ],
    host: Annotated[
        str, typer.Option(help="Where to listen; 0.0.0.0: on all addresses of this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8000,
    threads: Annotated[
        int | None,
        typer.Option(min=1, max=MOST, help="That compute.", show_default="the cores"),
    ] = None,
    watch: Annotated[
        float,
        typer.Option(min=0, help="Seconds between looks for changed model files; 0: never."),
    ] = 2.0,
    grace: Annotated[
        float,
        typer.Option(
            min=0, help="Seconds after SIGTERM in which it still answers, but is not ready."
        ),
    ] = 0.0,
    log: Annotated[bool, typer.Option(help="Write a line of JSON for every request.")] = True,
    max_pixels: arguments.MaxPixelsAsTrained = None,
    engine: arguments.EngineName = DEFAULT,
) -> None:
    """Answer pictures over HTTP, with models that are loaded anew when their files change.

    Standard output has a line of JSON for every request. SIGTERM and Ctrl-C end it once what has
    come is answered.
    """
    try:
        from pellucid.serving.app import create_app
        from pellucid.serving.metrics import Metrics
        from pellucid.serving.models import Models
        from pellucid.serving.server import bound, url_of
        from pellucid.serving.server import serve as run
        from pellucid.serving.sources import sources
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f'a service needs {error.name}; install it: pip install "pellucid[serve]"'
        ) from error
    if threads is not None:
        os.environ[VARIABLE] = str(threads)  # for all that works at once in this process
    console = remarks()
    given = sources(models)
    listening = bound(host, port)
    metrics = Metrics()
    loaded = Models(
        engine,
        queue=256,
        longest=10.0,
        max_pixels=max_pixels,
        watcher=metrics.of_batches,
        remark=lambda line: console.print(printable(line)),
    )
    for source in given:
        served = loaded.load(source)
        task = served.estimator.model_.task.title
        console.print(f"{source.name}, version {served.version}: {task}, {printable(source.place)}")
    app = create_app(loaded, metrics, write=_write if log else None, watch=watch or None)
    console.print(f"serving at {url_of(listening)}")
    run(app, listening, grace=grace)


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
