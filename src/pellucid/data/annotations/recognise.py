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
from pellucid.data.ours import own_folder
from pellucid.data.table import TABLE_SUFFIXES
from pellucid.data.walk import visible_files
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
    ``data.yaml``, or a CSV file with columns of boxes, or the folder that it lies in; see
    ``docs/detection.md``.

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
        table: Path | None = path
        found = None
    else:
        reading.check_no_columns(path)
        found = _annotations(path)
        table = _table_in(path, reading) if found is None and wanted else None
    columns = None if table is None or not wanted else box_columns(table, reading)
    if table is not None and columns is not None:
        return picture_boxes(read_box_table(table, columns), reading)
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
        return any(is_form(path) for is_form, _ in _READERS) or _table_in(path, reading) is not None
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


def _table_in(folder: Path, reading: Reading) -> Path | None:
    """The CSV file of boxes that lies in a folder, beside its pictures or their folders; else None.

    Raises:
        DataError: There are several.
    """
    if not folder.is_dir() or own_folder(folder) is not None:
        return None
    try:
        files = [file for file in visible_files(folder) if file.suffix.lower() in TABLE_SUFFIXES]
    except DataError:  # reading it says so
        return None
    tables = [file for file in files if _lists_boxes(file, reading)]
    if len(tables) > 1:
        raise DataError(
            f"{printable(folder)}: {printable(tables[0].name)} and {printable(tables[1].name)} are "
            "both lists of boxes; give the path of one of them"
        )
    return tables[0] if tables else None


def _lists_boxes(table: Path, reading: Reading) -> bool:
    try:
        return box_columns(table, reading) is not None
    except DataError:  # another list, which cannot be read: nothing was asked of it
        return False
