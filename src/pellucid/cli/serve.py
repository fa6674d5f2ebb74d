"""``pellucid serve``: trained networks as an HTTP service."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid import checks
from pellucid.cli import arguments
from pellucid.cli.terminal import discard_output, remarks
from pellucid.cores import MOST, VARIABLE, available_threads
from pellucid.engines import DEFAULT
from pellucid.errors import ArgumentError, MissingDependencyError
from pellucid.serving.limits import MOST_SECONDS, Limits
from pellucid.serving.settings import Settings
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULTS = Limits()
TOKEN = "PELLUCID_TOKEN"  # noqa: S105 - a variable's name
"""The variable with what every request must bring."""


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
    processes: Annotated[
        int,
        typer.Option(
            min=1,
            max=MOST,
            help="That answer, each with the models of its own; they share the "
            "threads. For small networks, of which one process answers no more than a core can.",
        ),
    ] = 1,
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
    token: Annotated[
        str | None,
        typer.Option(
            envvar=TOKEN,
            help="What every request must bring (Authorization: Bearer …); better not on the "
            "command line, where others see it, but in PELLUCID_TOKEN.",
            show_default="anyone may ask",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A further name that it answers to, e.g. of the proxy before it; * for any. Can "
            "be given several times.",
            show_default="addresses, and --host",
        ),
    ] = None,
    max_body: Annotated[int, typer.Option(help="Bytes of a request.")] = DEFAULTS.body_bytes,
    max_bodies: Annotated[
        int, typer.Option(help="Bytes of all requests at a time.")
    ] = DEFAULTS.all_bodies_bytes,
    max_pixels: Annotated[
        int, typer.Option(help="Pixels of a picture, by its header.")
    ] = DEFAULTS.pixels,
    max_scans: Annotated[int, typer.Option(help="Passes of a progressive JPEG.")] = DEFAULTS.scans,
    max_parts: Annotated[int, typer.Option(help="Pictures of a request.")] = DEFAULTS.parts,
    max_head: Annotated[int, typer.Option(help="Bytes of a request's head.")] = DEFAULTS.head_bytes,
    max_fields: Annotated[
        int, typer.Option(help="Header fields of a request.")
    ] = DEFAULTS.head_fields,
    max_depth: Annotated[int, typer.Option(help="Levels of nested JSON.")] = DEFAULTS.json_depth,
    max_values: Annotated[int, typer.Option(help="Values in JSON.")] = DEFAULTS.json_values,
    max_connections: Annotated[int, typer.Option(help="Open connections.")] = DEFAULTS.connections,
    max_queue: Annotated[
        int, typer.Option(help="Pictures that wait; more are answered 429, with Retry-After.")
    ] = DEFAULTS.queue,
    head_seconds: Annotated[
        float, typer.Option(help="Seconds for a request's head.")
    ] = DEFAULTS.head_seconds,
    request_seconds: Annotated[
        float, typer.Option(help="Seconds for a whole request.")
    ] = DEFAULTS.request_seconds,
    idle_seconds: Annotated[
        float, typer.Option(help="Seconds that an unused connection stays open.")
    ] = DEFAULTS.idle_seconds,
    linger_seconds: Annotated[
        float, typer.Option(help="Seconds for what still comes after a refusal.")
    ] = DEFAULTS.linger_seconds,
    engine: arguments.EngineName = DEFAULT,
) -> None:
    """Answer pictures over HTTP, with models that are reloaded when their files change.

    Standard output has a line of JSON for every request. SIGTERM and Ctrl-C end it once what has
    come is answered.
    """
    for package in (
        "starlette", "uvicorn", "httptools", "python_multipart", "prometheus_client",
    ):  # fmt: skip
        if find_spec(package) is None:
            raise MissingDependencyError(
                f'a service needs {package}; install it: pip install "pellucid[serve]"'
            )
    if token is None and os.environ.get(TOKEN) == "":
        raise ArgumentError(f"{TOKEN} is empty, and anyone might ask; give it a token, or unset it")
    checks.number("watch", watch, 0, MOST_SECONDS)
    checks.number("grace", grace, 0, MOST_SECONDS)
    limits = Limits(
        body_bytes=max_body, all_bodies_bytes=max_bodies, pixels=max_pixels, scans=max_scans,
        parts=max_parts, head_bytes=max_head, head_fields=max_fields, head_seconds=head_seconds,
        request_seconds=request_seconds, idle_seconds=idle_seconds, linger_seconds=linger_seconds,
        connections=max_connections, queue=max_queue, json_depth=max_depth,
        json_values=max_values,
    )  # fmt: skip
    given = available_threads() if threads is None else threads
    if threads is not None or processes > 1:
        # for all that works at once in a process
        os.environ[VARIABLE] = str(max(1, given // processes))
    _run(
        Settings(tuple(models), engine, limits, host, tuple(allow_host or ()), token, watch, grace),
        port,
        processes,
        _write if log else None,
    )


def _run(
    settings: Settings, port: int, processes: int, write: Callable[[str], object] | None
) -> None:
    """Listen, load the models, and serve until it is asked to end."""
    from pellucid.serving.processes import run_processes
    from pellucid.serving.run import guard_of, run
    from pellucid.serving.server import bound, url_of
    from pellucid.serving.sources import sources

    _ = sources(settings.models), guard_of(settings)  # what is wrong there is found first
    listening = bound(settings.host, port)
    line = f"serving at {url_of(listening)}"
    if processes > 1:
        run_processes(
            settings, listening, processes, remark=_remark, write=write,
            serving=lambda: _remark(f"{line} with {processes} processes"),
        )  # fmt: skip
    elif run(
        settings, listening, remark=_remark, write=write, serving=lambda *_: _remark(line)
    ):  # threads are left at work: Python would wait for them
        sys.stdout.flush()
        os._exit(0)


def _remark(line: str) -> None:
    remarks().print(printable(line))


def _write(line: str) -> None:
    """Write a line of the log; a service goes on when nobody reads it any more."""
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except OSError as error:
        discard_output()
        remarks().print(f"the log cannot be written ({error.strerror or error}); it ends here")
