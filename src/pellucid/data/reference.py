"""Pictures out of data sets by number: ``mnist:test[449]`` is picture 449 of MNIST's test part.

``DATA:PART[N]``, or ``DATA:PART:N`` where a shell takes brackets for a pattern: DATA is whatever
:func:`pellucid.data.load` takes, PART is ``train``, ``validation``, ``test``, or ``all`` where data
are not divided, and N counts from 0, as in reports. A file that really has such a name is that
file.
"""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.data.detect_format import BUILTIN, locate
from pellucid.data.load import load
from pellucid.data.picture_files import SUFFIXES
from pellucid.data.read_part import load_all, part_names
from pellucid.data.shards.index import is_shards
from pellucid.data.targets import ClassTargets
from pellucid.errors import ArgumentError, DataError
from pellucid.known_names import find_name
from pellucid.text import counted, printable, quoted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.split import Share

ALL = "all"

PARTS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
    ALL: ALL,
}
"""What parts may be called, and which part each means."""

_FORM = re.compile(
    r"(?P<data>.+):(?P<part>[^\W\d_]+)(?:\[(?P<bracket>[^\[\]]*)\]|:(?P<colon>-?\d+))?", re.DOTALL
)

_WITHOUT_PART = re.compile(
    r"(?P<data>.+?)(?:\[(?P<bracket>\d{1,12})\]|:(?P<colon>\d{1,12}))", re.DOTALL
)


@dataclass(frozen=True)
class Reference:
    """A picture of a data set, or all pictures of one of its parts.

    Attributes:
        data: The path of the data, or the name of a built-in set.
        part: ``train``, ``validation``, ``test`` or ``all``.
        number: Which picture, from 0; None for all of the part.
    """

    data: str
    part: str
    number: int | None

    def __str__(self) -> str:
        whole = f"{self.data}:{self.part}"
        return whole if self.number is None else f"{whole}[{self.number}]"

    def of(self, pictures: Dataset) -> DataPicture:
        """The picture in its part.

        Raises:
            DataError: If the part has fewer pictures.
        """
        assert self.number is not None
        if not 0 <= self.number < len(pictures):
            raise DataError(
                f"{printable(str(self))}: {printable(self.data)} has "
                f"{counted(len(pictures), 'picture')} in this part, numbered 0 to "
                f"{len(pictures) - 1}"
            )
        return DataPicture(self, pictures)


@dataclass(frozen=True, eq=False)
class DataPicture:
    """A picture that a reference names, in the part that it is in."""

    reference: Reference
    part: Dataset

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The reference as text."""
        return str(self.reference)

    @property
    def _number(self) -> int:
        assert self.reference.number is not None
        return self.reference.number

    @property
    def label(self) -> str:
        """Its class, or its labels or numbers, as a list has them: ``cat;pet``."""
        return self.part.targets.written(self._number)

    @property
    def said(self) -> str:
        """The same for people: ``of the class cat``, ``labelled cat; pet``, ``labelled 3.2``."""
        text = self.part.targets.text(self._number)
        return f"of the class {text}" if self.part.kind == ClassTargets.kind else f"labelled {text}"

    @cached_property
    def path(self) -> Path | None:
        """The picture's file; None where the data are arrays."""
        if self.part.names is None or self.reference.data in BUILTIN:
            return None
        path = Path(_root(self.reference.data), self.part.names[self._number])
        return path if path.is_file() else None

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The picture as its data set has it, uint8 (H, W, C)."""
        pixels: NDArray[np.uint8] = self.part.images[self._number]
        return pixels

    @property
    def picture(self) -> Path | NDArray[np.uint8]:
        """Its file, or else its pixels."""
        return self.pixels if self.path is None else self.path


def argument_of(data: str, pictures: Dataset, number: int) -> str:
    """Return what a command takes for a picture of data: the path of its file, or a reference.

    Pictures of arrays and of shards have no files of their own.

    Args:
        data: A path, or the name of a built-in set.
        pictures: A part of the data, as :func:`pellucid.files.held_out.held_out` returns it.
        number: Which picture of the part.
    """
    if pictures.names is None or data in BUILTIN or is_shards(Path(data)):
        part = pictures.name if pictures.name in PARTS else ALL
        return str(Reference(data, part, pictures.number(number)))
    return os.path.join(_root(data), pictures.names[number])  # noqa: PTH118 - as it was given


def _root(data: str) -> str:
    """The folder that names of pictures are relative to."""
    return data if Path(data).is_dir() else str(Path(data).parent)


def parse_reference(text: str) -> Reference | None:
    """Return what a text refers to; None if it has not the form of a reference, or is a file.

    Raises:
        DataError: It has that form, but its part or its number is none, or its part is missing.
    """
    if os.path.lexists(text):
        return None
    found = _FORM.fullmatch(text)
    if found is None:
        _check_part_named(text)
        return None
    bracket, colon = found["bracket"], found["colon"]
    name = found["part"].casefold()
    if bracket is None and colon is None:
        return Reference(found["data"], PARTS[name], None) if name in PARTS else None
    if name not in PARTS:
        if found["data"] not in BUILTIN and not Path(found["data"]).exists():
            return None
        try:
            find_name(f"part in {printable(text)}:", found["part"], dict.fromkeys(PARTS.values()))
        except ArgumentError as error:  # what is wrong with one picture, not with the whole call
            raise DataError(str(error)) from error
    number = bracket if colon is None else colon
    if re.fullmatch(r"\d{1,12}", number) is None:
        raise DataError(
            f"{printable(text)}: {quoted(number)} is no picture's number; they count from 0, "
            f"such as {printable(found['data'])}:{found['part']}[0]"
        )
    return Reference(found["data"], PARTS[name], int(number))


def _check_part_named(text: str) -> None:
    """Raise DataError for ``DATA[N]`` or ``DATA:N``, unless a file matches it as a pattern."""
    found = _WITHOUT_PART.fullmatch(text)
    if found is None:
        return
    data, number = found["data"], found["bracket"] or found["colon"]
    path = Path(data)
    there = path.is_dir() or (path.is_file() and path.suffix.lower() not in SUFFIXES)
    if (there or data in BUILTIN) and not glob.glob(text):  # noqa: PTH207 - as shells do
        raise DataError(
            f"{printable(text)}: the part is missing; a picture of data is DATA:PART[N]: "
            f"{printable(data)}:test[{number}], or {printable(data)}:{ALL}[{number}] where data "
            "are not divided"
        )


def read_part(
    data: str,
    part: str,
    *,
    seed: int = 0,
    validation: Share | None = None,
    max_bytes: int | None = None,
) -> Dataset:
    """Return one part of data, as :func:`pellucid.data.load` divides them.

    Args:
        data: A path, or the name of a built-in set.
        part: ``train``, ``validation``, ``test`` or ``all``.
        seed: Decides which pictures are drawn where data are not divided.
        validation: As :func:`pellucid.data.load` takes it.
        max_bytes: As :func:`pellucid.data.load` takes it.

    Raises:
        DataError: There are no such data, or they have no such part.
    """
    source = data if data in BUILTIN else locate(data)
    if part == ALL:
        check_undivided(data, max_bytes)
        return load_all(source, max_bytes=max_bytes)
    splits = load(
        source, seed=seed, validation=validation, max_bytes=max_bytes, allow_one_class=True
    )
    found: Dataset | None = getattr(splits, part)
    if found is None:
        raise DataError(f"{printable(data)}: has no {part} part; it has {_named(data, max_bytes)}")
    return found


def check_undivided(data: str, max_bytes: int | None = None) -> None:
    """Raise DataError if data are divided, so that ``all`` has no order."""
    if ALL not in part_names(data, max_bytes=max_bytes):
        raise DataError(
            f"{printable(data)}: is divided into {_named(data, max_bytes)}; name one of them"
        )


def picture(
    text: str, *, seed: int = 0, validation: Share | None = None, max_bytes: int | None = None
) -> DataPicture:
    """Return a picture of a data set: ``picture("mnist:test[449]")``.

    Args:
        text: ``DATA:PART[N]`` or ``DATA:PART:N``.
        seed: Decides which pictures are drawn where data are not divided; a run's is in its
            settings.
        validation: As :func:`pellucid.data.load` takes it.
        max_bytes: As :func:`pellucid.data.load` takes it.

    Returns:
        Its pixels, label, path and name.

    Raises:
        DataError: The text is no such reference, or there is no such picture.
    """
    found = parse_reference(text)
    if found is None or found.number is None:
        raise DataError(f"{printable(text)}: not of the form DATA:PART[N], such as mnist:test[449]")
    part = read_part(found.data, found.part, seed=seed, validation=validation, max_bytes=max_bytes)
    return found.of(part)


def _named(data: str, max_bytes: int | None) -> str:
    return " and ".join(part_names(data, max_bytes=max_bytes))
