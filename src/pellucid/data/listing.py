"""List the picture files of a source, whatever it is, without decoding any."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.annotations.recognise import ANNOTATION_SUFFIXES, holds_boxes, scan_boxes
from pellucid.data.annotations.scan_captions import holds_captions, scan_captions
from pellucid.data.boxes import Boxes
from pellucid.data.captions import Captions
from pellucid.data.detect_format import BUILTIN, locate
from pellucid.data.folder import PictureFolder, scan_folder
from pellucid.data.groups import GroupError, block_size, file_groups, file_rule, in_blocks
from pellucid.data.idx_folder import find_idx_files
from pellucid.data.labels import is_integer
from pellucid.data.reading import Reading
from pellucid.data.shards.index import ShardIndex, is_shards
from pellucid.data.table import TABLE_SUFFIXES, csv_content, scan_table
from pellucid.data.targets import Numbers, Unlabelled
from pellucid.data.test_fold import with_fold
from pellucid.data.transcript_files import has_sidecars, scan_sidecars, transcript_column
from pellucid.data.transcripts import Transcripts, check_units
from pellucid.data.unlabelled_pictures import scan_unlabelled
from pellucid.errors import DataError, PellucidError
from pellucid.text import printable

if TYPE_CHECKING:
    import os
    from pathlib import Path

DEFAULTS = Reading()


def listing(
    source: str | os.PathLike[str],
    *,
    path_column: str | None = None,
    label_column: str | None = None,
) -> PictureFolder:
    """Return every picture file of a folder or of a CSV file, with class and part.

    Args:
        source: A folder with one folder per class, divided into parts or not; or a CSV file of
            ``path,label`` (see :func:`pellucid.data.load`).
        path_column: As :func:`pellucid.data.load` takes it.
        label_column: As :func:`pellucid.data.load` takes it.

    Returns:
        The files by part. None is decoded: they may be no pictures.

    Raises:
        DataError: There is no such source, or it is none of picture files.
    """
    path = locate(source)
    if not is_of_pictures(path):
        raise DataError(
            f"{printable(path)}: arrays; expected a folder of picture files or a CSV file"
        )
    return scanned(path, Reading(path_column=path_column, label_column=label_column))


def is_of_pictures(path: Path) -> bool:
    """Return whether a path that was located is of picture files, not of arrays."""
    if path.is_file():
        return path.suffix.lower() in (*TABLE_SUFFIXES, *ANNOTATION_SUFFIXES)
    return not find_idx_files(path)


def task_at_a_glance(source: str, reading: Reading = DEFAULTS) -> str | None:
    """Return what data are for where their layout says it, before any are read; else None.

    Boxes, captions and transcripts are recognised so, and shards of pictures alone. What is wrong
    with the data, reading them says.

    Args:
        source: As :func:`pellucid.data.load` takes a path or a name.
        reading: How they are read; the columns of a CSV file count.
    """
    if source in BUILTIN:
        return None
    try:
        path = locate(source)
        if is_shards(path):
            kind = ShardIndex.read(path).targets.kind
            said = Captions.kind, Boxes.kind, Transcripts.kind, Unlabelled.kind
            return kind if kind in said else None
        if holds_captions(path, reading):
            return Captions.kind
        if holds_boxes(path, reading):
            return Boxes.kind
        return Transcripts.kind if _holds_transcripts(path, reading) else None
    except PellucidError:
        return None


def _holds_transcripts(path: Path, reading: Reading) -> bool:
    """Whether a path that is there holds recordings with what is said in them."""
    if not path.is_file():
        return has_sidecars(path) and scan_sidecars(path, reading) is not None
    if path.suffix.lower() not in TABLE_SUFFIXES:
        return False
    first = next(iter(csv_content(path).splitlines()), "")
    name = reading.label_column or transcript_column(printable(path), first, reading.path_column)
    return name is not None and _scanned(path, reading, None).targets.kind == Transcripts.kind


def scanned(path: Path, reading: Reading = DEFAULTS, task: str | None = None) -> PictureFolder:
    """Return the picture files of a path that was located and is of picture files.

    Args:
        path: The path.
        reading: How it is read; the columns of a CSV file and the groups count.
        task: What the labels are for; None to recognise it.

    Raises:
        DataError: It cannot be read, or its layout not be understood.
        GroupError: A picture's group cannot be said.
        ArgumentError: A column is named, and it is no CSV file or has no such column.
    """
    found = _scanned(path, reading, task)
    check_units(reading.units, found.targets, printable(path))
    fold = reading.test_fold
    return found if fold is None else with_fold(found, fold, printable(path))


def _scanned(path: Path, reading: Reading, task: str | None) -> PictureFolder:
    if task == Unlabelled.kind:
        found = scan_unlabelled(path, reading)
        named = all(file.group is not None for files in found.parts.values() for file in files)
        if reading.group is None or named:
            return found
        return _grouped(found, reading.group, printable(path), of_classes=False)
    written = scan_captions(path, reading, task)
    if written is None:
        written = scan_boxes(path, reading, task)
    if written is not None:
        named = all(file.group is not None for files in written.parts.values() for file in files)
        if reading.group is None or named:  # a column has named them
            return written
        return _grouped(written, reading.group, printable(path), of_classes=False)
    if path.is_file():
        return scan_table(
            path, reading.path_column, reading.label_column, task, reading.group,
            reading.side_cameras, reading.units,
        )  # fmt: skip
    reading.check_no_columns(path)
    said = scan_sidecars(path, reading, task)
    if said is not None:
        if reading.group is None:
            return said
        return _grouped(said, reading.group, printable(path), of_classes=False)
    found = scan_folder(path)
    if reading.group is not None:
        found = _grouped(found, reading.group, printable(path))
    if task in (None, found.targets.kind):
        return found
    if task == Numbers.kind and all(map(is_integer, found.classes)):
        return replace(found, targets=Numbers(np.zeros((0, 1)), ("target",)))
    raise DataError(
        f"{printable(path)}: a folder says one class a picture, and is asked for {task}; give a "
        "CSV file of path,label"
    )


def _grouped(found: PictureFolder, by: str, name: str, *, of_classes: bool = True) -> PictureFolder:
    """The pictures of a folder, maybe one of classes, with their groups."""
    size = block_size(by)
    if size is not None:
        return replace(found, parts=in_blocks(found.parts, by, size))
    rule = file_rule(by)
    if rule is None:
        raise GroupError(
            f"{name}: has no column '{printable(by)}' for groups; expected "
            "'folder', a template such as '*_{group}_*', or a regular expression with one group"
        )
    parts = {}
    for part, files in found.parts.items():
        class_at = int(part != "all") if of_classes else None
        groups = file_groups(files, by, rule, class_at)
        parts[part] = tuple(
            replace(file, group=group) for file, group in zip(files, groups, strict=True)
        )
    return replace(found, parts=parts)
