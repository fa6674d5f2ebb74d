"""Captions in JSON: COCO's files, and those in the form of Karpathy and Fei-Fei.

COCO (Chen et al. 2015, *Microsoft COCO captions: data collection and evaluation server*) has the
lists ``images`` and ``annotations``, each of the latter with ``image_id`` and ``caption``, one file
a part. The other form (Karpathy and Fei-Fei 2015, *Deep visual-semantic alignments for generating
image descriptions*) has one list ``images``, each with ``filename``, ``split`` and ``sentences``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.data.annotations.captioned import Captioned
from pellucid.data.annotations.files import (
    PICTURE_FOLDERS,
    folder_called,
    folders_in,
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
from pellucid.data.layout import PARTS
from pellucid.errors import DataError
from pellucid.text import brief_repr, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COCO, KARPATHY = "COCO captions", "JSON of sentences"

_SPLITS = {**PARTS, "restval": "train"}


def caption_form(file: Path) -> str | None:
    """Which form of captions a JSON file has, by its content; None for none, or one of boxes."""
    try:
        content = read_text(file, LARGEST)
    except DataError:  # reading it says so, if it is meant
        return None
    if content.lstrip()[:1] != b"{" or b'"images"' not in content:
        return None
    if b'"sentences"' in content:
        return KARPATHY
    captions = b'"annotations"' in content and b'"caption"' in content and b'"bbox"' not in content
    return COCO if captions else None


def read_caption_json(file: Path, root: Path, part: str = "all") -> list[Captioned]:
    """Read a file of either form.

    Args:
        file: The file.
        root: The folder of the data.
        part: The part that COCO's pictures are in.

    Raises:
        DataError: It cannot be read, or does not say what is expected; file and entry are named.
    """
    place = printable(file)
    values = read_json(file)
    images = values.get("images") if isinstance(values, dict) else None
    if not isinstance(images, list):
        raise DataError(f"{place}: expected a JSON object with the list images")
    if isinstance(values.get("annotations"), list):
        return _coco(file, root, part, images, values["annotations"])
    return _sentences(file, root, images)


def _coco(
    file: Path, root: Path, part: str, images: Sequence[Any], annotations: Sequence[Any]
) -> list[Captioned]:
    place = printable(file)
    folders = _folders(file, root, part)
    pictures: dict[object, Captioned] = {}
    for number, image in enumerate(images):
        here = f"{place}, image {number}"
        path = _file(value_of(image, "file_name", here), folders, here)
        identity = identity_of(image, "id", here)
        if identity in pictures:
            raise DataError(f"{here}: id {brief_repr(identity)} is given twice; expected each once")
        pictures[identity] = Captioned(path, relative(path, root), part)
    for number, annotation in enumerate(annotations):
        here = f"{place}, annotation {number}"
        identity = identity_of(annotation, "image_id", here)
        if identity not in pictures:
            raise DataError(
                f"{here}: image_id is {brief_repr(identity)}; expected the id of an image"
            )
        pictures[identity].add(
            value_of(annotation, "caption", here), f"{relative(file, root)}, annotation {number}"
        )
    return list(pictures.values())


def _sentences(file: Path, root: Path, images: Sequence[Any]) -> list[Captioned]:
    place = printable(file)
    pictures = []
    for number, image in enumerate(images):
        here = f"{place}, image {number}"
        split = image.get("split", "all") if isinstance(image, dict) else "all"
        part = _SPLITS.get(str(split).casefold(), "all" if split == "all" else "")
        if not part:
            raise DataError(
                f"{here}: split is {brief_repr(split)}; expected train, restval, val or test"
            )
        name = str(value_of(image, "filename", here))
        inner = image.get("filepath", "")
        folders = _folders(file, root, part)
        path = _file(f"{inner}/{name}" if inner else name, folders, here)
        picture = Captioned(path, relative(path, root), part)
        sentences = value_of(image, "sentences", here)
        for order, sentence in enumerate(sentences if isinstance(sentences, list) else [None]):
            there = f"{here}, sentence {order}"
            text = sentence.get("raw") if isinstance(sentence, dict) else None
            if text is None:
                text = " ".join(map(str, value_of(sentence, "tokens", there)))
            picture.add(text, f"{relative(file, root)}, image {number}")
        pictures.append(picture)
    return pictures


def json_part(file: Path) -> str:
    """The part that a file of COCO's is for, by its name: ``all`` where it says none."""
    return part_within(file.stem) or "all"


def _folders(file: Path, root: Path, part: str) -> list[Path]:
    """Where the pictures of a file may lie, the likeliest first."""
    images = folder_called(root, PICTURE_FOLDERS)
    near = [each for each in (images, root, file.parent) if each is not None]
    of_part = [
        inner for each in near for inner in folders_in(each) if part_within(inner.name) == part
    ]
    return list(dict.fromkeys([*of_part, *near]))


def _file(name: object, folders: Sequence[Path], place: str) -> Path:
    """Where a picture is; where none is there, the likeliest place."""
    plain = name_within(name, "the picture", place)
    paths = [folder / each for folder in folders for each in (plain, plain.name)]
    return next((path for path in paths if path.is_file()), paths[0])
