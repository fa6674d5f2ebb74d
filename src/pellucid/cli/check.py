"""``pellucid check``: whether data are fit to learn from."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli import arguments, option_values
from pellucid.cli.progress_bar import CountBar
from pellucid.cli.terminal import print_json, print_result, remarks, results
from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.shards.index import is_shards
from pellucid.engines import DEFAULT
from pellucid.text import counted, printable
from pellucid.transfer.usual_body import BODY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Console

    from pellucid.data import Dataset
    from pellucid.data.augment import Augmentation
    from pellucid.data.boxes import Boxes

BATCH = 32
"""Pictures on the sheet of a batch."""


def check(
    data: Annotated[
        str,
        typer.Argument(help=arguments.LAYOUTS),
    ],
    html: Annotated[
        Path | None, typer.Option(help="A web page to write, with the pictures in question.")
    ] = None,
    show_batch: Annotated[
        Path | None,
        typer.Option(help="A PNG to write: a first batch as the network would see it."),
    ] = None,
    augment: Annotated[
        str,
        typer.Option(help=f"How the batch of --show-batch is changed: {arguments.AUGMENTATIONS}."),
    ] = "none",
    image_size: Annotated[
        str | None,
        typer.Option(
            help="Side in pixels, or HEIGHTxWIDTH, that pictures of --show-batch are resized to.",
            show_default="as in training",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Seed of the batch of --show-batch.")
    ] = 0,
    near: Annotated[
        bool, typer.Option(help="Look for pictures that are nearly the same, too.")
    ] = True,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Pictures with more pixels are not decoded.")
    ] = MAX_PIXELS,
    max_bytes: arguments.MaxBytes = None,
    path_column: arguments.PathColumn = None,
    label_column: arguments.LabelColumn = None,
    group: arguments.Group = None,
    decisions: arguments.DecisionsFile = None,
    sound: arguments.SoundSettings = None,
    units: arguments.Units = None,
    task: arguments.TaskName = None,
    with_features: Annotated[
        bool,
        typer.Option(
            "--with-features",
            help="Also look by the features of a trained body: for labels that are likely wrong, "
            "and for copies that were mirrored or cut.",
        ),
    ] = False,
    body: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="NAME|FILE|RUN",
            help="The network whose body is taken: a name, a model file, or a run's folder.",
        ),
    ] = BODY,
    cache: arguments.Cache = True,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Look for what would spoil training: bad files, duplicates, leaks, wrong labels.

    The exit code is 1 if something would: one class only, a class without pictures, or the same
    picture in several classes or in several parts.
    """
    size = None if image_size is None else option_values.image_size(image_size)

    from pellucid.data.augment import get_augmentation
    from pellucid.data.check import inspect
    from pellucid.data.decisions.decision import get_decisions
    from pellucid.data.reading import Reading
    from pellucid.errors import DataError
    from pellucid.files import write_text

    augmentation = get_augmentation(augment)
    console = remarks()
    decided = get_decisions(decisions)
    if is_shards(Path(data)):
        if decided is not None:
            Reading(decisions=decided).check_no_decisions(data)
        _check_shards(Path(data), console, json=json)
        return
    with CountBar("looking at pictures", console) as progress:
        report = inspect(
            data,
            near=near,
            max_pixels=max_pixels,
            max_bytes=max_bytes,
            progress=progress,
            path_column=path_column,
            label_column=label_column,
            task=task,
            group=group,
            sound=sound,
            units=units,
            decisions=decided,
        )
    if with_features:
        from pellucid.estimators.all_features import features_to_check
        from pellucid.transfer.suspicions import with_suspicions

        reading = Reading(
            max_pixels=max_pixels, max_bytes=max_bytes, cache=cache,
            path_column=path_column, label_column=label_column, decisions=decided,
        )  # fmt: skip
        with CountBar("features", console) as progress:
            found = features_to_check(data, body, reading, task, engine, progress)
        with CountBar("folds", console) as progress:
            report = with_suspicions(report, found, seed, progress)
    print_result(report, json=json)
    if html is not None:
        write_text(html, report.to_html())
        console.print(f"page written to {printable(html)}")
    if show_batch is not None:
        from pellucid.data import load

        splits = load(
            data, image_size=size, seed=seed, max_pixels=max_pixels, max_bytes=max_bytes,
            path_column=path_column, label_column=label_column, task=task, group=group,
            sound=sound, units=units, decisions=decided,
        )  # fmt: skip
        _write_batch(show_batch, splits.train, augmentation, seed, console)
        console.print(f"batch written to {printable(show_batch)}")
    if report.spoiling:
        first = report.spoiling[0]
        raise DataError(
            f"{report.name}: {counted(len(report.spoiling), 'finding')} would spoil the result, "
            f"the first: {first.line}"
        )


def _check_shards(folder: Path, console: Console, *, json: bool) -> None:
    """Check that shards are as they were written, whose pictures were looked at then."""
    from pellucid.data.shards.index import ShardIndex
    from pellucid.files.shards import Sharded, check_shards, sharded_line

    index = ShardIndex.read(folder)
    with CountBar("reading shards", console) as progress:
        check_shards(index, progress)
    if json:
        print_json(index.to_dict())
        return
    line = sharded_line(Sharded(index))
    results().print(f"{printable(folder)}: {line}, all as they were written")


def _write_batch(
    path: Path, pictures: Dataset, augmentation: Augmentation, seed: int, console: Console
) -> None:
    """Write the first batch of the first epoch; name the classes whose letters no font here has."""
    from pellucid.data.augment import augmented, augmented_batch, flipped
    from pellucid.data.boxes import Boxes
    from pellucid.data.mirrored import mirrored_targets
    from pellucid.data.targets import ClassTargets
    from pellucid.files import write_file
    from pellucid.show.contact_sheet import contact_sheet
    from pellucid.training.batches import batches

    indices = next(batches(len(pictures), BATCH, seed=seed, epoch=0))
    if isinstance(pictures.targets, ClassTargets):
        images, targets = augmented_batch(
            pictures.images, pictures.places, indices, augmentation,
            classes=len(pictures.classes), seed=seed, epoch=0,
        )  # fmt: skip
        captions = [_caption(row, pictures.classes) for row in targets]
    elif isinstance(pictures.targets, Boxes):
        images, captions = _batch_with_boxes(
            pictures.images[indices], pictures.targets.subset(indices), indices, augmentation, seed
        )
    else:
        images = augmented(pictures.images[indices], indices, augmentation, seed=seed, epoch=0)
        mirrored = mirrored_targets(pictures.targets, augmentation.flip_negates)
        flip = flipped(indices, augmentation, seed=seed, epoch=0).tolist()
        captions = [
            (mirrored if turned else pictures.targets).text(i)
            for i, turned in zip(indices.tolist(), flip, strict=True)
        ]
    content = io.BytesIO()
    contact_sheet(images, captions).save(content, "PNG")
    write_file(path, content.getvalue())
    for label, name in enumerate(pictures.classes):
        if not _in_every_font(name):
            console.print(f"class {label} is {printable(name)}")


def _batch_with_boxes(
    images: NDArray[np.uint8],
    boxes: Boxes,
    indices: NDArray[np.integer[Any]],
    augmentation: Augmentation,
    seed: int,
) -> tuple[NDArray[np.uint8], list[str]]:
    """Changed pictures with their moved boxes drawn on them, and what is in each."""
    import numpy as np

    from pellucid.data.augment import augmented, moved_boxes
    from pellucid.data.check.fingerprint import image_of
    from pellucid.show.boxed import boxed, of_class

    height, width = images.shape[1:3]
    moved = boxes.of_array(
        moved_boxes(boxes.array, indices, augmentation, shape=(height, width), seed=seed, epoch=0)
    )
    place_of = {name: place for place, name in enumerate(boxes.classes)}
    drawn = [
        boxed(
            image_of(image),
            [of_class(row[1:5], "", place_of[row[0]]) for row in moved.rows(i)],
            max(height, width),
        )
        for i, image in enumerate(augmented(images, indices, augmentation, seed=seed, epoch=0))
    ]
    return np.stack([np.asarray(each) for each in drawn]), [
        moved.text(i) for i in range(len(drawn))
    ]


def _caption(target: NDArray[np.float32], classes: tuple[str, ...]) -> str:
    """A picture's class; of mixed ones that of the larger part, and how much it is."""
    label = int(target.argmax())
    name = classes[label] if _in_every_font(classes[label]) else f"class {label}"
    return name if target[label] > 0.995 else f"{target[label]:.0%} {name}"


def _in_every_font(name: str) -> bool:
    return all(ord(letter) < 0x180 for letter in name)  # Latin letters with all their accents
