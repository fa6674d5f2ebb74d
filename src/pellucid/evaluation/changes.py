"""What a decision changed: the answers of a model before and after, picture by picture."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.errors import ArgumentError
from pellucid.evaluation.model_comparison import ModelComparison, compare_models
from pellucid.record import Record
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.data.read_part import DataSource
    from pellucid.data.reading import Reading
    from pellucid.files.classifier import Classifier

SCHEMA = 1
"""Version of :meth:`Changes.to_dict`: raised when a key changes its meaning or goes; new keys may
come without."""

CORRECTED, BROKEN, OTHER = "corrected", "broken", "still wrong"

WAYS = (BROKEN, CORRECTED, OTHER)
"""How an answer changed: right before and wrong now; wrong before and right now; wrong both times,
in another way."""


@dataclass(frozen=True)
class Change:
    """A picture that is answered otherwise than before.

    Attributes:
        path: What it is called.
        index: Which of the pictures that judge, from 0.
        true: What it is labelled with, by the decisions.
        before: What was answered.
        confidence_before: Its probability then, 0 to 1.
        after: What is answered now.
        confidence_after: Its probability now, 0 to 1.
        way: One of :data:`WAYS`.
    """

    path: str
    index: int
    true: str
    before: str
    confidence_before: float
    after: str
    confidence_after: float
    way: str

    @property
    def line(self) -> str:
        """It in one line."""
        return (
            f"{self.way}: {self.path} is {self.true}; before {self.before} "
            f"({self.confidence_before:.1%}), now {self.after} ({self.confidence_after:.1%})"
        )


def _no_picture(_index: int) -> NDArray[np.uint8] | None:
    return None


@short_repr
@dataclass(frozen=True, eq=False)
class Changes(Record):
    """What changed between two models on the same pictures, which neither learned.

    Attributes:
        models: What the model before and the one after are called.
        pictures: How many pictures judge.
        right: How many of them the model before answers rightly, and the one after.
        cross_entropy: Of both, averaged over these pictures, in nats: it falls where right answers
            become surer, also where none changes.
        p_value: How often chance alone would make the two differ so, by McNemar's test.
        rows: The pictures that are answered otherwise, the broken first, and the surest of each.
        notes: What the pictures are, a line each.
        picture: Returns a picture by its index, as the model before gets it, uint8 (H, W, C).
    """

    record_kind: ClassVar[str] = "changes"
    endings: ClassVar[tuple[str, ...]] = (".html", ".json")
    models: tuple[str, str]
    pictures: int
    right: tuple[int, int]
    cross_entropy: tuple[float, float]
    p_value: float
    rows: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    picture: Callable[[int], NDArray[np.uint8] | None] = field(default=_no_picture, repr=False)

    @property
    def counts(self) -> dict[str, int]:
        """How many answers changed in each way."""
        return {way: sum(each.way == way for each in self.rows) for way in WAYS}

    def to_dict(self) -> dict[str, Any]:
        """The changes as JSON values; see ``docs/mistakes.md``."""
        return {
            "schema": SCHEMA,
            "record": self.record_kind,
            "models": list(self.models),
            "pictures": self.pictures,
            "right": list(self.right),
            "cross_entropy": [x if math.isfinite(x) else None for x in self.cross_entropy],
            "p_value": self.p_value,
            "counts": self.counts,
            "notes": list(self.notes),
            "changes": [asdict(each) for each in self.rows],
        }


def find_changes(
    before: Classifier,
    after: Classifier,
    data: DataSource,
    *,
    names: tuple[str, str] = ("before", "after"),
    part: str | None = "val",
    reading: Reading | None = None,
    max_pixels: int | None = None,
) -> Changes:
    """The pictures that a model answers otherwise than one before it.

    Args:
        before: The model before, of one class a picture.
        after: The one after, with the same classes.
        data: As :func:`pellucid.evaluation.model_comparison.compare_models` takes it: only pictures
            count that neither learned from.
        names: What the two are called.
        part: ``"val"``, or ``"test"``; None for the test, or else the validation.
        reading: How the data are read, with the decisions by which both are judged.
        max_pixels: Picture files with more pixels are left out.

    Raises:
        DataError: As :func:`compare_models`.
        ArgumentError: The models are not of one class a picture.
    """
    task = before.model_.task
    if not task.of_one_class:
        raise ArgumentError(
            f"{names[0]}: a model for {task.title}; changes are listed of models of one class a "
            "picture: pellucid compare sets two others side by side"
        )
    found = compare_models(
        before, after, data, part=part, max_pixels=max_pixels, names=names, reading=reading
    )
    assert isinstance(found, ModelComparison)
    return changes_of(found)


def changes_of(comparison: ModelComparison) -> Changes:
    """What changed from a comparison's first model to its second."""
    numbers, pictures = comparison.numbers, comparison.pictures
    a, b, classes = numbers.first, numbers.second, pictures.classes
    rows = [
        Change(
            path=pictures.picture_name(i),
            index=i,
            true=classes[int(numbers.labels[i])],
            before=classes[int(a.predicted[i])],
            confidence_before=float(a.confidence[i]),
            after=classes[int(b.predicted[i])],
            confidence_after=float(b.confidence[i]),
            way=BROKEN if a.right[i] else CORRECTED if b.right[i] else OTHER,
        )
        for i in numbers.disagree.tolist()
    ]
    rows.sort(key=lambda each: (WAYS.index(each.way), -each.confidence_after))
    return Changes(
        comparison.names,
        len(pictures),
        (int(a.right.sum()), int(b.right.sum())),
        (a.cross_entropy, b.cross_entropy),
        numbers.p_value,
        tuple(rows),
        comparison.notes,
        lambda i: pictures.images[i],
    )
