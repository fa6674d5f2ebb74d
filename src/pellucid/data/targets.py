"""What is wanted of pictures: one class each, several labels each, or numbers.

The kinds of targets say what a data set brings to learn from; boxes are in
:mod:`pellucid.data.boxes`, captions in :mod:`pellucid.data.captions`, transcripts of speech in
:mod:`pellucid.data.transcripts`, and nothing at all in :mod:`pellucid.data.unlabelled`.
:mod:`pellucid.tasks` has what a network makes of each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.data.boxes import Boxes
from pellucid.data.captions import Captions
from pellucid.data.labels import class_values, is_integer
from pellucid.data.target import JOINT, NONE, Targets, unsuited
from pellucid.data.target_checks import (
    checked_marks,
    checked_names,
    checked_numbers,
    checked_places,
    places_among,
)
from pellucid.data.transcripts import Transcripts
from pellucid.data.unlabelled import Unlabelled
from pellucid.errors import DataError
from pellucid.short_repr import short_repr
from pellucid.text import counted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.labels import LabelKind

__all__ = [
    "JOINT",
    "NONE",
    "TARGETS",
    "ClassTargets",
    "LabelSets",
    "Numbers",
    "Targets",
    "Unlabelled",
    "joined",
    "split_labels",
]  # fmt: skip


@short_repr
@dataclass(frozen=True, eq=False)
class ClassTargets(Targets):
    """One class a picture.

    Attributes:
        places: Of each picture, its class's place, int64 (N,), 0 to K − 1.
        classes: The K class names.
        label_kind: What ``labels`` are, see :mod:`pellucid.data.labels`.
        source_classes: What the source calls the classes where they were renamed; else None.
    """

    kind: ClassVar[str] = "single-label"
    title: ClassVar[str] = "single-label classification"
    needs_two: ClassVar[bool] = True
    places: NDArray[np.int64]
    classes: tuple[str, ...]
    label_kind: LabelKind = "text"
    source_classes: tuple[str, ...] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return self.classes

    @property
    def array(self) -> NDArray[Any]:
        return self.places

    @property
    def labels(self) -> NDArray[Any]:
        return class_values(self.classes, self.label_kind, "data")[self.places]

    @property
    def strata(self) -> NDArray[np.int64]:
        return self.places

    @property
    def used(self) -> NDArray[np.integer[Any]]:
        return np.unique(self.places)

    def described(self) -> dict[str, Any]:
        return {"classes": self.source_classes or self.classes}

    @classmethod
    def like(cls, names: tuple[str, ...]) -> ClassTargets:
        return cls(NONE, names)

    def check(self, name: str, count: int) -> ClassTargets:
        classes = checked_names(name, self.classes)
        class_values(classes, self.label_kind, name)
        source = self.source_classes if self.source_classes is None else tuple(self.source_classes)
        if source is not None and len(source) != len(classes):
            raise DataError(
                f"{name}: {len(source)} source_classes for {counted(len(classes), 'class')}; give "
                "one for each, or None"
            )
        places = checked_places(name, self.places, count, len(classes))
        return replace(self, places=places, classes=classes, source_classes=source)

    def subset(self, indices: NDArray[np.integer[Any]]) -> ClassTargets:
        return replace(self, places=self.places[indices])

    def read(self, texts: Sequence[str]) -> ClassTargets:
        place_of = {name: place for place, name in enumerate(self.classes)}
        return replace(self, places=np.array([place_of[text] for text in texts], np.int64))

    def counts(self) -> dict[str, int]:
        numbers = np.bincount(self.places, minlength=len(self.classes)).tolist()
        return dict(zip(self.classes, numbers, strict=True))

    def text(self, i: int) -> str:
        return self.classes[int(self.places[i])]

    def adopt(self, other: Targets, name: str) -> ClassTargets:
        if not isinstance(other, ClassTargets):
            raise unsuited(other, self, name)
        places = places_among(other.classes, np.unique(other.places), self.classes, name)
        return replace(self, places=places[other.places])


@short_repr
@dataclass(frozen=True, eq=False)
class LabelSets(Targets):
    """Any number of labels a picture.

    Attributes:
        marks: 1 where a picture has a label and 0 elsewhere, uint8 (N, K).
        classes: The names of the K labels.
        label_kind: What the classes are as labels, see :mod:`pellucid.data.labels`.
    """

    kind: ClassVar[str] = "multi-label"
    title: ClassVar[str] = "multi-label classification"
    marks: NDArray[np.uint8]
    classes: tuple[str, ...]
    label_kind: LabelKind = "text"

    @property
    def names(self) -> tuple[str, ...]:
        return self.classes

    @property
    def array(self) -> NDArray[Any]:
        return self.marks

    @property
    def labels(self) -> NDArray[Any]:
        return self.marks

    @property
    def strata(self) -> NDArray[np.int64]:
        return self.marks.astype(np.int64)

    @property
    def used(self) -> NDArray[np.integer[Any]]:
        return np.flatnonzero(self.marks.any(axis=0))

    def described(self) -> dict[str, Any]:
        return {"labels": self.classes}

    @classmethod
    def like(cls, names: tuple[str, ...]) -> LabelSets:
        return cls(np.zeros((0, len(names)), np.uint8), names)

    def check(self, name: str, count: int) -> LabelSets:
        classes = checked_names(name, self.classes)
        class_values(classes, self.label_kind, name)
        marks = checked_marks(self.marks, name, count)
        if marks.shape[1] != len(classes):
            raise DataError(
                f"{name}: {counted(marks.shape[1], 'column')} of labels for "
                f"{counted(len(classes), 'class')}; give one column a class"
            )
        return replace(self, marks=marks, classes=classes)

    def subset(self, indices: NDArray[np.integer[Any]]) -> LabelSets:
        return replace(self, marks=self.marks[indices])

    def read(self, texts: Sequence[str]) -> LabelSets:
        place_of = {name: place for place, name in enumerate(self.classes)}
        marks = np.zeros((len(texts), len(self.classes)), np.uint8)
        for row, text in zip(marks, texts, strict=True):
            row[[place_of[name] for name in self.classes_of(text)]] = 1
        return replace(self, marks=marks)

    def counts(self) -> dict[str, int]:
        return dict(zip(self.classes, self.marks.sum(axis=0).tolist(), strict=True))

    def lines(self) -> tuple[str, ...]:
        counts = sorted(self.counts().items(), key=lambda each: -each[1])
        names = listed([f"{printable(name)} {number}" for name, number in counts], 12)
        none = int((~self.marks.any(axis=1)).sum())
        without = f"; {none} have none" if none else ""
        return (f"{self.summary}: {names}{without}",)

    @property
    def summary(self) -> str:
        mean = self.marks.sum() / max(1, len(self.marks))
        return f"{counted(len(self.classes), 'label')}, {mean:.2g} a picture on average"

    def text(self, i: int) -> str:
        return joined([self.classes[k] for k in np.flatnonzero(self.marks[i])])

    def written(self, i: int) -> str:
        return JOINT.join(self.classes[k] for k in np.flatnonzero(self.marks[i]))

    def adopt(self, other: Targets, name: str) -> LabelSets:
        if isinstance(other, ClassTargets):
            places = places_among(other.classes, np.unique(other.places), self.classes, name)
            marks = np.zeros((len(other), len(self.classes)), np.uint8)
            marks[np.arange(len(other)), places[other.places]] = 1
            return replace(self, marks=marks)
        if not isinstance(other, LabelSets):
            raise unsuited(other, self, name)
        if len(other.classes) == len(self.classes) and "int" in (other.label_kind, self.label_kind):
            return replace(self, marks=other.marks)  # columns without names
        if other.label_kind == self.label_kind == "int":
            raise DataError(
                f"{name}: {counted(len(other.classes), 'column')} of labels, expected "
                f"{len(self.classes)}"
            )
        places = places_among(
            other.classes, np.flatnonzero(other.marks.any(axis=0)), self.classes, name
        )
        marks = np.zeros((len(other), len(self.classes)), np.uint8)
        rows, columns = np.nonzero(other.marks)
        marks[rows, places[columns]] = 1
        return replace(self, marks=marks)

    def classes_of(self, text: str) -> tuple[str, ...]:
        return tuple(split_labels(text))


@short_repr
@dataclass(frozen=True, eq=False)
class Numbers(Targets):
    """Numbers of each picture.

    Attributes:
        values: The targets, finite, float64 (N, M).
        columns: What the M numbers are called.
        flat: Whether users write one number a picture, (N,), rather than a row of them.
    """

    kind: ClassVar[str] = "regression"
    title: ClassVar[str] = "regression"
    values: NDArray[np.float64]
    columns: tuple[str, ...]
    flat: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        return self.columns

    @property
    def array(self) -> NDArray[Any]:
        return self.values

    @property
    def labels(self) -> NDArray[Any]:
        return self.values[:, 0] if self.flat else self.values

    def described(self) -> dict[str, Any]:
        return {"targets": len(self.columns)}

    @classmethod
    def like(cls, names: tuple[str, ...]) -> Numbers:  # noqa: ARG003 - numbers have no names
        return cls(np.zeros((0, 1)), ("target",))

    def check(self, name: str, count: int) -> Numbers:
        columns = checked_names(name, self.columns)
        values = checked_numbers(self.values, name, count)
        if values.shape[1] != len(columns):
            raise DataError(
                f"{name}: {counted(values.shape[1], 'number')} a picture, expected "
                f"{len(columns)} ({listed(columns)})"
            )
        return replace(self, values=values, columns=columns)

    def subset(self, indices: NDArray[np.integer[Any]]) -> Numbers:
        return replace(self, values=self.values[indices])

    def read(self, texts: Sequence[str]) -> Numbers:
        rows = [[float(part) for part in text.split(JOINT)] for text in texts]
        values = np.array(rows, np.float64).reshape(len(texts), len(self.columns))
        return replace(self, values=values)

    @property
    def summary(self) -> str:
        return f"{counted(len(self.columns), 'number')} each"

    def lines(self) -> tuple[str, ...]:
        return tuple(
            f"{printable(name)}: numbers from {low:g} to {high:g}, {mean:.4g} on average"
            for name, low, high, mean in zip(
                self.columns,
                self.values.min(axis=0).tolist(),
                self.values.max(axis=0).tolist(),
                self.values.mean(axis=0).tolist(),
                strict=True,
            )
        )

    def text(self, i: int) -> str:
        return f"{JOINT} ".join(f"{value:g}" for value in self.values[i].tolist())

    def classes_of(self, text: str) -> tuple[str, ...]:
        return ()

    def written(self, i: int) -> str:
        return JOINT.join(map(repr, self.values[i].tolist()))

    def cells(self, i: int) -> list[str]:
        return [f"{value:.9g}" for value in self.values[i].tolist()]

    def adopt(self, other: Targets, name: str) -> Numbers:
        if isinstance(other, ClassTargets) and all(map(is_integer, other.classes)):
            own = np.array([float(each) for each in other.classes])
            other = Numbers(own[other.places][:, np.newaxis], ("target",))
        if not isinstance(other, Numbers):
            raise unsuited(other, self, name)
        if len(other.columns) != len(self.columns):
            raise DataError(
                f"{name}: {counted(len(other.columns), 'number')} a picture, but the model learned "
                f"{len(self.columns)} ({listed(self.columns)})"
            )
        return replace(self, values=other.values)


TARGETS: dict[str, type[Targets]] = {
    each.kind: each
    for each in (ClassTargets, LabelSets, Numbers, Boxes, Transcripts, Captions, Unlabelled)
}
"""Every kind of targets, by the name of its task."""


def split_labels(text: str) -> list[str]:
    """The labels in a text such as ``cat;dog``, each once, in their order."""
    return list(dict.fromkeys(part for each in text.split(JOINT) if (part := each.strip())))


def joined(labels: Sequence[str]) -> str:
    """Labels as one text, ``cat; dog``; a dash where there is none."""
    return f"{JOINT} ".join(labels) or "–"
