"""``pellucid lab``: a workbench in the browser around runs."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import webbrowser
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.terminal import remarks
from pellucid.errors import DataError, MissingDependencyError
from pellucid.text import printable


def lab(
    runs: Annotated[
        Path | None,
        typer.Argument(
            help="The folder with runs, at any depth; decisions and new runs are written there.",
            show_default="runs",
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Argument(
            help="What trainings that are started in the lab learn from, as train takes it.",
            show_default="nothing is started",
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8501,
    browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open it in the browser.")
    ] = True,
) -> None:
    """Watch trainings, look at what their networks get wrong, and decide, in the browser.

    It answers on this machine alone, to those who have the address that it prints.
    """
    for package in ("starlette", "uvicorn", "httptools"):
        if find_spec(package) is None:
            raise MissingDependencyError(
                f'the lab needs {package}; install it: pip install "pellucid[lab]"'
            )
    place = runs or Path("runs")
    if place.exists() and not place.is_dir():
        raise DataError(f"{printable(place)}: is a file; give the folder with the runs")

    from pellucid.lab.lab import Lab
    from pellucid.lab.runs import Runs
    from pellucid.lab.serve import serve_lab

    def opened(address: str, once: str) -> None:
        remarks().print(f"the lab is open at {address}")
        if browser:  # in a thread: a browser in this terminal would be waited for
            threading.Thread(target=webbrowser.open, args=(once,), daemon=True).start()

    workbench = Lab(Runs(place), data)
    serve_lab(workbench, port, opened)
    with contextlib.suppress(KeyboardInterrupt):
        if not workbench.left():
            return
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # Python itself would wait for the thread that computes
