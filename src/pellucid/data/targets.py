"""What is wanted of pictures: one class each, several labels each, or numbers.

The three kinds of targets say what a data set brings to learn from. :mod:`pellucid.tasks` has what
a network makes of each.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from pellucid.data.labels import class_values
from pellucid.errors import DataError
from pellucid.short_repr import short_repr
from pellucid.text import brief_repr, counted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.labels import LabelKind

NONE: NDArray[np.int64] = np.empty(0, np.int64)
"""The places of no picture: for targets that only say how others are read."""

JOINT = ";"
"""Between the labels of a picture, or its numbers, in a CSV file."""


class Targets(ABC):
    """What is wanted of N pictures. Subclasses are frozen dataclasses.

    Attributes:
        kind: A name of :data:`TARGETS`, which is that of the task, too.
        title: The task in words.
        names: What the K outputs of a network that learns this stand for: classes, or columns.
    """

    kind: ClassVar[str]
    title: ClassVar[str]

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """What the outputs stand for."""

    @property
    @abstractmethod
    def array(self) -> NDArray[Any]:
        """The targets of all pictures, N first."""

    @property
    @abstractmethod
    def labels(self) -> NDArray[Any]:
        """The targets as users write them."""

    @property
    def strata(self) -> NDArray[np.int64]:
        """Pictures that are drawn in proportion: the class of each, or 0 for all, (N,)."""
        return np.zeros(len(self), np.int64)

    @abstractmethod
    def described(self) -> dict[str, Any]:
        """What the fingerprint of data has of the targets besides their array."""

    @abstractmethod
    def check(self, name: str, count: int) -> Self:
        """The same once it is found good, in its own types.

        Raises:
            DataError: If something is not as the class says; the message begins with the name.
        """

    @abstractmethod
    def subset(self, indices: NDArray[np.integer[Any]]) -> Self:
        """The targets of some pictures."""

    @abstractmethod
    def read(self, texts: Sequence[str]) -> Self:
        """Targets like these of other pictures, from their texts in a list or their folders."""

    @abstractmethod
    def text(self, i: int) -> str:
        """The target of a picture as a text."""

    def joined_with(self, others: Sequence[Targets]) -> Targets:
        """The targets of these pictures and of further ones of the same kind."""
        first = fields(self)[0].name  # type: ignore[arg-type]  # of a dataclass
        arrays = [self.array, *(each.array for each in others)]
        return replace(self, **{first: np.concatenate(arrays)})  # type: ignore[type-var]

    def classes_of(self, text: str) -> tuple[str, ...]:
        """The classes that a text in a list names; none of numbers."""
        return (text,)

    @property
    def summary(self) -> str:
        """How many classes, labels or numbers there are: ``2 classes``."""
        return counted(len(self.names), "class")

    def __len__(self) -> int:
        return len(self.array)


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

    def described(self) -> dict[str, Any]:
        return {"classes": self.source_classes or self.classes}

    def check(self, name: str, count: int) -> ClassTargets:
        classes = checked_names(name, self.classes)
        class_values(classes, self.label_kind, name)
        source = self.source_classes if self.source_classes is None else tuple(self.source_classes)
        if source is not None and len(source) != len(classes):
            raise DataError(
                f"{name}: {len(source)} source_classes for {counted(len(classes), 'class')}; give "
                "one for each, or None"
            )
        places = _checked_places(name, self.places, count, len(classes))
        return replace(self, places=places, classes=classes, source_classes=source)

    def subset(self, indices: NDArray[np.integer[Any]]) -> ClassTargets:
        return replace(self, places=self.places[indices])

    def read(self, texts: Sequence[str]) -> ClassTargets:
        place_of = {name: place for place, name in enumerate(self.classes)}
        return replace(self, places=np.array([place_of[text] for text in texts], np.int64))

    def text(self, i: int) -> str:
        return self.classes[int(self.places[i])]


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

    def described(self) -> dict[str, Any]:
        return {"labels": self.classes}

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

    def text(self, i: int) -> str:
        return joined([self.classes[k] for k in np.flatnonzero(self.marks[i])])

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
        return "1 number each" if self.flat else f"{len(self.columns)} numbers each"

    def text(self, i: int) -> str:
        return f"{JOINT} ".join(f"{value:g}" for value in self.values[i].tolist())

    def classes_of(self, text: str) -> tuple[str, ...]:
        return ()


TARGETS: dict[str, type[Targets]] = {each.kind: each for each in (ClassTargets, LabelSets, Numbers)}
"""Every kind of targets, by the name of its task."""


def split_labels(text: str) -> list[str]:
    """The labels in a text such as ``cat;dog``, each once, in their order."""
    return list(dict.fromkeys(part for each in text.split(JOINT) if (part := each.strip())))


def joined(labels: Sequence[str]) -> str:
    """Labels as one text, ``cat; dog``; a dash where there is none."""
    return f"{JOINT} ".join(labels) or "–"


def checked_names(name: str, classes: object) -> tuple[str, ...]:
    """Names of classes or columns: texts that are not empty, each once.

    Raises:
        DataError: If they are not.
    """
    if isinstance(classes, str) or not isinstance(classes, (tuple, list)):
        raise DataError(f"{name}: classes are {classes!r}; expected a tuple of names")
    if not classes:
        raise DataError(f"{name}: there are no classes; expected a name for each label")
    for entry in classes:
        if not isinstance(entry, str) or not entry:
            raise DataError(f"{name}: class name {entry!r}; expected a text that is not empty")
    repeated = [entry for i, entry in enumerate(classes) if entry in classes[:i]]
    if repeated:
        raise DataError(f"{name}: class name {repeated[0]!r} stands twice; expected each once")
    return tuple(classes)


def checked_marks(marks: object, name: str, count: int | None = None) -> NDArray[np.uint8]:
    """Labels as 0 and 1, a column a class, once they are found good: uint8 (N, K).

    Raises:
        DataError: If they have another shape, or hold anything but 0 and 1.
    """
    values = _table(marks, name, count)
    wrong = ~np.isin(values, (0, 1))
    if wrong.any():
        i, k = (int(at) for at in np.argwhere(wrong)[0])
        raise DataError(
            f"{name}: {brief_repr(values[i, k])} (row {i}, column {k}) is neither 0 nor 1"
            f"{_how_many(int(wrong.sum()))}; for several labels a picture give 1 where a picture "
            "has a label and 0 elsewhere"
        )
    return values.astype(np.uint8)


def checked_numbers(numbers: object, name: str, count: int | None = None) -> NDArray[np.float64]:
    """Targets of a regression once they are found good: float64 (N, M).

    Raises:
        DataError: If they have another shape, or are not finite numbers.
    """
    values = np.asarray(numbers)
    values = _table(values[:, np.newaxis] if values.ndim == 1 else values, name, count)
    values = values.astype(np.float64)
    wrong = ~np.isfinite(values).all(axis=1)
    if wrong.any():
        first = int(wrong.argmax())
        what = "NaN" if np.isnan(values[first]).any() else "infinite"
        raise DataError(
            f"{name}: the target of {counted(int(wrong.sum()), 'picture')} of {len(values)} is no "
            f"finite number, the first at position {first} ({what}); leave those pictures out, or "
            "give their numbers"
        )
    return values


def _table(given: object, name: str, count: int | None) -> NDArray[Any]:
    try:
        values = np.asarray(given)
        if values.dtype.kind == "O":
            values = values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{name}: not all are numbers ({printable(str(error))[:80]}); give numbers"
        ) from error
    if values.ndim != 2 or values.dtype.kind not in "biuf" or not values.shape[1]:
        raise DataError(
            f"{name}: an array of {values.dtype} {values.shape}; expected numbers, a row a picture"
        )
    if count is not None and len(values) != count:
        raise DataError(
            f"{name}: targets of {counted(len(values), 'picture')} for "
            f"{counted(count, 'picture')}; give one row a picture"
        )
    if not len(values):
        raise DataError(f"{name}: no targets; give one a picture")
    return values


def _checked_places(name: str, places: object, count: int, classes: int) -> NDArray[np.int64]:
    if not isinstance(places, np.ndarray):
        raise DataError(
            f"{name}: places are a {type(places).__name__}; expected a NumPy array of integers"
        )
    if places.dtype.kind not in "iu":
        raise DataError(
            f"{name}: places are {places.dtype}; expected integers 0..{classes - 1} "
            f"(places.astype(numpy.int64))"
        )
    if places.shape != (count,):
        raise DataError(
            f"{name}: places have shape {places.shape}; expected ({count},), one per picture"
        )
    if places.min() < 0 or places.max() >= classes:
        wrong = int(places.min() if places.min() < 0 else places.max())
        raise DataError(
            f"{name}: place {wrong} is outside 0..{classes - 1} ({counted(classes, 'class')}); "
            f"give one class name per place"
        )
    return places.astype(np.int64, copy=False)


def _how_many(number: int) -> str:
    return f" ({number} such entries)" if number > 1 else ""
