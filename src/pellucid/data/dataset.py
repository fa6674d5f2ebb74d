"""Labelled pictures in memory."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.class_names import named_places
from pellucid.data.labels import checked_labels, class_values
from pellucid.errors import ArgumentError, DataError
from pellucid.memory import check_memory
from pellucid.short_repr import short, short_repr
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.convert import Range
    from pellucid.data.labels import LabelKind
    from pellucid.data.quarantine import BadFile

_FINGERPRINT_FORMAT = b"pellucid data set 1\n"


@dataclass(frozen=True, eq=False, init=False)
class Dataset:
    """Pictures of one size with their labels.

    Instead of places, ``Dataset(images, labels=…, classes=…)`` takes labels: values of the classes
    (see :mod:`pellucid.data.labels`), or integers that count classes of names.

    Attributes:
        images: Pixels, shape (N, H, W, C), uint8 in 0..255; C is 1 (grey) or 3 (red, green, blue).
        places: Class of each picture as its place in ``classes``, shape (N,), int64 in 0..K-1.
            Other integer types are converted.
        classes: The K class names, in the order that places count.
        names: One name per picture, for messages and lists of mistakes: its path relative to the
            data's folder. None where pictures have no names; then its index stands for it.
        name: What this set is called in messages.
        quarantined: The files that could not be used and are not among the pictures.
        label_kind: What ``labels`` gives: ``"text"``, the class names themselves (folders, lists);
            ``"int"``, the integers that the names spell (MNIST, IDX files, arrays of integers);
            ``"bool"``, where the names are False and True.
        value_range: The values of more than 8 bits that became 0 and 255; None where the pictures
            had 8 bits.
        remarks: What the user should know of how the pictures were read, a line each.
        source_classes: What the source calls the classes where other names were given for them:
            ``("0", "1")`` for integers; else None.
        drawn_with: The seed that this part of a source was drawn with, and how many pictures were
            drawn to validate by (None for none); None where it was not drawn.

    Raises:
        DataError: A shape, a type, a length, a place or a class is not as described above.
    """

    images: NDArray[np.uint8]
    places: NDArray[np.int64]
    classes: tuple[str, ...]
    names: tuple[str, ...] | None = None
    name: str = "data"
    quarantined: tuple[BadFile, ...] = ()
    label_kind: LabelKind = "text"
    value_range: Range | None = None
    source_classes: tuple[str, ...] | None = None
    drawn_with: tuple[int, int | None] | None = None
    remarks: tuple[str, ...] = ()

    def __init__(
        self,
        images: NDArray[np.uint8],
        places: NDArray[np.int64] | None = None,
        classes: Sequence[str] = (),
        names: Sequence[str] | None = None,
        name: str = "data",
        quarantined: tuple[BadFile, ...] = (),
        label_kind: LabelKind = "text",
        value_range: Range | None = None,
        source_classes: tuple[str, ...] | None = None,
        drawn_with: tuple[int, int | None] | None = None,
        remarks: tuple[str, ...] = (),
        *,
        labels: Any = None,
    ) -> None:
        given = locals()
        if labels is not None:
            if places is not None:
                raise ArgumentError(f"{name}: both places and labels; give one of them")
            values = {name: checked_labels(labels, f"{name}: labels", len(images))}
            given["places"] = named_places(values, tuple(classes), label_kind, name)[name]
        for field in fields(self):
            object.__setattr__(self, field.name, given[field.name])
        self._check()

    def _check(self) -> None:
        _check_images(self.name, self.images)
        object.__setattr__(self, "classes", _checked_classes(self.name, self.classes))
        class_values(self.classes, self.label_kind, self.name)
        if self.source_classes is not None:
            object.__setattr__(self, "source_classes", tuple(self.source_classes))
            if len(self.source_classes) != len(self.classes):
                raise DataError(
                    f"{self.name}: {len(self.source_classes)} source_classes for "
                    f"{counted(len(self.classes), 'class')}; give one for each, or None"
                )
        count = len(self.images)
        places = _checked_places(self.name, self.places, count, len(self.classes))
        object.__setattr__(self, "places", places)
        if self.names is not None:
            object.__setattr__(self, "names", tuple(self.names))
            if len(self.names) != count:
                raise DataError(
                    f"{self.name}: {counted(len(self.names), 'name')} for "
                    f"{counted(count, 'picture')}; give one name per picture, or None"
                )

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        height, width, channels = self.image_shape
        return (
            f"Dataset({short(self.name)}: {counted(len(self), 'picture')} of "
            f"{height}×{width}×{channels}, {counted(len(self.classes), 'class')})"
        )

    @property
    def labels(self) -> NDArray[Any]:
        """Class of each picture, shape (N,): integers, texts or bools, as ``label_kind`` is."""
        return class_values(self.classes, self.label_kind, self.name)[self.places]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and number of channels of every picture."""
        height, width, channels = self.images.shape[1:]
        return height, width, channels

    def subset(
        self, indices: Sequence[int] | NDArray[np.integer[Any]], name: str | None = None
    ) -> Dataset:
        """Return the chosen pictures, copied, in the order of ``indices``.

        Args:
            indices: Positions 0..N-1; repetitions are allowed.
            name: What the new set is called; by default as this one.

        Raises:
            ArgumentError: An index is no integer, or outside 0..N-1.
            DataError: No picture was chosen.
        """
        chosen = np.asarray(indices)
        if chosen.size == 0:
            raise DataError(f"{self.name}: a subset of no pictures; choose at least one")
        if chosen.ndim != 1 or chosen.dtype.kind not in "iu":
            raise ArgumentError(
                f"{self.name}: indices of shape {chosen.shape} and type {chosen.dtype}; expected "
                f"one row of integers (for a mask, give numpy.flatnonzero(mask))"
            )
        if chosen.min() < 0 or chosen.max() >= len(self):
            wrong = int(chosen.min() if chosen.min() < 0 else chosen.max())
            raise ArgumentError(
                f"{self.name}: index {wrong} is outside 0..{len(self) - 1} "
                f"({counted(len(self), 'picture')})"
            )
        size = len(chosen) * (self.images.nbytes // len(self))
        check_memory(
            size, f"{self.name}: copies of {counted(len(chosen), 'picture')}", "use fewer pictures"
        )
        names = None if self.names is None else tuple(self.names[i] for i in chosen.tolist())
        return replace(
            self,
            images=self.images[chosen],
            places=self.places[chosen],
            names=names,
            name=self.name if name is None else name,
            quarantined=(),
        )

    def picture_name(self, i: int) -> str:
        """Return the name of picture ``i``: its path, or ``test[17]`` where it has none."""
        return f"{self.name}[{i}]" if self.names is None else self.names[i]

    def fingerprint(self) -> str:
        """Return the SHA-256 of shapes, pixels, places and class names, as 64 hex digits.

        Equal data have equal fingerprints on every machine; what pictures or the set are called
        does not count, nor names that were given to the classes of the source.
        """
        header = {"shape": self.images.shape, "classes": self.source_classes or self.classes}
        digest = hashlib.sha256(_FINGERPRINT_FORMAT)
        # ASCII escapes also stand for bytes of a file name that are no text
        digest.update(json.dumps(header, ensure_ascii=True).encode("ascii") + b"\n")
        digest.update(np.ascontiguousarray(self.images).data)
        digest.update(np.ascontiguousarray(self.places, dtype="<i8").data)
        return digest.hexdigest()


@short_repr
@dataclass(frozen=True, eq=False)
class Splits:
    """The parts of one data source: to learn from, to choose by, to be judged on.

    Attributes:
        train: Pictures to learn from.
        validation: Pictures to watch training by, or None.
        test: Pictures that training never sees, or None.
        notes: Remarks for the user, one line each: how the parts were made, which size was chosen.
        quarantined: The files of all parts that could not be used and were left out.
        drawn: The parts that were drawn from the pictures to learn from, and not given as such.

    Raises:
        DataError: The parts differ in their classes or in the shape of their pictures.
    """

    train: Dataset
    validation: Dataset | None
    test: Dataset | None
    notes: tuple[str, ...] = ()
    quarantined: tuple[BadFile, ...] = ()
    drawn: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for part in (self.validation, self.test):
            if part is None:
                continue
            if part.classes != self.train.classes:
                raise DataError(
                    f"{part.name} has the classes {part.classes}, {self.train.name} has "
                    f"{self.train.classes}; all parts must have the same classes in the same order"
                )
            if part.label_kind != self.train.label_kind:
                raise DataError(
                    f"{part.name} has labels of the kind {part.label_kind}, {self.train.name} of "
                    f"the kind {self.train.label_kind}; all parts must agree"
                )
            if part.image_shape != self.train.image_shape:
                raise DataError(
                    f"{part.name} has pictures of shape {part.image_shape}, {self.train.name} of "
                    f"{self.train.image_shape}; all parts must agree"
                )


def check_bytes(name: str, pixels: NDArray[Any]) -> None:
    """Raise DataError unless an array's values are uint8."""
    if pixels.dtype != np.uint8:
        hint = "for values 0..1: (255 * pixels).round().astype(numpy.uint8)"
        if pixels.dtype.kind in "iu":
            hint = (
                "for values 0..255: pixels.astype(numpy.uint8); those of numpy.uint16 are scaled "
                "by their range where pictures are learned, and where a model learned such"
            )
        raise DataError(f"{name} are {pixels.dtype}; expected uint8 values 0..255 ({hint})")


def _check_images(name: str, images: object) -> None:
    if not isinstance(images, np.ndarray):
        raise DataError(
            f"{name}: images are a {type(images).__name__}; expected a NumPy array of shape "
            f"(N, H, W, C) and type uint8"
        )
    check_bytes(f"{name}: images", images)
    if images.ndim != 4:
        hint = "; add the channel axis: images[..., numpy.newaxis]" if images.ndim == 3 else ""
        raise DataError(f"{name}: images have shape {images.shape}; expected (N, H, W, C){hint}")
    if images.shape[3] not in (1, 3):
        raise DataError(
            f"{name}: images have shape {images.shape}, that is {images.shape[3]} channels last; "
            f"expected (N, H, W, C) with 1 (grey) or 3 (red, green, blue) channels"
        )
    if 0 in images.shape:
        raise DataError(f"{name}: images have shape {images.shape}; expected at least one pixel")


def _checked_classes(name: str, classes: object) -> tuple[str, ...]:
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
