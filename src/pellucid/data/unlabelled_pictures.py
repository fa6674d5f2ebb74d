"""List picture files of which nothing is wanted, whatever labels, boxes or folders they have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.data.annotations.recognise import ANNOTATION_SUFFIXES, holds_boxes, scan_boxes
from pellucid.data.decoded import PictureFile
from pellucid.data.folder import PictureFolder
from pellucid.data.layout import PARTS
from pellucid.data.left_out import left_out_notes, left_out_summary
from pellucid.data.ours import own_folder
from pellucid.data.picture_files import is_picture, of_one_kind
from pellucid.data.quarantine import BadFile
from pellucid.data.table import scan_table
from pellucid.data.unlabelled import Unlabelled
from pellucid.data.walk import files_below
from pellucid.errors import DataError
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pellucid.data.reading import Reading


def scan_unlabelled(path: Path, reading: Reading) -> PictureFolder:
    """List the picture files of any data, without their labels and without decoding any.

    Args:
        path: A folder of pictures, with or without class folders; a CSV file of paths; or pictures
            with boxes.
        reading: How they are read; the columns of a CSV file and the groups count.

    Raises:
        DataError: There are none, or the data cannot be read.
        ArgumentError: A column is named, and it is no CSV file or has no such column.
    """
    if path.is_file() and path.suffix.lower() not in ANNOTATION_SUFFIXES:
        return scan_table(path, reading.path_column, None, Unlabelled.kind, reading.group)
    reading.check_no_columns(path)
    if holds_boxes(path, reading) and (found := scan_boxes(path, reading)) is not None:
        return replace(found, targets=Unlabelled.of(0))
    return _folder(path)


def _folder(root: Path) -> PictureFolder:
    """The pictures at any depth; in parts where folders of these names hold all of them."""
    kind = own_folder(root)
    if kind is not None:
        raise DataError(
            f"{printable(root)}: {kind} that Pellucid wrote, no data; give the folder of the "
            "pictures"
        )
    below = files_below(root, root)
    passed, pictures = below.passed, [file for file in below.files if is_picture(file)]
    foreign = [file for file in below.files if not is_picture(file)]
    pictures, others = of_one_kind(pictures)
    foreign += others
    if not pictures:
        if below.unlisted:
            raise below.unlisted[0][1]
        left_out = left_out_summary((), foreign, passed)
        end = f"; {left_out}" if left_out else ""
        raise DataError(f"{printable(root)}: no pictures; put some into the folder{end}")
    part_of = _parts(root, pictures)
    parts: dict[str, list[PictureFile]] = {}
    for file in pictures:
        name, part = file.relative_to(root).as_posix(), part_of(file)
        parts.setdefault(part, []).append(PictureFile(file, name, "", part))
    bad = tuple(
        BadFile(f"{folder.relative_to(root).as_posix()}/", str(error), "", part_of(folder / "."))
        for folder, error in below.unlisted
    )
    return PictureFolder(
        root,
        Unlabelled.of(0),
        {part: tuple(files) for part, files in parts.items()},
        left_out_notes(root, [], foreign, passed),
        bad,
        left_out_summary((), foreign, passed),
    )


def _parts(root: Path, pictures: Sequence[Path]) -> Callable[[Path], str]:
    """How the part of a picture is known; all are in one where others than parts hold pictures."""
    tops = {file.relative_to(root).parts[0].casefold() for file in pictures}
    named = {PARTS.get(name) for name in tops}
    if None in named or "train" not in named:
        return lambda _: "all"
    return lambda file: PARTS.get(file.relative_to(root).parts[0].casefold(), "train")
