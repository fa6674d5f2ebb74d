"""Parts of data as a model takes them: its preprocessing, its classes, its kind of targets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pellucid.data.arrays import array_parts, datasets_from
from pellucid.data.cache import open_picture_cache
from pellucid.data.class_names import FILE as CLASSES_FILE
from pellucid.data.decisions.marks import decided, marked
from pellucid.data.decisions.matched import match_arrays, match_files
from pellucid.data.detect_format import locate
from pellucid.data.fitted import fitted
from pellucid.data.idx_folder import find_idx_files, load_idx_folder
from pellucid.data.listing import is_of_pictures, scanned
from pellucid.data.mnist import PARTS as MNIST_PARTS
from pellucid.data.mnist import load_mnist
from pellucid.data.npz import read_npz
from pellucid.data.pictures import read_pictures
from pellucid.data.reading import Reading
from pellucid.data.shards.index import ShardIndex, is_shards
from pellucid.data.shards.source import open_shards
from pellucid.data.sources import (
    NO_PICTURES,
    PictureSource,
    check_known,
    class_terms,
    in_task,
    with_classes,
)
from pellucid.data.targets import NONE, ClassTargets, Unlabelled
from pellucid.errors import ArgumentError, DataError
from pellucid.text import folder_name, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pellucid.data.dataset import Dataset
    from pellucid.data.preprocessing import Preprocessing
    from pellucid.data.targets import Targets

    DataSource = str | os.PathLike[str] | Mapping[str, Any]
    """The path of data, the name of a built-in set, or arrays by name."""

SPLITS = ("train", "validation", "test")
"""Names of the parts of divided data."""


class MissingPartError(DataError):
    """Divided data have no such part; ``parts`` are those that they have."""

    def __init__(self, message: str, parts: tuple[str, ...]) -> None:
        super().__init__(message)
        self.parts = parts


def read_for(
    source: DataSource,
    reading: Reading,
    *,
    preprocessing: Preprocessing,
    classes: Sequence[str],
    source_classes: tuple[str, ...] | None = None,
    known: Targets | None = None,
    split: str = "test",
    resized: bool = False,
    undecided: bool = False,
) -> Dataset:
    """Load pictures to judge a model by, as :func:`pellucid.data.load_for` does.

    Args:
        source: As :func:`pellucid.data.load` takes it.
        reading: How the data are read.
        preprocessing: The model's.
        classes: The model's class names, in its order.
        source_classes: What the model's training data called them, if they were renamed.
        known: The model's targets, of no picture; None for those of one of these classes a picture.
        split: Which part of divided data.
        resized: Whether arrays of another size are converted, as those were that the model learned.
        undecided: Whether the pictures only get marks of what is decided about them, see
            :class:`pellucid.data.decisions.marks.Marks`.
    """
    found = _read_for(
        source, reading, preprocessing=preprocessing, classes=classes,
        source_classes=source_classes, known=known, split=split, resized=resized,
    )  # fmt: skip
    return found if undecided else decided(found)


def _read_for(
    source: DataSource,
    reading: Reading,
    *,
    preprocessing: Preprocessing,
    classes: Sequence[str],
    source_classes: tuple[str, ...] | None,
    known: Targets | None,
    split: str,
    resized: bool,
) -> Dataset:
    preprocessing = replace(preprocessing, invert=False)  # for pictures that are given one by one
    like = ClassTargets(NONE, tuple(classes)) if known is None else known
    if split not in SPLITS:
        raise ArgumentError(f"split is {split!r}; expected one of {', '.join(SPLITS)}")
    if source == "mnist":
        _check_part("mnist", MNIST_PARTS, split)
        dataset = load_mnist([part for part in MNIST_PARTS if part == split])[split]
        dataset = _marked(dataset, reading, split, "mnist")
        return _in_task(dataset, "mnist", preprocessing, like, source_classes, resized=resized)
    if isinstance(source, Mapping):
        dataset = _of_arrays(source, "arrays", preprocessing, split, like, reading)
        return _in_task(dataset, "arrays", preprocessing, like, source_classes, resized=resized)
    path = locate(source)
    name = printable(path)
    if is_shards(path):
        shards = open_shards(path, reading, like=preprocessing)
        part = "all" if "all" in shards.parts else split
        _check_part(name, shards.parts, part)
        return in_task(shards.read(part), name, preprocessing, like, source_classes)
    if not is_of_pictures(path):
        most = reading.max_bytes
        if path.is_file():
            arrays = read_npz(path, max_bytes=most)
            dataset = _of_arrays(arrays, name, preprocessing, split, like, reading)
            return _in_task(dataset, name, preprocessing, like, source_classes, resized=resized)
        _check_part(name, tuple(find_idx_files(path)), split)
        dataset = load_idx_folder(path, (split,), max_bytes=most)[split]
        names = classes_file(path)
        if names is not None and not set(dataset.classes) <= set(like.names):
            # of all parts, since the labels that occur decide what the names count
            dataset = with_classes(load_idx_folder(path, max_bytes=most), names, name)[split]
        dataset = _marked(dataset, reading, split, name)
        return _in_task(dataset, name, preprocessing, like, source_classes, resized=resized)
    found = scanned(path, reading, like.kind)
    part = "all" if "all" in found.parts else split
    _check_part(name, tuple(found.parts), part)
    matched = None if reading.decisions is None else match_files(reading.decisions, found, name)
    left_out = frozenset[str]() if matched is None else matched.left_out
    unlisted = tuple(file for file in found.bad if file.part == part)
    if unlisted and reading.bad == "error":
        raise DataError(f"{name}: {printable(unlisted[0].name)}: {unlisted[0].reason}")
    files = found.parts[part]
    if not files:
        raise DataError(f"{name}: no pictures to read; {found.advice or NO_PICTURES}")
    labels = found.targets
    if isinstance(like, ClassTargets):
        occurring = sorted({file.class_name for file in files})
        terms = class_terms(occurring, like.classes, source_classes)
        check_known(name, occurring, terms)
        labels = ClassTargets(NONE, terms)
    title = folder_name(path) if part == "all" else part
    kept, _ = open_picture_cache(reading.cache, found.root)
    dataset = read_pictures(
        files, labels, preprocessing, title,
        bad="quarantine" if left_out else reading.bad, max_pixels=reading.max_pixels, cache=kept,
    )  # fmt: skip
    lost = [file for file in dataset.quarantined if printable(file.name) not in left_out]
    if lost and reading.bad == "error":
        raise DataError(f"{name}: {printable(lost[0].name)}: {lost[0].reason}")
    targets = dataset.targets
    if isinstance(targets, ClassTargets):
        targets = replace(targets, classes=like.names, source_classes=source_classes)
    else:
        targets = like.adopt(targets, name)
    dataset = replace(dataset, targets=targets, quarantined=(*unlisted, *lost))
    return dataset if matched is None else marked(dataset, matched, part)


def part_names(
    source: DataSource,
    *,
    max_bytes: int | None = None,
    path_column: str | None = None,
    label_column: str | None = None,
) -> tuple[str, ...]:
    """Return which parts data bring themselves: ``all`` where they are not divided.

    Args:
        source: As :func:`pellucid.data.load` takes it.
        max_bytes: As :func:`pellucid.data.load` takes it.
        path_column: The column of a list's paths, where it is none that is recognised.
        label_column: The column of its labels, or several.

    Raises:
        DataError: There are no such data.
    """
    if source == "mnist":
        return MNIST_PARTS
    if isinstance(source, Mapping):
        return array_parts(source, "arrays")
    path = locate(source)
    if is_shards(path):
        return tuple(ShardIndex.read(path).parts)
    if is_of_pictures(path):
        reading = Reading(path_column=path_column, label_column=label_column)
        return tuple(scanned(path, reading).parts)
    if path.is_file():
        return array_parts(read_npz(path, max_bytes=max_bytes), printable(path))
    return tuple(find_idx_files(path))


def load_all(source: str | os.PathLike[str], *, max_bytes: int | None = None) -> Dataset:
    """Return all pictures of data that are not divided, with their own classes and size.

    Args:
        source: A path.
        max_bytes: As :func:`pellucid.data.load` takes it.

    Raises:
        DataError: There are no such data, or they are divided.
    """
    path = locate(source)
    _check_part(printable(path), part_names(path, max_bytes=max_bytes), "all")
    if path.is_file() and not is_of_pictures(path):
        arrays = read_npz(path, max_bytes=max_bytes)
        return datasets_from(arrays, printable(path), ("all",))["all"]
    if is_shards(path):
        return open_shards(path, Reading()).read("all")
    found = scanned(path)
    kept, note = open_picture_cache(True, found.root)
    origin = PictureSource(printable(path), found, None, Reading(), True, kept, note)
    return origin.read("all")


def classes_file(folder: Path) -> Path | None:
    """The file of class names in a folder, if there is one."""
    path = folder / CLASSES_FILE
    return path if os.path.lexists(path) else None


def _in_task(
    dataset: Dataset,
    name: str,
    preprocessing: Preprocessing,
    like: Targets,
    source_classes: tuple[str, ...] | None,
    *,
    resized: bool,
) -> Dataset:
    suited = fitted(dataset, preprocessing) if resized else dataset
    return in_task(suited, name, preprocessing, like, source_classes)


def _of_arrays(
    arrays: Mapping[str, Any],
    name: str,
    preprocessing: Preprocessing,
    split: str,
    like: Targets,
    reading: Reading,
) -> Dataset:
    labelled = not isinstance(like, Unlabelled)
    parts = array_parts(arrays, name, labelled=labelled)
    part = "all" if "all" in parts else split
    _check_part(name, parts, part)
    task = None if labelled else like.kind
    found = datasets_from(arrays, name, (part,), preprocessing.value_range, task)[part]
    return _marked(found, reading, part, name)


def _marked(data: Dataset, reading: Reading, part: str, name: str) -> Dataset:
    """A part of arrays with what is decided about its pictures."""
    if reading.decisions is None:
        return data
    return marked(data, match_arrays(reading.decisions, {part: data}, name), part)


def _check_part(name: str, parts: tuple[str, ...], wanted: str) -> None:
    if wanted not in parts:
        raise MissingPartError(f"{name}: no {wanted} part; it has {' and '.join(parts)}", parts)
