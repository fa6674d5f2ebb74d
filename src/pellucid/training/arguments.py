"""What may be given as pictures and labels to learn from, and to judge by."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.arrays import array_targets, dataset_from, eight_bit, with_channels
from pellucid.data.dataset import Dataset, Splits
from pellucid.data.detect_format import BUILTIN, locate
from pellucid.data.fitted import fitted
from pellucid.data.labels import checked_labels, places_in
from pellucid.data.listing import is_of_pictures
from pellucid.data.load import check_not_resized, read_splits
from pellucid.data.pictures import check_image_size
from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.reading import Reading
from pellucid.data.recognise import task_of_array
from pellucid.data.side_cameras import check_own
from pellucid.data.sources import in_task
from pellucid.data.split import check_validation, stratified_split
from pellucid.data.targets import TARGETS, ClassTargets
from pellucid.errors import ArgumentError, DataError
from pellucid.files.held_out import held_out
from pellucid.files.provenance import TRANSFER, source_classes
from pellucid.text import array_shape, brief_repr, listed, printable, quoted

if TYPE_CHECKING:
    from pellucid.data.convert import Range
    from pellucid.data.preprocessing import Preprocessing
    from pellucid.data.split import Share
    from pellucid.data.targets import Targets
    from pellucid.files import Model

TAKEN = (
    "a Dataset, Splits, the path or name of data, arrays by name, or pixels (N, H, W, C) with "
    "labels"
)
"""What may be given as pictures."""


def training_data(
    pictures: Any,
    labels: Any,
    validation_data: Any = None,
    *,
    allow_one_class: bool = False,
    image_size: tuple[int, int] | None = None,
    validation: Share | None = None,
    seed: int = 0,
    tasks: tuple[str, ...] = (ClassTargets.kind,),
    like: Preprocessing | None = None,
    max_pixels: int = MAX_PIXELS,
    group: str | None = None,
    sound: object = None,
    units: str | None = None,
    decisions: Any = None,
) -> tuple[Dataset, Dataset | None, tuple[Any, ...]]:
    """Pictures to learn from and to validate by, from whatever was given.

    Args:
        pictures: A data set; Splits, of which the training and the validation part are used; what
            :func:`pellucid.data.load` takes; or pixels (N, H, W, C) or (N, H, W), uint8 0..255.
        labels: One a picture where pixels are given, else None; see :mod:`pellucid.data.labels`.
        validation_data: A data set, or pixels and labels, of the same classes; it replaces the
            validation part that the pictures bring.
        allow_one_class: Whether to load data of one class only.
        image_size: (height, width) that picture files are brought to; None for their own.
        validation: How much to hold out where there is nothing to validate by; None for the
            default, which is nothing of data in memory.
        seed: Decides which pictures are held out.
        tasks: What may be learned; labels that could be for another task are read as the first.
        like: How pictures are converted and resized, those of arrays too; None to decide that by
            the pictures.
        max_pixels: Picture files with more pixels are left out.
        group: What keeps pictures of files together when parts are drawn.
        sound: How recordings become pictures.
        units: What the texts of recordings are made of.
        decisions: What people decided about pictures that are named, or the path of its file.

    Returns:
        The data to learn from, to validate by (or None), and the files that cannot be used.

    Raises:
        DataError: The data cannot be used, or those to validate by are of another kind.
        ArgumentError: It is not what may be given; the message names what came.
    """
    check_validation(validation)
    if image_size is not None:
        check_image_size(image_size)
    held: Dataset | None = None
    quarantined: tuple[Any, ...] = ()
    if isinstance(pictures, str | os.PathLike | Mapping):
        _check_no_labels(labels, pictures)
        splits = read_splits(
            pictures,
            Reading(
                max_pixels=max_pixels, group=group, sound=sound, units=units, decisions=decisions
            ),
            allow_one_class=allow_one_class, image_size=image_size, validation=validation,
            seed=seed, task=tasks[0] if len(tasks) == 1 else None, like=like,
        )  # fmt: skip
        data, held, quarantined = splits.train, splits.validation, splits.quarantined
    elif decisions is not None:
        raise ArgumentError(
            f"decisions are given, but the pictures are {came(pictures)}, which were read already; "
            "give the decisions where they are loaded, load(…, decisions=…)"
        )
    elif isinstance(pictures, Splits):
        _check_no_labels(labels, pictures)
        data, held = pictures.train, pictures.validation
    elif isinstance(pictures, Dataset):
        _check_no_labels(labels, pictures)
        data = pictures
    else:
        _check_labelled(pictures, labels, "fit")
        task = task_of_array(labels)
        data = dataset_from(pictures, labels, task=task if task in tasks else tasks[0])
    if len(tasks) == 1:
        data = _as_task(data, tasks[0])
        held = held and _as_task(held, tasks[0])
    if like is None:
        check_not_resized(data, image_size)
    else:
        data, held = fitted(data, like), held and fitted(held, like)
    if validation_data is not None:
        held = _validation(validation_data, data, like)
    elif validation and not isinstance(pictures, str | os.PathLike | Mapping):
        data, held = _held_out(data, held, validation, seed)
    return data, held, quarantined


def _held_out(
    data: Dataset, held: Dataset | None, validation: Share, seed: int
) -> tuple[Dataset, Dataset]:
    """Data in memory without what is held out of them to validate by."""
    if held is not None:
        raise ArgumentError(
            f"validation is {brief_repr(validation)}, but these Splits have a validation part; "
            "leave validation out, or give their training part alone"
        )
    check_own(data.name, data.own)
    parts = stratified_split(
        data.targets.strata, {"validation": validation},
        seed=seed, name=data.name, groups=data.groups,
    )  # fmt: skip
    return data.subset(parts["train"]), data.subset(parts["validation"], "validation")


def are_picture_files(pictures: Any) -> bool:
    """Whether data are named that consist of picture files, which can be brought to any size."""
    if not isinstance(pictures, str | os.PathLike) or pictures in BUILTIN:
        return False
    return is_of_pictures(locate(pictures))


def evaluation_data(
    pictures: Any, labels: Any, model: Model, *, max_pixels: int | None = None
) -> tuple[Dataset, list[str]]:
    """Pictures to judge a model by, with the model's classes, from whatever was given.

    Args:
        pictures: As :func:`training_data` takes it. Of Splits, the test part is used; of a path or
            a name, what :func:`pellucid.files.held_out.held_out` finds that was not learned.
        labels: As :func:`training_data` takes them, of the kind that the model answers.
        model: The model.
        max_pixels: Picture files with more pixels are left out; None: as in the model's training.

    Returns:
        The pictures, and one line for the user on each thing worth knowing.

    Raises:
        DataError: The data cannot be used, or a class is none of the model's.
        ArgumentError: It is not what may be given; the message names what came.
    """
    if isinstance(pictures, str | os.PathLike | Mapping):
        _check_no_labels(labels, pictures)
        return held_out(pictures, model, max_pixels=max_pixels)
    if isinstance(pictures, Splits):
        if pictures.test is None:
            raise DataError(
                f"Splits of {printable(pictures.train.name)} without a test part; judge by "
                f"another, for example evaluate(splits.validation)"
            )
        _check_no_labels(labels, pictures)
        pictures = pictures.test
    if isinstance(pictures, Dataset):
        _check_no_labels(labels, pictures)
        if TRANSFER in model.provenance:
            pictures = fitted(pictures, model.preprocessing)
        return in_task(
            pictures, pictures.name, model.preprocessing, model.task.known(), source_classes(model)
        ), []
    _check_labelled(pictures, labels, "evaluate")
    data = _counted_in(
        pictures, labels, model.task.known(), model.preprocessing.value_range, "pictures"
    )
    return fitted(data, model.preprocessing) if TRANSFER in model.provenance else data, []


def _validation(given: Any, data: Dataset, like: Preprocessing | None) -> Dataset:
    if isinstance(given, Dataset):
        validation = given
    elif isinstance(given, tuple | list) and len(given) == 2:
        images, labels = given
        validation = _counted_in(images, labels, data.targets, data.value_range, "validation_data")
    else:
        raise ArgumentError(
            f"validation_data is {came(given)}; expected a Dataset, or (pictures, labels)"
        )
    if validation.kind != data.kind:
        validation = replace(
            validation, targets=data.targets.adopt(validation.targets, validation.name)
        )
    if like is not None:
        validation = fitted(validation, like)
    if validation.classes != data.classes or validation.image_shape != data.image_shape:
        raise DataError(
            f"{validation.name} has {array_shape(validation.image_shape)} pictures of the classes "
            f"{listed(validation.classes)}, but training has {array_shape(data.image_shape)} of "
            f"{listed(data.classes)}; validation data must be of the same kind"
        )
    return validation


def _counted_in(
    pictures: Any, labels: Any, known: Targets, ends: Range | None, name: str
) -> Dataset:
    """Arrays as a data set of classes or numbers that are known already."""
    images = with_channels(pictures, name)
    if isinstance(known, ClassTargets):
        values = checked_labels(labels, "labels", len(images))
        places = places_in(values, known.classes, known.label_kind, "labels")
        targets: Targets = ClassTargets(places, known.classes, known.label_kind)
    else:
        given = array_targets(
            {name: labels}, {name: "labels"}, {name: len(images)}, name, task=known.kind
        )
        targets = known.adopt(given[name], name)
    return Dataset(eight_bit(images, ends), targets=targets, name=name, value_range=ends)


def _as_task(data: Dataset, task: str) -> Dataset:
    """Data as those for a task, as far as they can be."""
    if data.kind == task:
        return data
    like = TARGETS[task].like(data.classes)
    return replace(data, targets=like.adopt(data.targets, data.name))


def _check_no_labels(labels: Any, pictures: Any) -> None:
    if labels is not None:
        raise ArgumentError(
            f"labels are {came(labels)}, but the pictures are {came(pictures)}, which has labels "
            f"of its own; leave the labels out"
        )


def _check_labelled(pictures: Any, labels: Any, method: str) -> None:
    if isinstance(pictures, tuple) and len(pictures) == 2 and labels is None:
        raise ArgumentError(
            f"pictures are a tuple of two; give pictures and labels apart: {method}(x, y)"
        )
    if pictures is None or isinstance(pictures, bytes | int | float | set):
        raise ArgumentError(f"pictures are {came(pictures)}; expected {TAKEN}")
    if labels is None:
        raise ArgumentError(
            f"pictures are {came(pictures)} without labels; give one a picture: "
            f"{method}(pictures, labels), or {TAKEN.removesuffix(' with labels')}"
        )


def came(value: Any) -> str:
    """Return what a value is, in a few words: its type, and its shape, length or text."""
    kind = type(value).__name__
    if value is None:
        return "None"
    if isinstance(value, str | os.PathLike):
        return f"{quoted(os.fspath(value), 80)}"
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        dtype = getattr(value, "dtype", "")
        return f"an array {shape} {dtype}".strip() if isinstance(value, np.ndarray) else kind
    if isinstance(value, list | tuple | dict | set):
        return f"a {kind} of {len(value)}"
    return f"a {kind}"
