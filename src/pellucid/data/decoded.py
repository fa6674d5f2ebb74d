"""Picture files, and their pixels once they are decoded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.data.groups import Groups
from pellucid.data.quarantine import BadFile
from pellucid.memory import check_memory
from pellucid.short_repr import short_repr
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pellucid.data.groups import Group
    from pellucid.data.preprocessing import Preprocessing
    from pellucid.data.targets import Targets
    from pellucid.errors import DataError

    Draw = Callable[[NDArray[np.int64], Groups | None], Mapping[str, NDArray[np.int64]]]
    """From the strata of pictures, (N,) or (N, K), and their groups to each part's positions,
    ascending, by name."""


@dataclass(frozen=True)
class PictureFile:
    """One labelled picture on disk.

    Attributes:
        path: Where it lies.
        name: What it is called in messages and lists: its path relative to the data's folder.
        class_name: Its class; of several labels, of numbers or of boxes, their text.
        part: The part it lies in: ``train``, ``validation``, ``test`` or ``all``.
        size: Width and height of the upright picture, where its targets are places in it.
        group: The pictures that it stays together with; None where it is by itself.
        beside: The name of the picture that it was taken beside, which it follows into training,
            see :mod:`pellucid.data.side_cameras`; None where it is one of its own.
        place: The list or annotation that names it, with its line where there are lines; empty
            where a folder does.
    """

    path: Path
    name: str
    class_name: str
    part: str = "all"
    size: tuple[int, int] | None = None
    group: Group | None = None
    beside: str | None = None
    place: str = ""


@short_repr
@dataclass(frozen=True, eq=False)
class Decoded:
    """Pictures that can be used, in the order of their files.

    Attributes:
        images: Pixels, uint8 (N, H, W, C); read-only where they are mapped from a cache.
        rows: The row of each file in ``images``, int64 (N,); None where they are
            in the order of the files.
        files: Theirs.
        like: How the files' labels are read.
        preprocessing: What was done to the pictures.
        quarantined: The files that cannot be used.
    """

    images: NDArray[np.uint8]
    rows: NDArray[np.int64] | None
    files: tuple[PictureFile, ...]
    like: Targets
    preprocessing: Preprocessing
    quarantined: tuple[BadFile, ...]

    @cached_property
    def targets(self) -> Targets:
        """What is wanted of each picture."""
        found = targets_of(self.files, self.like)
        if not found.located:
            return found
        sizes = [file.size for file in self.files if file.size is not None]
        return found.placed(sizes, self.preprocessing)

    @cached_property
    def groups(self) -> Groups | None:
        """The group of each picture; None where they have none."""
        return groups_of(self.files)

    def dataset(self, name: str) -> Dataset:
        """All of them as a data set."""
        rows = self.rows
        images = self.images if rows is None else _taken(self.images, rows)
        return self.some(images, np.arange(len(self.files)), name, self.quarantined)

    def divide(self, positions: Mapping[str, NDArray[np.int64]]) -> dict[str, Dataset]:
        """Data sets of the pictures at given positions; these pictures are then used up.

        In memory, small parts are copied and the largest is moved, so that pictures need their
        memory once, not twice. Of a cache, a part that lies there in one piece is used from there.

        Args:
            positions: Ascending positions by the name of each data set; no position occurs twice.
        """
        largest = max(positions, key=lambda name: len(positions[name]))
        in_memory = self.images.flags.writeable and self.rows is None
        divided: dict[str, Dataset] = {}
        for name, chosen in sorted(positions.items(), key=lambda part: part[0] == largest):
            if in_memory and name == largest:  # the last
                images = _moved(self.images, chosen)
            else:
                images = _taken(self.images, chosen if self.rows is None else self.rows[chosen])
                if in_memory and np.may_share_memory(images, self.images):
                    images = images.copy()  # pictures that follow one another; the largest moves
            divided[name] = self.some(images, chosen, name)
        return divided

    def some(
        self,
        images: NDArray[np.uint8],
        positions: NDArray[np.int64],
        name: str,
        quarantined: tuple[BadFile, ...] = (),
    ) -> Dataset:
        """A data set of some of them, whose pixels are given.

        Args:
            images: Theirs.
            positions: Of the pictures.
            name: What the data set is called.
            quarantined: Files that it leaves out.
        """
        chosen = [self.files[i] for i in positions.tolist()]
        names = tuple(file.name for file in chosen)
        own = sum(file.beside is None for file in chosen)
        return Dataset(
            images, names=names, name=name, targets=self.targets.subset(positions),
            quarantined=quarantined, value_range=self.preprocessing.value_range,
            groups=self.groups and self.groups.subset(positions), sound=self.preprocessing.sound,
            own=None if own == len(chosen) else own,
        )  # fmt: skip


def targets_of(files: Sequence[PictureFile], like: Targets) -> Targets:
    """Return what is wanted of each file, read as ``like`` says."""
    return like.read([file.class_name for file in files])


def groups_of(files: Sequence[PictureFile]) -> Groups | None:
    """Return the group of each file; None where they have none."""
    return Groups.of([file.group for file in files])


def bad_file(file: PictureFile, reason: str) -> BadFile:
    """Return the record of a file that cannot be used."""
    return BadFile(file.name, f"{reason}{named_in(file)}", file.class_name, file.part)


def named_in(file: PictureFile) -> str:
    """Where a list names a file, for the end of a message; empty where there is no list."""
    return f" ({file.place})" if file.place else ""


def reason_of(path: Path, error: DataError) -> str:
    """Return what an error says of a file, without the file's name."""
    return str(error).removeprefix(f"{printable(path)}: ")


def _taken(images: NDArray[np.uint8], rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return rows of an array: as they lie there if they follow one another, else copied."""
    first = int(rows[0])
    if np.array_equal(rows, np.arange(first, first + len(rows))):
        return images[first : first + len(rows)]
    size = len(rows) * math.prod(images.shape[1:])
    check_memory(
        size, f"copies of {counted(len(rows), 'picture')}", "choose a smaller --image-size"
    )
    return images[rows]


def _moved(images: NDArray[np.uint8], kept: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Move the pictures at ``kept`` (ascending) to the front of their array; return those.

    A copy would need the memory twice.
    """
    for to, origin in enumerate(kept.tolist()):
        if to != origin:
            images[to] = images[origin]
    return images[: len(kept)]
