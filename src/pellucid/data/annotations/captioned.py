"""Pictures with captions as a list has them, before any picture is opened."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pellucid.data.captions import Captions, text_of, words_of
from pellucid.data.decoded import PictureFile
from pellucid.data.faults import (
    DOUBLED_CAPTION,
    EMPTY_CAPTION,
    WITHOUT_CAPTIONS,
    Fault,
    first_fault,
)
from pellucid.data.folder import PictureFolder
from pellucid.data.groups import Group
from pellucid.errors import DataError
from pellucid.text import brief_repr, counted, printable

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data.reading import Reading

MOST_CAPTIONS = 1000
"""Captions of a picture; a list with more is none that people wrote."""

MOST_CHARACTERS = 10_000
"""Characters of a caption."""


@dataclass
class Captioned:
    """A picture with its captions.

    Attributes:
        path: The picture file; it need not be there.
        name: What it is called: its path relative to the data's folder.
        part: ``train``, ``validation``, ``test`` or ``all``.
        captions: What is written of it, and the place where that is.
        group: What a column says of the pictures that it belongs to; else empty.
    """

    path: Path
    name: str
    part: str
    captions: list[tuple[str, str]] = field(default_factory=list)
    group: str = ""

    def add(self, caption: object, place: str) -> None:
        """Append a caption.

        Raises:
            DataError: It is no text, no valid Unicode, or too long, or there are too many.
        """
        if not isinstance(caption, str) or any("\ud800" <= each <= "\udfff" for each in caption):
            raise DataError(f"{place}: the caption is {brief_repr(caption)}; expected a text")
        if len(caption) > MOST_CHARACTERS or len(self.captions) == MOST_CAPTIONS:
            raise DataError(
                f"{place}: {len(self.captions) + 1} captions of {printable(self.name)}, the last "
                f"of {len(caption)} characters; expected at most {MOST_CAPTIONS} captions of "
                f"{MOST_CHARACTERS} characters"
            )
        self.captions.append((caption.strip(), place))


def captioned_pictures(
    root: Path, form: str, pictures: list[Captioned], reading: Reading, notes: tuple[str, ...] = ()
) -> PictureFolder:
    """List pictures with their captions, by part.

    Captions without a word are left out, and so are pictures without captions; what was left out,
    and captions that a picture has several times, are counted.

    Args:
        root: The folder that names are relative to.
        form: What the list is: ``COCO captions``.
        pictures: The pictures, in the order in which they are written.
        reading: How data are read.
        notes: What the user should know, a line each.

    Raises:
        DataError: There is no caption in all of them, or a picture is in two parts.
    """
    pictures = _each_once(root, pictures)
    files: dict[str, list[PictureFile]] = {}
    faults: list[Fault] = []
    for picture in pictures:
        of_part = files.setdefault(picture.part, [])
        kept = [(text, place) for text, place in picture.captions if words_of(text)]
        for text, place in picture.captions:
            if not words_of(text):
                faults.append(Fault(EMPTY_CAPTION, picture.name, f"{text!r:.40} in {place}"))
        numbers = Counter(text for text, _ in kept)
        for text, number in numbers.items():
            if number > 1:
                words = f"{brief_repr(text)} {number} times"
                faults.append(Fault(DOUBLED_CAPTION, picture.name, words))
        if not kept:
            faults.append(Fault(WITHOUT_CAPTIONS, picture.name, "has no captions"))
            continue
        group = Group(reading.group, picture.group) if reading.group and picture.group else None
        text = text_of([text for text, _ in kept])
        file = PictureFile(
            picture.path, picture.name, text, picture.part, group=group, place=kept[0][1]
        )
        of_part.append(file)
    if not any(files.values()):
        raise DataError(
            f"{printable(root)}: {form} of {counted(len(pictures), 'picture')} without a single "
            f"caption; write what is to be seen in each{first_fault(faults)}"
        )
    return PictureFolder(
        root,
        Captions.like(()),
        {part: tuple(of_part) for part, of_part in files.items()},
        (f"captions: {form}", *notes),
        faults=tuple(faults),
    )


def _each_once(root: Path, pictures: list[Captioned]) -> list[Captioned]:
    """Pictures with all of their captions, each once, in the order in which they are first named.

    Raises:
        DataError: One is in two parts: what is learned would be judged by.
    """
    found: dict[str, Captioned] = {}
    for picture in pictures:
        first = found.setdefault(picture.name, picture)
        if first is picture:
            continue
        if first.part != picture.part:
            raise DataError(
                f"{printable(root)}: {printable(picture.name)} is in the {picture.part} part, and "
                f"in the {first.part} part above; keep it in one"
            )
        for caption, place in picture.captions:
            first.add(caption, place)
    return list(found.values())
