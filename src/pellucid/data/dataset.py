"""Labelled pictures in memory."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.counter_random import permutation
from pellucid.data.class_names import named_places
from pellucid.data.groups import Groups
from pellucid.data.labels import checked_labels
from pellucid.data.picture_statistics import learned_ranges
from pellucid.data.shards.images import ShardImages
from pellucid.data.statistics import channel_statistics
from pellucid.data.survey import Survey, survey
from pellucid.data.targets import ClassTargets
from pellucid.errors import ArgumentError, DataError
from pellucid.memory import check_memory
from pellucid.short_repr import short, short_repr
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.convert import Range
    from pellucid.data.decisions.marks import Decided, Marks
    from pellucid.data.labels import LabelKind
    from pellucid.data.quarantine import BadFile
    from pellucid.data.sound import Sound
    from pellucid.data.targets import Targets

_BLOCK = 1024
"""Pictures of which a fingerprint is taken at once."""

_FINGERPRINT_FORMAT = b"pellucid data set 1\n"


@dataclass(frozen=True, eq=False, init=False)
class Dataset:
    """Pictures of one size, and what is wanted of each: classes, several labels, or numbers.

    Instead of targets, ``Dataset(images, places, classes, …)`` takes one class a picture as places
    in ``classes``, and ``Dataset(images, labels=…, classes=…)`` values of the classes (see
    :mod:`pellucid.data.labels`), or integers that count classes of names.

    Attributes:
        images: Pixels, shape (N, H, W, C), uint8 in 0..255; C is 1 (grey) or 3 (red, green, blue).
        targets: What is wanted of each picture, see :mod:`pellucid.data.targets`.
        names: One name per picture, for messages and lists of mistakes: its path relative to the
            data's folder. None where pictures have no names; then its index stands for it.
        name: What this set is called in messages.
        quarantined: The files that could not be used and are not among the pictures.
        value_range: The values of more than 8 bits that became 0 and 255; None where the pictures
            had 8 bits.
        remarks: What the user should know of how the pictures were read, a line each.
        groups: What each picture belongs to, see :class:`pellucid.data.groups.Groups`; pictures of
            one group stay in one part. None where each is by itself. It can be given as N texts.
        sound: How recordings became the pictures; None where they are pictures.
        drawn_with: The seed that this part of a source was drawn with, and how many pictures were
            drawn to validate by (None for none); None where it was not drawn.
        own: How many pictures, the first ones, are not of side cameras, see
            :mod:`pellucid.data.side_cameras`; None where all are.
        marks: What people decided about the pictures, and was not done yet.
        decided: What they decided about them, and was done.

    Raises:
        DataError: A shape, a type, a length, a place or a class is not as described above.
    """

    images: NDArray[np.uint8]
    targets: Targets
    names: tuple[str, ...] | None = None
    name: str = "data"
    quarantined: tuple[BadFile, ...] = ()
    value_range: Range | None = None
    drawn_with: tuple[int, int | None] | None = None
    remarks: tuple[str, ...] = ()
    groups: Groups | None = None
    own: int | None = None
    sound: Sound | None = None
    marks: Marks | None = None
    decided: Decided | None = None

    def __init__(
        self,
        images: NDArray[np.uint8],
        places: NDArray[np.int64] | None = None,
        classes: Sequence[str] | None = None,
        names: Sequence[str] | None = None,
        name: str = "data",
        quarantined: tuple[BadFile, ...] = (),
        label_kind: LabelKind | None = None,
        value_range: Range | None = None,
        source_classes: tuple[str, ...] | None = None,
        drawn_with: tuple[int, int | None] | None = None,
        remarks: tuple[str, ...] = (),
        *,
        labels: Any = None,
        targets: Targets | None = None,
        groups: Groups | Sequence[str] | None = None,
        own: int | None = None,
        sound: Sound | None = None,
        marks: Marks | None = None,
        decided: Decided | None = None,
    ) -> None:
        given = locals()
        if labels is not None:
            if places is not None:
                raise ArgumentError(f"{name}: both places and labels; give one of them")
            values = {name: checked_labels(labels, f"{name}: labels", len(images))}
            places = named_places(values, tuple(classes or ()), label_kind or "text", name)[name]
        if targets is None:
            targets = ClassTargets(
                places,  # type: ignore[arg-type]  # it is checked below
                () if classes is None else classes,  # type: ignore[arg-type]
                label_kind or "text",
                source_classes,
            )
        else:  # what else is given replaces what they say
            changes = {
                "places": places, "classes": classes, "label_kind": label_kind,
                "source_classes": source_classes,
            }  # fmt: skip
            targets = replace(targets, **{k: v for k, v in changes.items() if v is not None})  # type: ignore[type-var]
        given["targets"] = targets
        if groups is not None and not isinstance(groups, Groups):
            given["groups"] = Groups(tuple(map(str, groups)))
        for field in fields(self):
            object.__setattr__(self, field.name, given[field.name])
        self._check()

    def _check(self) -> None:
        _check_images(self.name, self.images)
        count = len(self.images)
        object.__setattr__(self, "targets", self.targets.check(self.name, count))
        if self.names is not None:
            object.__setattr__(self, "names", tuple(self.names))
            if len(self.names) != count:
                raise DataError(
                    f"{self.name}: {counted(len(self.names), 'name')} for "
                    f"{counted(count, 'picture')}; give one name per picture, or None"
                )

        if self.groups is not None and len(self.groups) != count:
            raise DataError(
                f"{self.name}: groups of {counted(len(self.groups), 'picture')} for "
                f"{counted(count, 'picture')}; give one group per picture, or None"
            )

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        height, width, channels = self.image_shape
        return (
            f"Dataset({short(self.name)}: {counted(len(self), self.noun)} of "
            f"{height}×{width}×{channels}, {self.targets.summary})"
        )

    @property
    def kind(self) -> str:
        """The task that the targets are for: a name of :data:`pellucid.data.targets.TARGETS`."""
        return self.targets.kind

    @property
    def classes(self) -> tuple[str, ...]:
        """The K class names; of numbers, what they are called."""
        return self.targets.names

    @property
    def labels(self) -> NDArray[Any]:
        """What is wanted of each picture.

        Of one class a picture integers, texts or bools, shape (N,); of several labels 0 and 1,
        (N, K); of numbers floats, (N,) or (N, M).
        """
        return self.targets.labels

    @property
    def places(self) -> NDArray[np.int64]:
        """Class of each picture as its place in ``classes``, shape (N,), int64 in 0..K-1.

        Raises:
            DataError: The pictures have several labels each, or numbers.
        """
        return self._of_one_class.places

    @property
    def label_kind(self) -> LabelKind:
        """What ``labels`` gives: ``"text"``, ``"int"`` or ``"bool"``.

        ``"text"``, the class names themselves (folders, lists); ``"int"``, the integers that the
        names spell (MNIST, IDX files, arrays of integers); ``"bool"``, where the names are False
        and True.
        """
        return self._of_one_class.label_kind

    @property
    def source_classes(self) -> tuple[str, ...] | None:
        """What the source calls the classes where other names were given for them; else None."""
        targets = self.targets
        return targets.source_classes if isinstance(targets, ClassTargets) else None

    @property
    def _of_one_class(self) -> ClassTargets:
        if not isinstance(self.targets, ClassTargets):
            raise DataError(
                f"{self.name}: data for {self.targets.title}; expected one class a picture"
            )
        return self.targets

    def with_classes(self, **changes: Any) -> Dataset:
        """The same pictures with other places, classes, label_kind or source_classes.

        Raises:
            DataError: The pictures have several labels each, or numbers.
        """
        return replace(self, targets=replace(self._of_one_class, **changes))

    @property
    def noun(self) -> str:
        """What one of them is called: ``picture`` or ``recording``."""
        return "picture" if self.sound is None else "recording"

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
            targets=self.targets.subset(chosen),
            names=names,
            groups=self.groups and self.groups.subset(chosen),
            name=self.name if name is None else name,
            quarantined=(),
            own=None,
            marks=self.marks and self.marks.subset(chosen),
            decided=self.decided and self.decided.of_some(chosen),
        )

    def order(self, seed: int, epoch: int) -> NDArray[np.int64]:
        """In which order pictures are seen in an epoch from 0, each once, shape (N,)."""
        images = _anything(self.images)
        if isinstance(images, ShardImages):
            return images.order(seed, epoch)
        return permutation(len(self), seed, epoch)

    def windows(self, seed: int, epoch: int) -> list[NDArray[np.int64]] | None:
        """Which pictures are in memory together in an epoch from 0; None: all of them are."""
        images = _anything(self.images)
        return images.windows(seed, epoch) if isinstance(images, ShardImages) else None

    def picture_name(self, i: int) -> str:
        """Return the name of picture ``i``: its path, or ``test[17]`` where it has none."""
        return f"{self.name}[{self.number(i)}]" if self.names is None else self.names[i]

    def number(self, i: int) -> int:
        """By which number picture ``i`` is known, from 0: those left out are counted, too."""
        numbers = None if self.decided is None else self.decided.numbers
        return i if numbers is None else int(numbers[i])

    def spread(self, most: int) -> Dataset:
        """At most ``most`` of the pictures, evenly from the first to the last.

        Args:
            most: At least 1.
        """
        if len(self) <= most:
            return self
        return self.subset(np.linspace(0, len(self) - 1, most).astype(np.int64))

    def fingerprint(self) -> str:
        """Return the SHA-256 of shapes, pixels, places and class names, as 64 hex digits.

        Equal data have equal fingerprints on every machine; what pictures or the set are called
        does not count, nor names that were given to the classes of the source.
        """
        if (survey := self._survey) is not None:
            return survey.fingerprint
        digest = self._digest()
        for first in range(0, len(self), _BLOCK):
            digest.update(np.ascontiguousarray(self.images[first : first + _BLOCK]).data)
        return self._finished(digest)

    def channel_statistics(self) -> tuple[list[float], list[float]]:
        """Mean and standard deviation of each channel over all pictures and positions, 0..255."""
        survey = self._survey
        return channel_statistics(self.images) if survey is None else survey.statistics

    def learned_ranges(self) -> dict[str, list[float]]:
        """The range of each number of :mod:`pellucid.data.picture_statistics`."""
        survey = self._survey
        return learned_ranges(self.images) if survey is None else survey.ranges

    @cached_property
    def _survey(self) -> Survey | None:
        """What one reading of shards finds; None of pixels in memory, which may be changed."""
        images = _anything(self.images)
        if not isinstance(images, ShardImages):
            return None
        digest = self._digest()
        return survey(images, digest.update, lambda: self._finished(digest))

    def _digest(self) -> hashlib._Hash:
        """What a fingerprint begins with."""
        header = {"shape": self.images.shape, **self.targets.described()}
        digest = hashlib.sha256(_FINGERPRINT_FORMAT)
        # ASCII escapes also stand for bytes of a file name that are no text
        digest.update(json.dumps(header, ensure_ascii=True).encode("ascii") + b"\n")
        return digest

    def _finished(self, digest: hashlib._Hash) -> str:
        values = self.targets.digested
        digest.update(np.ascontiguousarray(values, values.dtype.newbyteorder("<")).data)
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
            if part.kind != self.train.kind:
                raise DataError(
                    f"{part.name} is for {part.targets.title}, {self.train.name} for "
                    f"{self.train.targets.title}; all parts must agree"
                )
            if part.classes != self.train.classes:
                raise DataError(
                    f"{part.name} has the classes {part.classes}, {self.train.name} has "
                    f"{self.train.classes}; all parts must have the same classes in the same order"
                )
            if part.kind == "single-label" and part.label_kind != self.train.label_kind:
                raise DataError(
                    f"{part.name} has labels of the kind {part.label_kind}, {self.train.name} of "
                    f"the kind {self.train.label_kind}; all parts must agree"
                )
            if part.image_shape != self.train.image_shape:
                raise DataError(
                    f"{part.name} has pictures of shape {part.image_shape}, {self.train.name} of "
                    f"{self.train.image_shape}; all parts must agree"
                )


def _anything(images: object) -> object:
    """The same, for a type checker, to which pixels are arrays: shards give what these give."""
    return images


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
    if isinstance(images, ShardImages):  # it decodes what is asked for, and has been checked
        return
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
