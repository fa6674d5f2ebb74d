"""``pellucid features``: what a trained network sees in pictures, as numbers for other programs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from pellucid.cli import arguments
from pellucid.cli.outputs import check_output
from pellucid.cli.progress_bar import CountBar
from pellucid.cli.terminal import remarks, results
from pellucid.data.pillow import MAX_PIXELS
from pellucid.engines import DEFAULT
from pellucid.text import array_shape, counted, printable

if TYPE_CHECKING:
    from pellucid.files.feature_file import FeatureSet

ENDINGS = (".npz", ".safetensors", ".csv")

BODY = "efficientnet-lite0"
"""The network whose features are taken where none is named."""


def features(
    data: Annotated[str, typer.Argument(help=arguments.LAYOUTS, show_default=False)],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", help="The file: .npz, .safetensors or .csv.", show_default=False
        ),
    ],
    body: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="NAME|FILE|RUN",
            help="The network: a name, a model file, or a run's folder. What its last dense layer "
            "reads are the features.",
        ),
    ] = BODY,
    max_pixels: arguments.MaxPixels = MAX_PIXELS,
    max_bytes: arguments.MaxBytes = None,
    path_column: arguments.PathColumn = None,
    label_column: arguments.LabelColumn = None,
    task: arguments.TaskName = None,
    cache: arguments.Cache = True,
    engine: arguments.EngineName = DEFAULT,
) -> None:
    """Write the features of labelled pictures, with names, labels and parts.

    They are computed once for each picture, and found again in later runs.
    """
    check_output(out, ENDINGS, Path(data), Path(body))

    from pellucid.cli.all_features import read_features
    from pellucid.data.reading import Reading
    from pellucid.files import write_file

    reading = Reading("quarantine", max_pixels, max_bytes, cache, path_column, label_column)
    console = remarks()
    with CountBar("features", console) as progress:
        found, notes = read_features(data, body, reading, task, engine, progress)
    for note in notes:
        console.print(note)
    write_file(out, as_bytes(found, out.suffix.lower()))
    count, length = found.features.shape
    results().print(
        f"{counted(count, 'picture')}, {counted(length, 'feature')} each, written to "
        f"{printable(out)} ({array_shape(found.features.shape)})"
    )


def as_bytes(found: FeatureSet, ending: str) -> bytes:
    """Features as a file of one kind.

    Args:
        found: The features.
        ending: One of :data:`ENDINGS`.
    """
    from pellucid.csv_text import csv_text
    from pellucid.files.feature_file import PARTS, features_bytes

    if ending == ".safetensors":
        return features_bytes(found)
    parts = [PARTS[place] for place in found.parts.tolist()]
    if ending == ".npz":
        file = io.BytesIO()
        np.savez(
            file,
            features=found.features,
            targets=found.targets,
            names=np.array([printable(name) for name in found.names]),
            parts=np.array(parts),
            classes=np.array(found.task.names),
        )
        return file.getvalue()
    known = found.task.names
    if found.task.of_one_class:
        head, labels = ["label"], [[known[place]] for place in found.targets.tolist()]
    else:
        head, labels = list(known), found.targets.tolist()
    numbers = [f"feature{k}" for k in range(found.features.shape[1])]
    rows = [
        [printable(name), part, *label, *(f"{number:.9g}" for number in row)]
        for name, part, label, row in zip(
            found.names, parts, labels, found.features.tolist(), strict=True
        )
    ]
    return csv_text([["name", "part", *head, *numbers], *rows]).encode("utf-8")
