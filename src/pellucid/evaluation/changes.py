"""What a decision changed: the answers of a model before and after, picture by picture."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.csv_text import csv_text
from pellucid.evaluation.change import COLUMNS
from pellucid.evaluation.changed_answers import changed_answers
from pellucid.evaluation.model_comparison import compare_models
from pellucid.evaluation.side_by_side import write_both
from pellucid.record import Record
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.read_part import DataSource
    from pellucid.data.reading import Reading
    from pellucid.evaluation.change import Change
    from pellucid.evaluation.model_comparison import AnyComparison
    from pellucid.files.classifier import Classifier

TABLE, PAGE = "changes.csv", "changes.html"

SCHEMA = 1
"""Version of :meth:`Changes.to_dict`: raised when a key changes its meaning or goes; new keys may
come without."""


def _no_picture(_index: int) -> NDArray[np.uint8] | None:
    return None


@short_repr
@dataclass(frozen=True, eq=False)
class Changes(Record):
    """What changed between two models on the same pictures.

    Answers are right or wrong where there is one class a picture, or several labels, each of which
    is an answer of its own. Numbers, boxes and texts are more or less wrong.

    Attributes:
        models: What the model before and the one after are called.
        pictures: How many pictures judge.
        judged: How many answers of each model that are: of several labels, one a picture and label.
        right: How many of them the model before has right, and the one after; None where answers
            are more or less wrong.
        cross_entropy: Of both, averaged over these pictures, in nats: it falls where right answers
            become surer, also where none changes. None of numbers, boxes and texts.
        errors: How wrong the answers of both are on average; None where they are right or wrong.
        unit: What is right or wrong, in words; or in what errors are measured.
        ways: In which ways an answer can change, those first that are for the worse.
        p_value: How often chance alone would make the two differ so, by :attr:`test`.
        test: Of the answers that are right or wrong, McNemar's; else the sign test, by picture.
        rows: What is answered otherwise, for the worse first, and the surest, or the most, of each.
        notes: What the pictures are, a line each.
        picture: Returns a picture by its index, as the model before gets it, uint8 (H, W, C).
    """

    record_kind: ClassVar[str] = "changes"
    endings: ClassVar[tuple[str, ...]] = (".html", ".json", ".csv")
    models: tuple[str, str]
    pictures: int
    judged: int
    right: tuple[int, int] | None
    cross_entropy: tuple[float, float] | None
    errors: tuple[float, float] | None
    unit: str
    ways: tuple[str, ...]
    p_value: float
    test: str
    rows: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    picture: Callable[[int], NDArray[np.uint8] | None] = field(default=_no_picture, repr=False)

    @property
    def counts(self) -> dict[str, int]:
        """How many answers changed in each way."""
        return {way: sum(each.way == way for each in self.rows) for way in self.ways}

    def to_dict(self) -> dict[str, Any]:
        """The changes as JSON values; see ``docs/mistakes.md``."""
        return {
            "schema": SCHEMA,
            "record": self.record_kind,
            "models": list(self.models),
            "pictures": self.pictures,
            "judged": self.judged,
            "right": None if self.right is None else list(self.right),
            "cross_entropy": None
            if self.cross_entropy is None
            else [x if math.isfinite(x) else None for x in self.cross_entropy],
            "errors": None if self.errors is None else list(self.errors),
            "unit": self.unit,
            "p_value": self.p_value,
            "test": self.test,
            "counts": self.counts,
            "notes": list(self.notes),
            "changes": [asdict(each) for each in self.rows],
        }

    def to_csv(self) -> str:
        """A row an answer that changed."""
        return csv_text([COLUMNS, *([*map(_cell, each.cells)] for each in self.rows)])

    def write(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write ``changes.csv`` and ``changes.html`` into a folder, which is made.

        Raises:
            OutputError: If the folder cannot be made or a file not be written.
        """
        return write_both(self, folder, self.to_csv(), TABLE, PAGE)


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    return printable(value) if isinstance(value, str) else format(value, ".6g")


def find_changes(
    before: Classifier,
    after: Classifier,
    data: DataSource | Dataset,
    *,
    names: tuple[str, str] = ("before", "after"),
    part: str | None = "val",
    reading: Reading | None = None,
    max_pixels: int | None = None,
    watching: Callable[[int, int], object] | None = None,
) -> Changes:
    """The pictures that a model answers otherwise than one before it.

    Args:
        before: The model before.
        after: The one after, trained for the same.
        data: As :func:`pellucid.evaluation.model_comparison.compare_models` takes it: only pictures
            count that neither learned from.
        names: What the two are called.
        part: As :func:`compare_models` takes it.
        reading: How the data are read, with the decisions by which both are judged.
        max_pixels: Picture files with more pixels are left out.
        watching: Called with how many answers there are, and of how many; may raise.

    Raises:
        DataError: As :func:`compare_models`.
        ArgumentError: The models answer no pictures.
    """
    return changes_of(
        compare_models(
            before, after, data,
            part=part, max_pixels=max_pixels, names=names, reading=reading, watching=watching,
        )
    )  # fmt: skip


def changes_of(comparison: AnyComparison) -> Changes:
    """What changed from a comparison's first model to its second."""
    found, pictures = changed_answers(comparison), comparison.pictures
    order = {way: place for place, way in enumerate(found.ways)}
    rows = sorted(found.rows, key=lambda each: (order[each.way], -each.weight))
    return Changes(
        models=comparison.names,
        pictures=len(pictures),
        judged=found.judged,
        right=found.right,
        cross_entropy=found.cross_entropy,
        errors=found.errors,
        unit=found.unit,
        ways=found.ways,
        p_value=found.p_value,
        test=found.test,
        rows=tuple(rows),
        notes=comparison.notes,
        picture=lambda i: pictures.images[i],
    )
