"""From annotations to picture files with boxes that lie inside their pictures."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.boxes import Boxes, text_of
from pellucid.data.cache import open_picture_cache
from pellucid.data.decode import header
from pellucid.data.decoded import PictureFile, bad_file, reason_of
from pellucid.data.faults import (
    CLIPPED,
    INVERTED,
    OUTSIDE,
    UNLABELLED,
    WITHOUT_AREA,
    Fault,
    first_fault,
)
from pellucid.data.folder import PictureFolder
from pellucid.data.groups import Group
from pellucid.errors import DataError
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.annotations.annotated import Annotated, Annotations, RawBox
    from pellucid.data.boxes import BoxRow
    from pellucid.data.cache import PictureCache
    from pellucid.data.quarantine import BadFile
    from pellucid.data.reading import Reading

_TOLERANCE = 1.0
"""Pixels by which a box may reach out of its picture without a word: tools count from 0 or 1."""

LONGER_SIDE = 416
"""Pixels of the longer side that pictures with boxes get where it is not asked: small things are
lost in less, and it takes a processor a second or so in more."""

STRIDE = 32
"""By what detectors reduce a picture: sides are multiples of it."""


def picture_boxes(found: Annotations, reading: Reading) -> PictureFolder:
    """List the pictures of some annotations with their boxes inside them, by part.

    Of each picture the header is read, for its size. Corners in the wrong order are exchanged,
    boxes are cut off at the picture's edges, and those without an area left out; what was changed
    is counted. A picture that is not there, cannot be read, or has another size than its
    annotations say is a bad file.

    Args:
        found: What a reader found.
        reading: How data are read.

    Raises:
        DataError: No picture can be used, or there is no box in all of them.
    """
    root = found.root
    place = printable(root)
    if not found.pictures:
        raise DataError(f"{place}: {found.form} without pictures; add pictures with boxes")
    cache, _ = open_picture_cache(reading.cache, root)
    files: dict[str, list[PictureFile]] = {}
    bad: list[BadFile] = []
    faults = [Fault(UNLABELLED, name, "has no annotations") for name in found.unlabelled]
    names: Counter[str] = Counter()
    for picture in found.pictures:
        of_part = files.setdefault(picture.part, [])
        file = PictureFile(picture.path, picture.name, "", picture.part, place=picture.place)
        try:
            size = _size_of(picture, file, reading.max_pixels, cache)
        except DataError as error:
            bad.append(bad_file(file, reason_of(picture.path, error)))
            continue
        rows = _inside(picture, size, faults)
        names.update(name for name, *_ in rows)
        group = Group(reading.group, picture.group) if reading.group and picture.group else None
        of_part.append(replace(file, class_name=text_of(rows), size=size, group=group))
    usable = sum(map(len, files.values()))
    if not usable:
        first = bad[0]
        raise DataError(
            f"{place}: none of the {counted(len(bad), 'picture')} of its {found.form} can be "
            f"used, the first: {printable(first.name)}: {first.reason}"
        )
    if not names:
        raise DataError(
            f"{place}: {found.form} of {counted(usable, 'picture')} without a single box; add "
            f"boxes around what is to be found{first_fault(faults)}"
        )
    return PictureFolder(
        root,
        Boxes.like(tuple(sorted(names))),
        {part: tuple(of_part) for part, of_part in files.items()},
        (f"boxes: {found.form}", *found.notes),
        tuple(bad),
        faults=tuple(faults),
    )


def image_size_for(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The height and width for pictures with boxes where it is not asked.

    Args:
        sizes: Width and height of each picture, at least one.

    Returns:
        Multiples of 32, nearest to the median shape scaled down to a longer side of 416; of two
        the larger.
    """
    width, height = (float(np.median(side)) for side in zip(*sizes, strict=True))
    scale = min(1.0, LONGER_SIDE / max(width, height))
    high, wide = (max(1, int(side * scale / STRIDE + 0.5)) * STRIDE for side in (height, width))
    return high, wide


def _size_of(
    picture: Annotated, file: PictureFile, max_pixels: int, cache: PictureCache | None
) -> tuple[int, int]:
    """Width and height of a picture, by its header.

    Raises:
        DataError: It is not there, cannot be read, or its annotations are for another size.
    """
    if not picture.path.exists():
        raise DataError("no such file; put the picture there, or remove its annotations")
    head = (
        header(picture.path, max_pixels) if cache is None else cache.files.header(file, max_pixels)
    )
    size = head.width, head.height
    written = picture.size
    if written is None or written == size or not all(written):
        return size  # what is written as 0 is not known
    how = " (it lies on its side, as its Exif data say)" if written == size[::-1] else ""
    raise DataError(
        f"its annotations are for {written[0]}×{written[1]} pixels, and it has "
        f"{size[0]}×{size[1]}{how}; annotate it as it is"
    )


def _inside(picture: Annotated, size: tuple[int, int], faults: list[Fault]) -> list[BoxRow]:
    """The boxes of a picture, inside it; what is wrong is added to the faults."""
    width, height = size
    rows: list[BoxRow] = []
    for box in picture.boxes:
        x0, y0, x1, y1 = box.corners
        if picture.shares:
            x0, y0, x1, y1 = x0 * width, y0 * height, x1 * width, y1 * height

        def fault(kind: str, box: RawBox = box) -> None:
            corners = ", ".join(f"{corner:g}" for corner in box.corners)
            words = f"{printable(box.name)} ({corners}) in {picture.place}"
            faults.append(Fault(kind, picture.name, words))

        if x0 == x1 or y0 == y1:
            fault(WITHOUT_AREA)
            continue
        if x0 > x1 or y0 > y1:
            fault(INVERTED)
            x0, x1, y0, y1 = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
        inside = max(x0, 0.0), max(y0, 0.0), min(x1, float(width)), min(y1, float(height))
        if inside[0] >= inside[2] or inside[1] >= inside[3]:
            fault(OUTSIDE)
            continue
        if min(x0, y0) < -_TOLERANCE or x1 > width + _TOLERANCE or y1 > height + _TOLERANCE:
            fault(CLIPPED)
        rows.append((box.name, *inside, box.ignored))
    return rows
