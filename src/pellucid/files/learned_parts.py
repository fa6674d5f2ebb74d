"""The pictures of data in the parts that a model's training made of them, without copies."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.decisions.digest import file_digest, pixel_digest
from pellucid.data.decisions.marks import moved_targets
from pellucid.data.decisions.matched import picture_key
from pellucid.data.detect_format import BUILTIN
from pellucid.data.note import Note
from pellucid.data.read_part import part_names
from pellucid.data.reading import Reading
from pellucid.errors import DataError
from pellucid.files.held_out import read_as_learned
from pellucid.files.provenance import (
    TRANSFER,
    learned_fingerprints,
    parts_drawn,
    safe_max_pixels,
    source_classes,
)
from pellucid.short_repr import short_repr
from pellucid.text import listed, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.decisions.matched import Matched
    from pellucid.data.groups import Groups
    from pellucid.data.read_part import DataSource
    from pellucid.data.targets import Targets
    from pellucid.files.model_file import Model

PARTS = ("train", "validation", "test", "all")
"""Names of parts; ``all`` where the model has learned none of the pictures, as far as is known."""

_AT_ONCE = 1 << 26
"""Bytes of pictures that are handed out together."""


@short_repr
@dataclass(frozen=True, eq=False)
class PartPictures:
    """The pictures of a part, as decisions leave them.

    Attributes:
        part: A name of :data:`PARTS`.
        learned: Whether the model learned from them.
        source: The pictures among which they are.
        rows: Which of those they are, ascending, int64 (N,).
        targets: What is wanted of each.
        paths: What each is called in decisions, N: as ``pellucid check`` prints it.
        root: The folder that paths are relative to; None of arrays.
        as_stored: Whether the pixels are those of the data, not resized.
    """

    part: str
    learned: bool
    source: Dataset
    rows: NDArray[np.int64]
    targets: Targets
    paths: tuple[str, ...]
    root: Path | None
    as_stored: bool

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def groups(self) -> Groups | None:
        """What each picture belongs to; None where each is by itself."""
        return self.source.groups and self.source.groups.subset(self.rows)

    @property
    def matched(self) -> Matched | None:
        """The decisions about all parts; None where there are none."""
        return None if self.source.marks is None else self.source.marks.matched

    def image(self, i: int) -> NDArray[np.uint8]:
        """Picture ``i``, uint8 (H, W, C), as the network gets it."""
        image: NDArray[np.uint8] = self.source.images[int(self.rows[i])]
        return image

    def picture(self, i: int) -> Path | NDArray[np.uint8]:
        """Picture ``i`` for networks that take others: its file, or else its pixels."""
        if self.root is not None:
            path = Path(os.path.join(self.root, self.paths[i]))  # noqa: PTH118 - as it was given
            if path.is_file():
                return path
        return self.image(i)

    @property
    def dataset(self) -> Dataset:
        """All of them as a data set, copied."""
        some = self.source.subset(self.rows, self.part)
        return replace(some, targets=self.targets, marks=None)

    def blocks(self) -> Iterator[NDArray[np.uint8]]:
        """All of them in order, some at a time, uint8 (n, H, W, C)."""
        size = max(1, _AT_ONCE // int(np.prod(self.source.image_shape)))
        for first in range(0, len(self), size):
            yield self.source.images[self.rows[first : first + size]]

    def digest(self, i: int) -> str:
        """What stands for picture ``i`` in decisions; empty where that cannot be said."""
        if self.root is not None:
            try:
                return file_digest(Path(os.path.join(self.root, self.paths[i])))  # noqa: PTH118
            except DataError:  # it was read before, and has gone since
                return ""
        return pixel_digest(self.image(i)) if self.as_stored else ""


def learned_parts(
    data: DataSource,
    model: Model,
    *,
    reading: Reading | None = None,
    max_pixels: int | None = None,
    wanted: Sequence[str] = ("train", "validation"),
) -> tuple[list[PartPictures], list[str]]:
    """The pictures of data in the parts that a model's training made of them.

    Args:
        data: As :func:`pellucid.data.load` takes it.
        model: The model.
        reading: How the data are read, with what is decided about them; None: by default.
        max_pixels: Picture files with more pixels are left out; None: as in the model's training.
        wanted: The parts. Data that are not divided, and that the model did not learn from as far
            as is known, are one part ``all`` in any case.

    Returns:
        The parts that there are, the first wanted first; and what the user should know, in lines.

    Raises:
        DataError: The data cannot be used or do not suit the model, or have none of the parts.
    """
    reading = replace(
        reading or Reading(), max_pixels=max_pixels or safe_max_pixels(model.provenance)
    )
    names = part_names(
        data, max_bytes=reading.max_bytes,
        path_column=reading.path_column, label_column=reading.label_column,
    )  # fmt: skip
    found: dict[str, PartPictures] = {}
    notes: list[str] = []

    def read(split: str) -> Dataset:
        return read_as_learned(
            data, model, reading, source_classes=source_classes(model), split=split
        )

    if "all" in names or "train" in names:
        undivided = "all" in names
        if undivided or {"train", "validation"} & {*wanted}:
            everything = read("train")
            of = "all" if undivided else "train"
            paths = [picture_key(everything, of, i) for i in range(len(everything))]
            drawn = parts_drawn(model.provenance, everything, undivided=undivided)
            learned = drawn is not None or _has_learned(model, everything)
            if drawn is None:
                drawn = {"train" if learned or not undivided else "all": np.arange(len(everything))}
            for part, rows in drawn.items():
                found[part] = _part(part, learned and part == "train", everything, rows, paths,
                                    data, model)  # fmt: skip
            if not learned:
                line = "as far as is known, the model learned from none of these pictures"
                notes.append(Note(line, "not-learned"))
    for part in ("validation", "test"):
        if part in names and part in wanted:
            own = read(part)
            paths = [picture_key(own, part, i) for i in range(len(own))]
            rows = np.arange(len(own))
            found[part] = _part(part, False, own, rows, paths, data, model)
    chosen = [found[part] for part in (*wanted, "all") if part in found and len(found[part])]
    if not chosen:
        raise DataError(
            f"{_name(data)}: has no pictures of the part {' or '.join(wanted)}; it has "
            f"{listed(list(found) or list(names))}"
        )
    if (matched := chosen[0].matched) is not None:
        notes.extend(matched.notes)
    return chosen, notes


def _has_learned(model: Model, everything: Dataset) -> bool:
    """Whether a model learned from all of the pictures, nothing of which was set aside."""
    try:
        return everything.fingerprint() in learned_fingerprints(model.provenance)
    except (LookupError, TypeError, AttributeError):
        return False


def _part(
    part: str,
    learned: bool,
    source: Dataset,
    rows: NDArray[np.int64],
    paths: Sequence[str],
    data: DataSource,
    model: Model,
) -> PartPictures:
    if source.marks is not None:
        rows = rows[~source.marks.left_out[rows]]
    files = source.names is not None and isinstance(data, str | os.PathLike) and data not in BUILTIN
    root = None
    if files:
        place = Path(data)  # type: ignore[arg-type]  # it is a path
        root = place if place.is_dir() else place.parent
    named = source.names if files and source.names is not None else paths
    return PartPictures(
        part,
        learned,
        source,
        rows,
        moved_targets(source).subset(rows),
        tuple(named[i] for i in rows.tolist()),
        root,
        TRANSFER not in model.provenance,
    )


def _name(data: Mapping[str, object] | str | os.PathLike[str]) -> str:
    return printable(data) if isinstance(data, str | os.PathLike) else "arrays"
