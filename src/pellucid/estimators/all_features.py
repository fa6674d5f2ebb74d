"""The features of all pictures of data, in all their parts; or of pictures without labels."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ArgumentError, DataError
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.reading import Reading
    from pellucid.files import Model
    from pellucid.files.feature_file import DescribedFeatures, FeatureSet, PictureFeatures
    from pellucid.transfer.body import Body
    from pellucid.transfer.features import FeatureReader, Watching

TOGETHER = 64
"""Pictures without labels that are in memory at a time."""


def read_features(
    source: str,
    given: str,
    reading: Reading,
    task: str | None,
    engine: str,
    watching: Watching,
) -> tuple[FeatureSet | DescribedFeatures, tuple[str, ...]]:
    """What a body sees in all pictures of some data, and what the user should know of these.

    Args:
        source: The data, as :func:`pellucid.data.load` takes them.
        given: The network, as :func:`pellucid.interop.models.find_model` takes it.
        reading: How the data are read.
        task: What the labels are for; None to recognise it.
        engine: Who computes.
        watching: Called with how far it is.

    Raises:
        PellucidError: Whatever is wrong with the data or the network; one line.
    """
    from pellucid.data.load import read_parts
    from pellucid.tasks import TASKS
    from pellucid.training.head import feature_set

    _, body, reader = _opened(given, reading, engine)
    like = replace(body.preprocessing, value_range=None, invert=False)
    parts, notes = read_parts(source, reading, like=like, task=task)
    if not parts:
        raise DataError(f"{printable(source)}: holds no pictures")
    found = {part: (data, reader.read(data.images, watching)) for part, data in parts.items()}
    targets = next(iter(parts.values())).targets
    task_of = TASKS[targets.kind]
    if task_of.of_map or task_of.makes_pictures:  # whose targets are no rows of numbers
        return _described(body, found), notes
    return feature_set(task_of.of(targets), body, found), notes


def features_to_check(
    source: str, given: str, reading: Reading, task: str | None, engine: str, watching: Watching
) -> FeatureSet:
    """What a body sees in all pictures of data whose labels are checked by that.

    Args:
        source: As in :func:`read_features`, and so are the others.
        given: The network.
        reading: How the data are read.
        task: What the labels are for.
        engine: Who computes.
        watching: Called with how far it is.

    Raises:
        ArgumentError: The data have boxes or texts.
        PellucidError: As :func:`read_features`.
    """
    from pellucid.files.feature_file import FeatureSet

    found, _ = read_features(source, given, reading, task, engine, watching)
    if not isinstance(found, FeatureSet):
        raise ArgumentError(
            "features show wrong classes, labels and numbers, and these data have boxes or texts; "
            "check them without features"
        )
    return found


def _described(
    body: Body, found: Mapping[str, tuple[Dataset, NDArray[np.float32]]]
) -> DescribedFeatures:
    """Features of parts of data with what is known of each picture, as tables have it."""
    from pellucid.data.decisions.marks import decisions_of
    from pellucid.files.feature_file import PARTS, DescribedFeatures

    datasets = [data for data, _ in found.values()]
    lengths = [len(data) for data in datasets]
    return DescribedFeatures(
        np.concatenate([features for _, features in found.values()]),
        tuple(data.picture_name(i) for data in datasets for i in range(len(data))),
        body.digest.hex(),
        tuple(" ".join(data.targets.cells(i)) for data in datasets for i in range(len(data))),
        np.repeat(np.array([PARTS.index(part) for part in found], np.uint8), lengths),
        decisions=decisions_of(datasets),
    )


def read_unlabelled(
    texts: Sequence[str], given: str, reading: Reading, engine: str, watching: Watching
) -> tuple[PictureFeatures | None, list[str], list[str]]:
    """What a body sees in pictures without labels; the others; and what the user should know.

    Args:
        texts: As :func:`pellucid.data.asked.find_pictures` takes them.
        given: As in :func:`read_features`.
        reading: Which files are too large, and the column of a list's paths.
        engine: Who computes.
        watching: Called with how far it is.

    Returns:
        The features, None where no picture can be used; a line on each that cannot; and notes.
    """
    from pellucid.data.asked import find_pictures
    from pellucid.files.feature_file import PictureFeatures
    from pellucid.files.referenced import ReferencedPictures

    model, body, reader = _opened(given, reading, engine)
    limit, read = reading.max_pixels, model.preprocessing.read
    pictures = ReferencedPictures(model, max_pixels=limit, max_bytes=reading.max_bytes)
    asked = find_pictures(texts, pictures.part, reading.path_column)
    names, found, problems = [], [], list(asked.problems)
    total = len(asked.pictures)
    for first in range(0, total, TOGETHER):
        some = asked.pictures[first : first + TOGETHER]
        images = []
        for picture in some:
            source = picture if isinstance(picture, Path) else picture.picture
            try:
                images.append(read(source, max_pixels=limit))
            except DataError as error:
                problems.append(str(error))
            else:
                names.append(str(picture) if isinstance(picture, Path) else picture.name)
        if images:
            found.append(reader.read(np.stack(images)))
        watching(first + len(some), total)
    if not found:
        return None, problems, asked.notes
    notes = [*asked.notes, f"no labels are known of {counted(len(names), 'picture')}"]
    kept = PictureFeatures(np.concatenate(found), tuple(names), body.digest.hex())
    return kept, problems, notes


def are_labelled(texts: Sequence[str], reading: Reading, task: str | None) -> bool:
    """Whether what a user names is labelled data, rather than pictures of which nothing is known.

    Data are one folder with folders in it or IDX files, a CSV file with columns of paths and
    labels, a file of arrays, a built-in set; and what can be neither is refused as data are.

    Args:
        texts: As the user wrote them.
        reading: The columns of a CSV file, and what is decided about labelled pictures.
        task: What the labels are for, which only data have.

    Raises:
        ArgumentError: Labels are asked for of several things, which are read without.
    """
    from pellucid.data.asked import is_pattern
    from pellucid.data.detect_format import BUILTIN
    from pellucid.data.layout import PARTS
    from pellucid.data.listing import is_of_pictures
    from pellucid.data.ours import own_folder
    from pellucid.data.picture_files import is_picture
    from pellucid.data.reference import parse_reference
    from pellucid.data.table import TABLE_SUFFIXES, lists_labels
    from pellucid.data.walk import entries

    asks = any(each is not None for each in (task, reading.label_column, reading.decisions))
    if len(texts) > 1 and asks:
        raise ArgumentError(
            f"{counted(len(texts), 'name')} are given, whose pictures are read without labels; "
            "name one data set, or leave --task, --label-column and --decisions out"
        )
    if asks or len(texts) > 1:
        return asks
    (text,) = texts
    path = Path(text)
    if not text or text in BUILTIN:
        return True
    if not os.path.lexists(text):
        return parse_reference(text) is None and not is_pattern(text)
    if path.is_dir():
        if not is_of_pictures(path) or own_folder(path) is not None:
            return True
        here = entries(path, path, may_hold_runs=PARTS)
        return bool(here.folders) or not any(map(is_picture, here.files))
    if path.suffix.lower() in TABLE_SUFFIXES:
        return lists_labels(path, reading.path_column)
    return not is_picture(path)


def _opened(given: str, reading: Reading, engine: str) -> tuple[Model, Body, FeatureReader]:
    """A network, its body, and what computes features."""
    from pellucid.engines import get_engine
    from pellucid.estimators.remembered import remembered_model
    from pellucid.transfer.body import Body
    from pellucid.transfer.feature_cache import open_feature_cache
    from pellucid.transfer.features import FeatureReader

    model = remembered_model(given, engine)
    body = Body.for_features(model, given)
    return model, body, FeatureReader(body, get_engine(engine), open_feature_cache(reading.cache))
