"""Pictures with boxes as a file of annotations has them, before any picture is opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

from pellucid.data.folder import valid_class_name
from pellucid.errors import DataError
from pellucid.text import brief_repr, counted, printable

if TYPE_CHECKING:
    from pathlib import Path

MOST_BOXES = 10_000
"""Boxes of a picture; a file with more is none that people made."""

Corners = tuple[float, float, float, float]
"""x0, y0, x1, y1."""


@dataclass(frozen=True)
class RawBox:
    """One box as it is written.

    Attributes:
        name: Its class.
        corners: x0, y0, x1, y1 in pixels of the upright picture, or as shares of its width and
            height; continuous coordinates; maybe inverted, empty or outside.
        ignored: Whether it is neither learned nor counted.
    """

    name: str
    corners: Corners
    ignored: bool = False


@dataclass
class Annotated:
    """A picture with its boxes.

    Attributes:
        path: The picture file; it need not be there.
        name: What it is called: its path relative to the data's folder.
        part: ``train``, ``validation``, ``test`` or ``all``.
        place: The file, and line where there are lines, that says so, for messages.
        boxes: What is written of it.
        size: Its width and height as they are written; None where they are not.
        shares: Whether corners are shares of width and height.
        group: What a column says of the pictures that it belongs to; else empty.
    """

    path: Path
    name: str
    part: str
    place: str
    boxes: list[RawBox] = field(default_factory=list)
    size: tuple[int, int] | None = None
    shares: bool = False
    group: str = ""

    def add(self, box: RawBox) -> None:
        """Append a box.

        Raises:
            DataError: There are too many.
        """
        if len(self.boxes) == MOST_BOXES:
            raise DataError(
                f"{self.place}: more than {counted(MOST_BOXES, 'box')} in {printable(self.name)}; "
                "expected what people drew"
            )
        self.boxes.append(box)


@dataclass
class Annotations:
    """What a reader found.

    Attributes:
        root: The folder that names are relative to.
        form: What the annotations are: ``Pascal VOC``.
        pictures: The pictures, in the order in which they are written.
        notes: What the user should know, a line each.
        unlabelled: Names of pictures that have no annotations and are left out.
    """

    root: Path
    form: str
    pictures: list[Annotated] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unlabelled: list[str] = field(default_factory=list)


def checked_class(name: object, place: str) -> str:
    """The name of a class in Unicode's composed form.

    Raises:
        DataError: It is no text, empty, or no valid Unicode; the place is named.
    """
    valid = valid_class_name(name.strip()) if isinstance(name, str) else None
    if not valid:
        raise DataError(
            f"{place}: the class is {brief_repr(name)}; expected the name of a class, a text that "
            "is not empty"
        )
    return valid


def checked_number(value: object, what: str, place: str) -> float:
    """A finite number, from a number or its text.

    Raises:
        DataError: It is none; the place is named.
    """
    try:
        number = float("nan") if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not isfinite(number) or abs(number) > 1e9:
        raise DataError(f"{place}: {what} is {brief_repr(value)}; expected a number of pixels")
    return number
