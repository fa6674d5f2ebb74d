"""COCO: one JSON file of images, annotations and categories a part.

Lin et al. 2014, *Microsoft COCO: Common Objects in Context*. A box is x, y, width, height in
continuous coordinates; crowds (``iscrowd``) are ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.data.annotations.annotated import (
    Annotated,
    Annotations,
    RawBox,
    checked_class,
    checked_number,
)
from pellucid.data.annotations.files import (
    PICTURE_FOLDERS,
    folder_called,
    folders_in,
    part_called,
    part_within,
    read_text,
    relative,
)
from pellucid.data.annotations.json_files import (
    LARGEST,
    identity_of,
    name_within,
    read_json,
    value_of,
)
from pellucid.data.walk import visible_files
from pellucid.errors import DataError
from pellucid.text import brief_repr, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FORM = "COCO JSON"

_FOLDERS = ("annotations", "annotation", "labels")
_KEYS = ("images", "annotations", "categories")


def is_coco(root: Path) -> bool:
    """Whether a folder holds JSON files of images and boxes."""
    return bool(_files(root))


def read_coco(root: Path) -> Annotations:
    """Read the annotations of a folder.

    Raises:
        DataError: A file cannot be read, or does not say what is expected, file and entry are
            named; or two files are the same part.
    """
    found = Annotations(root, FORM)
    parts: dict[str, Path] = {}
    for file in _files(root):
        part = part_within(file.stem) or part_called(file.parent.name) or "all"
        if part in parts:
            raise DataError(
                f"{printable(root)}: {relative(parts[part], root)} and {relative(file, root)} are "
                f"both {'the whole' if part == 'all' else f'the {part} part'}; give the path of "
                "one of them"
            )
        parts[part] = file
    if "all" in parts and len(parts) > 1:
        raise DataError(
            f"{printable(root)}: {relative(parts['all'], root)} is of no part, and others are; "
            "expected train, val or test in its name"
        )
    for part, file in parts.items():
        found.pictures += _read(file, root, part)
    return found


def read_coco_file(file: Path) -> Annotations:
    """Read one JSON file; pictures are looked for in its folder, and in the folder above.

    Raises:
        DataError: As :func:`read_coco`.
    """
    above = file.parent.name.casefold() in _FOLDERS
    root = file.parent.parent if above else file.parent
    return Annotations(root, FORM, _read(file, root, "all"))


def _files(root: Path) -> list[Path]:
    """The JSON files of boxes: in a folder of annotations, in the folder itself or its parts'."""
    folder = folder_called(root, _FOLDERS)
    parts = [each for each in folders_in(root) if part_called(each.name)]
    for folders in ([] if folder is None else [folder], [root], parts):
        files = [
            file
            for each in folders
            for file in visible_files(each)
            if file.suffix.lower() == ".json" and _has_boxes(file)
        ]
        instances = [file for file in files if file.stem.casefold().startswith("instances")]
        if files:
            return instances or files
    return []


def _has_boxes(file: Path) -> bool:
    try:
        content = read_text(file, LARGEST)
    except DataError:  # reading it says so, if it is meant
        return False
    return content.lstrip()[:1] == b"{" and all(
        f'"{key}"'.encode() in content for key in (*_KEYS, "bbox")
    )


def _read(file: Path, root: Path, part: str) -> list[Annotated]:
    place = printable(file)
    values = _parsed(file)
    names = {}
    for number, category in enumerate(values["categories"]):
        here = f"{place}, category {number}"
        names[identity_of(category, "id", here)] = checked_class(
            value_of(category, "name", here), here
        )
    folders = _picture_folders(file, root, part_within(file.stem) or part)
    pictures: dict[object, Annotated] = {}
    for number, image in enumerate(values["images"]):
        here = f"{place}, image {number}"
        path = _path(value_of(image, "file_name", here), folders, here)
        picture = Annotated(
            path, relative(path, root), part, f"{relative(file, root)}, image {number}"
        )
        if image.get("width") and image.get("height"):
            width, height = (
                checked_number(image[side], side, here) for side in ("width", "height")
            )
            picture.size = int(width), int(height)
        identity = identity_of(image, "id", here)
        if identity in pictures:
            raise DataError(f"{here}: id {brief_repr(identity)} is given twice; expected each once")
        pictures[identity] = picture
    for number, annotation in enumerate(values["annotations"]):
        here = f"{place}, annotation {number}"
        image, category = (
            identity_of(annotation, key, here) for key in ("image_id", "category_id")
        )
        if image not in pictures:
            raise DataError(f"{here}: image_id is {brief_repr(image)}; expected the id of an image")
        if category not in names:
            raise DataError(
                f"{here}: category_id is {brief_repr(category)}; expected the id of a category"
            )
        pictures[image].add(_box(annotation, names[category], here))
    return list(pictures.values())


def _box(annotation: Mapping[str, Any], name: str, place: str) -> RawBox:
    box = value_of(annotation, "bbox", place)
    if not isinstance(box, list) or len(box) != 4:
        raise DataError(f"{place}: bbox is {brief_repr(box)}; expected [x, y, width, height]")
    x, y, width, height = (checked_number(number, "bbox", place) for number in box)
    crowd = annotation.get("iscrowd", 0)
    if crowd not in (0, 1):
        raise DataError(f"{place}: iscrowd is {brief_repr(crowd)}; expected 0 or 1")
    return RawBox(name, (x, y, x + width, y + height), bool(crowd))


def _parsed(file: Path) -> dict[str, list[Any]]:
    place = printable(file)
    values = read_json(file)
    if not isinstance(values, dict) or not all(isinstance(values.get(k), list) for k in _KEYS):
        raise DataError(
            f"{place}: expected a JSON object with the lists images, annotations and categories, "
            "as COCO has them"
        )
    return values


def _picture_folders(file: Path, root: Path, part: str) -> list[Path]:
    """Where the pictures of a file may lie, the likeliest first."""
    images = folder_called(root, PICTURE_FOLDERS)
    containers = [each for each in (file.parent, images, root) if each is not None]
    of_part = [
        folder
        for each in containers
        for folder in folders_in(each)
        if part_called(folder.name) == part
    ]
    inner = [found for each in of_part if (found := folder_called(each, PICTURE_FOLDERS))]
    return list(dict.fromkeys([file.parent, *of_part, *inner, *containers]))


def _path(name: object, folders: Sequence[Path], place: str) -> Path:
    """Where a picture is; where none is there, the likeliest place."""
    plain = name_within(name, "file_name", place)
    for folder in folders:
        path = folder / plain
        if path.is_file():
            return path
    return folders[-1] / plain
