"""``pellucid time``: latency and throughput of a network on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.networks import find_network, is_path
from pellucid.cli.terminal import print_result
from pellucid.engines import DEFAULT
from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable


def time_(
    network: arguments.NetworkName,
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Picture files or a folder, of which decoding is timed; of a model alone.",
            show_default="no files",
        ),
    ] = None,
    batch: Annotated[
        list[int] | None,
        typer.Option(
            "--batch", "-b", min=1, help="Images in a call; several times.", show_default="1 and 32"
        ),
    ] = None,
    threads: Annotated[
        list[int] | None,
        typer.Option(
            min=1, help="Threads; several times.", show_default="1 and as many as there are"
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(help="Seconds to measure each row.")] = 2.0,
    engine: arguments.EngineName = DEFAULT,
    input: arguments.InputShape = None,  # noqa: A002
    classes: arguments.ClassCount = None,
    json: arguments.Json = False,
) -> None:
    """Time a network on this machine: latency and throughput, by batch and threads."""
    from pellucid.cores import available_threads
    from pellucid.evaluation.timing import time_network

    counts = threads or []
    if not counts and engine == "native":
        counts = sorted({1, available_threads()})
    read, number = _reader(network, files or [])
    found = time_network(
        find_network(network, input, classes), engine=engine, batches=batch or (1, 32),
        threads=counts, seconds=seconds, read=read, files=number,
    )  # fmt: skip
    print_result(found, json=json)


def _reader(network: str, files: list[str]) -> tuple[Callable[[int], object] | None, int]:
    """What decodes one of some picture files as a model's pictures, and how many there are."""
    if not files:
        return None, 0
    if not is_path(network):
        raise ArgumentError(
            f"{network}: an architecture does not say how pictures are read; name a model file or "
            "a run, or leave the files out"
        )
    from pathlib import Path

    from pellucid.cli.picture import find_pictures
    from pellucid.errors import DataError
    from pellucid.estimators import load_estimator
    from pellucid.files.provenance import safe_max_pixels

    model = load_estimator(network).model_
    limit = safe_max_pixels(model.provenance)
    paths = [each for each in find_pictures(files, model, limit).pictures if isinstance(each, Path)]
    if not paths:
        raise DataError(f"{', '.join(files)}: no picture file whose decoding could be timed")
    return lambda number: model.preprocessing.read(paths[number], max_pixels=limit), len(paths)
