"""The pictures that a page brings along."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.boxes import Boxes
from pellucid.data.reference import DataPicture
from pellucid.data.targets import LabelSets, Numbers
from pellucid.data.transcripts import Transcripts
from pellucid.errors import DataError
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.targets import Targets
    from pellucid.files import Model
    from pellucid.page.blobs import Blobs
    from pellucid.tasks import Task

SAMPLES = 12
"""Pictures that a page brings along where nothing else is asked for."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Pictures as the network takes them.

    Attributes:
        pixels: (N, H, W, C), uint8 0..255; of generators noise, float32 (N, 1, 1, Z).
        names: One a picture.
        truths: The place of each picture's class; None where it is not known.
        wanted: Of several labels each 1 where a picture has it and 0 elsewhere; of numbers each in
            its unit; None where they are not known. Empty: of no picture.
        boxes: Of data with boxes, x0, y0, x1, y1 in pixels and the place of the class of each box
            of a picture, those that are to be ignored left out; None where they are not known.
            Empty: of no picture.
        texts: Of recordings what is said; None where it is not known. Empty: of no recording.
        made: Whether they were made for the page, and no user has named them.
    """

    pixels: NDArray[Any]
    names: tuple[str, ...]
    truths: tuple[int | None, ...]
    wanted: tuple[tuple[float, ...] | None, ...] = ()
    boxes: tuple[list[list[float]] | None, ...] = ()
    texts: tuple[str | None, ...] = ()
    made: bool = False

    @classmethod
    def of(cls, data: Dataset, count: int, called: str = "") -> Samples:
        """Some of a data set: the first of every class, then the second of every class, and so on.

        Args:
            data: Of the network's size and classes.
            count: How many, at most.
            called: What it is called in the names of pictures that have none; empty: its name.
        """
        chosen = _by_turns(data, count)
        names = data.names or tuple(
            f"{called or data.name}[{number}]" for number in range(len(data))
        )
        truths = data.places if data.kind == "single-label" else None
        return cls(
            data.images[chosen],
            tuple(names[k] for k in chosen),
            tuple(None if truths is None else int(truths[k]) for k in chosen),
            tuple(_wanted(data.targets, k) for k in chosen),
            tuple(_boxes(data.targets, k) for k in chosen),
            tuple(_text(data.targets, k) for k in chosen),
        )

    def __len__(self) -> int:
        return len(self.pixels)

    def to_dict(self, blobs: Blobs) -> dict[str, Any]:
        """As JSON values."""
        return {
            "pixels": blobs.add("samples", self.pixels),
            "names": [printable(name) for name in self.names],
            "truths": list(self.truths),
            **({"wanted": [x and list(x) for x in self.wanted]} if any(self.wanted) else {}),
            **({} if all(x is None for x in self.boxes) else {"boxes": list(self.boxes)}),
            **({"texts": [x and printable(x) for x in self.texts]} if any(self.texts) else {}),
            **({"made": True} if self.made else {}),
        }


def samples_of_pictures(
    model: Model, pictures: Sequence[Path | DataPicture], count: int, *, max_pixels: int
) -> tuple[Samples | None, list[str]]:
    """The first of some pictures that can be used, and what is wrong with those before them.

    Args:
        model: Who looks at them; its preprocessing is used.
        pictures: Files, and pictures of data sets, which know their class.
        count: How many are taken, at most.
        max_pixels: Files with more pixels cannot be used.

    Returns:
        The pictures, none if no one can be used; and one line on each that cannot.
    """
    pixels: list[NDArray[np.uint8]] = []
    names: list[str] = []
    truths: list[int | None] = []
    wanted: list[tuple[float, ...] | None] = []
    boxes: list[list[list[float]] | None] = []
    texts: list[str | None] = []
    problems: list[str] = []
    for picture in pictures:
        if len(pixels) == count:
            break
        known = picture if isinstance(picture, DataPicture) else None
        source = picture.picture if isinstance(picture, DataPicture) else picture
        try:
            pixels.append(model.preprocessing.read(source, max_pixels=max_pixels))
        except DataError as error:
            problems.append(str(error))
            continue
        names.append(Path(str(picture)).name if known is None else str(known))
        label = None if known is None else known.label
        one = model.task.of_one_class and label in model.task.names
        truths.append(model.task.names.index(label) if one and label is not None else None)
        suited = _suited(known, model.task)
        wanted.append(None if suited is None else _wanted(*suited))
        boxes.append(None if suited is None else _boxes(*suited))
        texts.append(None if suited is None else _text(*suited))
    if not pixels:
        return None, problems
    known_of_each = tuple(truths), tuple(wanted), tuple(boxes), tuple(texts)
    return Samples(np.stack(pixels), tuple(names), *known_of_each), problems


def _suited(picture: DataPicture | None, task: Task) -> tuple[Targets, int] | None:
    """Targets of data for the same labels, numbers or boxes, and the picture's number in them."""
    if picture is None:
        return None
    targets, number = picture.part.targets, picture.reference.number
    suits = targets.kind == task.data_kind and targets.names == task.names
    assert number is not None
    return (targets, number) if suits else None


def _wanted(targets: Targets, number: int) -> tuple[float, ...] | None:
    """Labels or numbers of a picture; None of others."""
    if not isinstance(targets, LabelSets | Numbers):
        return None
    return tuple(targets.array[number].tolist())


def _text(targets: Targets, number: int) -> str | None:
    """What is said in a recording; None of other targets."""
    return targets.text(number) if isinstance(targets, Transcripts) else None


def _boxes(targets: Targets, number: int) -> list[list[float]] | None:
    """The boxes of a picture; None of other targets."""
    if not isinstance(targets, Boxes):
        return None
    rows = np.asarray(targets.array[number], np.float64)
    return [row[:5] for row in rows.tolist() if row[4] >= 0 and not row[5] > 0]


def _by_turns(data: Dataset, count: int) -> list[int]:
    """The numbers of pictures, classes by turns; of other tasks the first ones."""
    if data.kind != "single-label":
        return list(range(min(count, len(data))))
    rank = np.zeros(len(data), np.int64)
    seen = np.zeros(len(data.classes), np.int64)
    for number, place in enumerate(data.places.tolist()):
        rank[number] = seen[place]
        seen[place] += 1
    order = np.lexsort((data.places, rank))
    return [int(k) for k in order[:count]]
