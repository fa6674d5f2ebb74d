"""``pellucid features``: what a trained network sees in pictures, as numbers for other programs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from pellucid.cli import arguments
from pellucid.cli.outputs import check_output
from pellucid.cli.picture import report_problems
from pellucid.cli.progress_bar import CountBar
from pellucid.cli.terminal import remarks, results
from pellucid.data.pillow import MAX_PIXELS
from pellucid.engines import DEFAULT
from pellucid.text import counted, printable
from pellucid.transfer.usual_body import BODY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.files.feature_file import PictureFeatures

ENDINGS = (".npz", ".safetensors", ".csv")


def features(
    data: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA|PICTURES...",
            help=f"{arguments.LAYOUTS[:-1]}; or pictures without labels, as predict takes them: "
            "files, folders, patterns, lists.",
            show_default=False,
        ),
    ],
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
            "reads are the features; of detectors and speech the means of its last maps.",
        ),
    ] = BODY,
    max_pixels: arguments.MaxPixels = MAX_PIXELS,
    max_bytes: arguments.MaxBytes = None,
    path_column: arguments.PathColumn = None,
    label_column: arguments.LabelColumn = None,
    decisions: arguments.DecisionsFile = None,
    task: arguments.TaskName = None,
    cache: arguments.Cache = True,
    engine: arguments.EngineName = DEFAULT,
) -> None:
    """Write the features of pictures, with their names; of labelled data also labels and parts.

    They are computed once for each picture, and found again in later runs. Pictures that cannot be
    used are reported, and the others written.
    """
    check_output(out, ENDINGS, *map(Path, data), Path(body))

    from pellucid.data.reading import Reading
    from pellucid.estimators.all_features import are_labelled, read_features, read_unlabelled
    from pellucid.files import write_file

    reading = Reading(
        max_pixels=max_pixels, max_bytes=max_bytes, cache=cache,
        path_column=path_column, label_column=label_column, decisions=decisions,
    )  # fmt: skip
    console = remarks()
    labelled = are_labelled(data, reading, task)
    found: PictureFeatures | None
    notes: Sequence[str]
    problems: Sequence[str] = ()
    with CountBar("features", console) as progress:
        if labelled:
            found, notes = read_features(data[0], body, reading, task, engine, progress)
        else:
            found, problems, notes = read_unlabelled(data, body, reading, engine, progress)
    for note in notes:
        console.print(note)
    if found is None:
        report_problems(problems, len(problems))
        return
    write_file(out, as_bytes(found, out.suffix.lower()))
    count, length = found.features.shape
    results().print(
        f"{counted(count, 'picture')}, {counted(length, 'feature')} each, written to "
        f"{printable(out)}"
    )
    report_problems(problems, count + len(problems))


def as_bytes(found: PictureFeatures, ending: str) -> bytes:
    """Features as a file of one kind.

    Args:
        found: The features.
        ending: One of :data:`ENDINGS`.
    """
    from pellucid.csv_text import csv_text
    from pellucid.files.feature_file import features_bytes

    if ending == ".safetensors":
        return features_bytes(found)
    if ending == ".npz":
        return _npz(found)
    head, known = _labels(found)
    numbers = [f"feature{k}" for k in range(found.features.shape[1])]
    rows = [
        [printable(name), *labels, *(f"{number:.9g}" for number in row)]
        for name, labels, row in zip(found.names, known, found.features.tolist(), strict=True)
    ]
    return csv_text([["name", *head, *numbers], *rows]).encode("utf-8")


def _npz(found: PictureFeatures) -> bytes:
    from pellucid.files.feature_file import PARTS, DescribedFeatures, FeatureSet

    arrays = {"features": found.features, "names": np.array(found.names)}
    if isinstance(found, FeatureSet):
        arrays |= {
            "targets": found.targets,
            "parts": np.array(PARTS)[found.parts],
            "classes": np.array(found.task.names),
        }
    elif isinstance(found, DescribedFeatures):
        arrays |= {"labels": np.array(found.labels), "parts": np.array(PARTS)[found.parts]}
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def _labels(found: PictureFeatures) -> tuple[list[str], list[list[Any]]]:
    """The heads of the columns that say what is known of pictures, and these columns' rows."""
    from pellucid.files.feature_file import PARTS, DescribedFeatures, FeatureSet

    if isinstance(found, DescribedFeatures):
        known_parts = [PARTS[place] for place in found.parts.tolist()]
        labels = [printable(label) for label in found.labels]
        return ["part", "label"], [list(pair) for pair in zip(known_parts, labels, strict=True)]
    if not isinstance(found, FeatureSet):
        return [], [[] for _ in found.names]
    parts, known = [PARTS[place] for place in found.parts.tolist()], found.task.names
    if found.task.of_one_class:
        named = [known[place] for place in found.targets.tolist()]
        return ["part", "label"], [list(pair) for pair in zip(parts, named, strict=True)]
    wanted = found.targets.tolist()
    return ["part", *known], [[part, *row] for part, row in zip(parts, wanted, strict=True)]
