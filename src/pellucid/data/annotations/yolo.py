"""YOLO: a text file a picture, a line a box: class, and centre, width and height as shares.

Redmon et al. 2016, *You Only Look Once*; files as Darknet and Ultralytics have them. ``labels/`` is
beside ``images/``, both with folders of parts or in folders of parts, or texts lie beside pictures.
Outlines (class, then three points or more) become the boxes around them. A picture without a text
has no boxes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pellucid.data.annotations.annotated import (
    Annotated,
    Annotations,
    RawBox,
    checked_class,
    checked_number,
)
from pellucid.data.annotations.class_lists import class_names
from pellucid.data.annotations.files import (
    PICTURE_FOLDERS,
    begins,
    folder_called,
    folders_in,
    inner_note,
    part_called,
    part_within,
    pictures_by_stem,
    read_text,
    relative,
)
from pellucid.data.walk import visible_files
from pellucid.errors import DataError
from pellucid.text import brief_repr, counted, printable

if TYPE_CHECKING:
    from pathlib import Path

FORM = "YOLO text"

_LARGEST = 4 << 20  # bytes of a text
_LINE = re.compile(rb"\s*\d+(\s+[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?){4,}\s*(\n|\r|$)")
_NO_LABELS = frozenset({"classes", "train", "val", "test", "readme", "license", "labels", "notes"})


def is_yolo(root: Path) -> bool:
    """Whether a folder holds pictures and texts of boxes."""
    pairs = _pairs(root)
    return any(_begins_as_box(file) for _, _, labels in pairs for file in _texts(labels))


def read_yolo(root: Path) -> Annotations:
    """Read the annotations of a folder.

    Raises:
        DataError: A file cannot be read, or does not say what is expected; file and line are named;
            or the names of the classes are nowhere.
    """
    found = Annotations(root, FORM)
    names = class_names(root)
    background = []
    pairs = _pairs(root)
    above = {images.parent for _, images, _ in pairs} | {images for _, images, _ in pairs}
    used = above | {labels for _, _, labels in pairs}
    for folder in sorted(above - {root}):
        if folder.is_relative_to(root):
            found.notes += inner_note(folder, used, root)
    for part, images, labels in pairs:
        pictures = pictures_by_stem(images)
        texts = {file.stem: file for file in _texts(labels)}
        for stem in sorted({*pictures, *texts}):
            path = pictures.get(stem, images / f"{stem}.jpg")
            text = texts.get(stem)
            name = relative(path, root)
            place = relative(labels if text is None else text, root)
            picture = Annotated(path, name, part, place, shares=True)
            if text is None:
                background.append(name)
            else:
                _read(text, picture, names)
            found.pictures.append(picture)
    if background:
        found.notes.append(
            f"{counted(len(background), 'picture')} without a text of boxes, taken for pictures "
            f"without any: {printable(background[0])}"
        )
    return found


def _pairs(root: Path) -> list[tuple[str, Path, Path]]:
    """Part, folder of pictures and folder of texts."""
    images, labels = folder_called(root, PICTURE_FOLDERS), folder_called(root, ("labels",))
    if images is not None and labels is not None:
        inner = [
            (part, folder, there)
            for folder in folders_in(images)
            if (part := part_called(folder.name))
            and (there := folder_called(labels, (folder.name.casefold(),)))
        ]
        return inner or [("all", images, labels)]
    pairs = []
    for folder in folders_in(root):
        part = part_called(folder.name)
        if part is None and folder.name.casefold().startswith("obj_"):
            part = part_within(folder.name)  # obj_train_data, as CVAT has it
        if part is not None:
            images, labels = (
                folder_called(folder, PICTURE_FOLDERS), folder_called(folder, ("labels",)),
            )  # fmt: skip
            pairs.append((part, images or folder, labels or folder))
    return pairs or [("all", root, root)]


def _texts(folder: Path) -> list[Path]:
    return [
        file
        for file in visible_files(folder)
        if file.suffix.lower() == ".txt" and file.stem.casefold() not in _NO_LABELS
    ]


def _begins_as_box(file: Path) -> bool:
    return _LINE.match(begins(file)) is not None


def _read(file: Path, picture: Annotated, names: tuple[str, ...]) -> None:
    content = read_text(file, _LARGEST)
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{printable(file)}: the text is not UTF-8; save it so") from error
    for number, line in enumerate(lines, 1):
        values = line.split()
        if values:
            picture.add(_box(values, names, f"{printable(file)}, line {number}"))


def _box(values: list[str], names: tuple[str, ...], place: str) -> RawBox:
    first, *written = values
    if not first.isdecimal() or int(first[:9]) >= len(names):
        raise DataError(
            f"{place}: the class is {brief_repr(first)}; expected 0..{len(names) - 1}, the "
            "place of one of the names of the classes"
        )
    name = checked_class(names[int(first)], place)
    numbers = [checked_number(text, "a share", place) for text in written]
    if len(numbers) == 4:
        x, y, width, height = numbers
        return RawBox(name, (x - width / 2, y - height / 2, x + width / 2, y + height / 2))
    if len(numbers) < 6 or len(numbers) % 2:
        raise DataError(
            f"{place}: {counted(len(values), 'number')}; expected the class, and the centre's x "
            "and y, width and height of a box, or x and y of each corner of an outline"
        )
    across, down = numbers[::2], numbers[1::2]
    return RawBox(name, (min(across), min(down), max(across), max(down)))
