"""``pellucid verify``: two forms of a network on the same pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.outputs import check_output
from pellucid.cli.terminal import fail, print_result, remarks
from pellucid.engines import DEFAULT, ENGINES
from pellucid.errors import PellucidError
from pellucid.interop.models import RUNTIME
from pellucid.known_names import find_name
from pellucid.text import counted, printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pellucid.files import Model

FORM = "A model file, a run's folder, trained weights by name, or an ONNX file."


def _engine(value: str | None) -> str | None:
    if value is None:
        return None
    name, colon, device = value.partition(":")
    return find_name("engine", name, (*ENGINES, RUNTIME)) + colon + device


Engine = Annotated[
    str | None,
    typer.Option(
        help=f"The engine that computes it: {', '.join((*ENGINES, RUNTIME))}.",
        callback=_engine, autocompletion=arguments.completed((*ENGINES, RUNTIME)), metavar="NAME",
        show_default=f"{RUNTIME} for an ONNX file, else {DEFAULT}",
    ),
]  # fmt: skip


def verify(
    a: Annotated[str, typer.Argument(help=FORM, show_default=False)],
    b: Annotated[str, typer.Argument(help="Another form of the same network.", show_default=False)],
    data: Annotated[
        list[str] | None,
        typer.Argument(
            help="Pictures, folders, patterns, or pictures of data: mnist:test.",
            show_default="a few that are made",
        ),
    ] = None,
    engine_a: Engine = None,
    engine_b: Engine = None,
    most: Annotated[int, typer.Option(min=1, help="How many pictures at most.")] = 100,
    tolerance: Annotated[
        float,
        typer.Option(min=0.0, help="How far logits may be apart, as a share of A's largest logit."),
    ] = 1e-4,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A page (.html), .json, or a figure (.png).")
    ] = None,
    json: arguments.Json = False,
) -> None:
    """Compare two forms of a network, and show where they first differ.

    The exit code is 1 if logits are further apart than --tolerance, or a picture gets another
    answer.
    """
    from pellucid.estimators.forms import forms
    from pellucid.evaluation.verification import check_looks, made_inputs
    from pellucid.evaluation.verification import verify as compare

    check_output(out, (".html", ".json", ".png"), a, b)
    first, second = forms((a, b), (engine_a, engine_b))
    model = first.model
    if data:
        check_looks(model.task)
        images, names = _pictures(model, data, most)
    else:
        images, names = made_inputs(model)
    found = compare(first, second, images, names, (a, b), tolerance=tolerance)
    if out is not None:
        found.save(out)
        remarks().print(f"comparison written to {printable(out)}")
    print_result(found, json=json)
    if not found.agrees:
        fail(found.verdict)


def _pictures(
    model: Model, data: list[str], most: int
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Pictures as the network takes them, and their names."""
    import numpy as np

    from pellucid.cli.picture import find_pictures
    from pellucid.errors import DataError
    from pellucid.files.provenance import safe_max_pixels

    limit = safe_max_pixels(model.provenance)
    asked = find_pictures(data, model, limit)
    problems = list(asked.problems)
    images: list[NDArray[np.uint8]] = []
    names: list[str] = []
    for each in asked.pictures:
        if len(images) == most:
            remarks().print(
                f"the first {most} of {counted(len(asked.pictures), 'picture')} are compared; "
                "--most takes more"
            )
            break
        try:
            source = each if isinstance(each, Path) else each.picture
            images.append(model.preprocessing.read(source, max_pixels=limit))
            names.append(printable(each if isinstance(each, Path) else each.name))
        except PellucidError as error:
            problems.append(str(error))
    for problem in problems:
        remarks().print(problem)
    if not images:
        raise DataError(f"{', '.join(map(printable, data))}: no picture that can be used")
    return np.stack(images), tuple(names)
