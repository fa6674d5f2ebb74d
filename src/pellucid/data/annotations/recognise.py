"""Which files of annotations a path holds, by their content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.annotations.box_table import box_columns, read_box_table
from pellucid.data.annotations.class_lists import YAML
from pellucid.data.annotations.coco import is_coco, read_coco, read_coco_file
from pellucid.data.annotations.files import folders_in
from pellucid.data.annotations.picture_boxes import picture_boxes
from pellucid.data.annotations.voc import is_voc, read_voc
from pellucid.data.annotations.yolo import is_yolo, read_yolo
from pellucid.data.boxes import Boxes
from pellucid.data.table import TABLE_SUFFIXES
from pellucid.errors import DataError
from pellucid.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data.annotations.annotated import Annotations
    from pellucid.data.folder import PictureFolder
    from pellucid.data.reading import Reading

ANNOTATION_SUFFIXES = (".json", *YAML)
"""Endings, in lower case, of files that stand for pictures with boxes."""

_READERS = ((is_voc, read_voc), (is_coco, read_coco), (is_yolo, read_yolo))


def scan_boxes(path: Path, reading: Reading, task: str | None = None) -> PictureFolder | None:
    """List pictures with their boxes, if that is what a path holds.

    A folder in Pascal VOC's, COCO's or YOLO's layout, one of COCO's JSON files or YOLO's
    ``data.yaml``, or a CSV file with columns of boxes; see ``docs/detection.md``.

    Args:
        path: A folder or a file that is there.
        reading: How data are read.
        task: What the data are wanted for; None to recognise it.

    Returns:
        The files by part; None where the path holds no boxes, or its list is wanted for another
        task.

    Raises:
        DataError: There are boxes, and they cannot be read; or there are none, and they are asked
            for; or a folder of boxes is wanted for another task.
        ArgumentError: A column was named, and there is none of that name.
    """
    wanted = task in (None, Boxes.kind)
    if path.is_file() and path.suffix.lower() not in ANNOTATION_SUFFIXES:
        columns = box_columns(path, reading) if wanted else None
        if columns is not None:
            return picture_boxes(read_box_table(path, columns), reading)
        found = None
    else:
        reading.check_no_columns(path)
        found = _annotations(path)
    if found is None and task == Boxes.kind:
        raise DataError(
            f"{printable(path)}: no boxes; expected Pascal VOC (Annotations/*.xml), COCO (*.json), "
            "YOLO (labels/*.txt), or a CSV file with the columns path, x0, y0, x1, y1 and class"
        )
    if found is not None and not wanted:
        raise DataError(
            f"{printable(path)}: {found.form}, boxes around things, and is asked for {task}; "
            "expected data of that kind"
        )
    return None if found is None else picture_boxes(found, reading)


def holds_boxes(path: Path, reading: Reading) -> bool:
    """Return whether a path that is there holds pictures with boxes, without reading them.

    Args:
        path: A folder or a file.
        reading: How data are read; the columns of a CSV file count.

    Raises:
        DataError: A CSV file cannot be read.
        ArgumentError: A column was named, and there is none of that name.
    """
    if not path.is_file():
        return any(is_form(path) for is_form, _ in _READERS)
    if path.suffix.lower() in ANNOTATION_SUFFIXES:
        return True
    return path.suffix.lower() in TABLE_SUFFIXES and box_columns(path, reading) is not None


def _annotations(path: Path) -> Annotations | None:
    if path.is_file() and path.suffix.lower() in YAML:
        return read_yolo(path.parent)
    if path.is_file():
        return read_coco_file(path)
    for is_form, read in _READERS:
        if is_form(path):
            return read(path)
    folders = folders_in(path)
    if len(folders) == 1 and any(is_form(folders[0]) for is_form, _ in _READERS):
        raise DataError(
            f"{printable(path)}: holds one folder, and that holds pictures with boxes; did you "
            f"mean {printable(folders[0])}?"
        )
    return None
