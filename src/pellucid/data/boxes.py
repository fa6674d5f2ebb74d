"""Boxes around the things in a picture: what object detection learns from."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.box_geometry import areas
from pellucid.data.target import JOINT, Targets, unsuited
from pellucid.data.target_checks import checked_names, places_among
from pellucid.errors import DataError
from pellucid.short_repr import short_repr
from pellucid.text import counted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.preprocessing import Preprocessing

NO_BOX = -1
"""The class's place where there is no box."""

BoxRow = tuple[str, float, float, float, float, bool]
"""Class, x0, y0, x1, y1, and whether it is ignored."""


@short_repr
@dataclass(frozen=True, eq=False)
class Boxes(Targets):
    """Any number of boxes a picture, each of a class; M is the most that a picture has.

    Coordinates are continuous and count pixels of the picture as the network gets it: (0, 0) is
    the top left corner of the top left pixel, x grows to the right and y down, so that a box around
    one pixel is 1 wide.

    Attributes:
        boxes: x0, y0, x1, y1 with x0 < x1 and y0 < y1, float32 (N, M, 4); zeros where there is no
            box.
        places: Of each box, its class's place, int64 (N, M), 0 to K − 1; −1 where there is no box.
        ignored: Boxes that are neither learned nor counted as missed, and whose finding is no
            mistake (VOC's ``difficult``, COCO's ``iscrowd``), bool (N, M).
        classes: The K class names.
    """

    kind: ClassVar[str] = "detection"
    title: ClassVar[str] = "object detection"
    located: ClassVar[bool] = True
    boxes: NDArray[np.float32]
    places: NDArray[np.int64]
    ignored: NDArray[np.bool_]
    classes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return self.classes

    @property
    def array(self) -> NDArray[Any]:
        """Boxes, class's place and whether ignored (0 or 1), float32 (N, M, 6)."""
        others = np.stack([self.places, self.ignored], axis=-1)
        return np.concatenate([self.boxes, others], axis=-1).astype(np.float32)

    @property
    def labels(self) -> NDArray[Any]:
        return self.array

    @property
    def digested(self) -> NDArray[Any]:
        """Every box behind the number of its picture, however many places are empty, (B, 7)."""
        pictures, _ = np.nonzero(self.present)
        return np.column_stack([pictures, self.array[self.present]]).astype(np.float64)

    @property
    def present(self) -> NDArray[np.bool_]:
        """Where there is a box, (N, M)."""
        return np.not_equal(self.places, NO_BOX)

    @property
    def marks(self) -> NDArray[np.int64]:
        """1 where a picture has a box of a class that is not ignored, else 0, (N, K)."""
        marks = np.zeros((len(self), len(self.classes)), np.int64)
        pictures, at = np.nonzero(self.present & ~self.ignored)
        marks[pictures, self.places[pictures, at]] = 1
        return marks

    @property
    def strata(self) -> NDArray[np.int64]:
        return self.marks

    @property
    def used(self) -> NDArray[np.integer[Any]]:
        return np.flatnonzero(self.marks.any(axis=0))

    def described(self) -> dict[str, Any]:
        return {"boxes": self.classes}

    @classmethod
    def like(cls, names: tuple[str, ...]) -> Boxes:
        return cls(
            np.zeros((0, 1, 4), np.float32),
            np.zeros((0, 1), np.int64),
            np.zeros((0, 1), np.bool_),
            names,
        )

    def check(self, name: str, count: int) -> Boxes:
        classes = checked_names(name, self.classes)
        boxes, places, ignored = map(np.asarray, (self.boxes, self.places, self.ignored))
        shape = boxes.shape[:2]
        if boxes.ndim != 3 or boxes.shape[2] != 4 or boxes.dtype.kind not in "fiu":
            raise DataError(
                f"{name}: boxes are {boxes.dtype} of shape {boxes.shape}; expected numbers of "
                "shape (N, M, 4): x0, y0, x1, y1 in pixels"
            )
        if len(boxes) != count:
            raise DataError(
                f"{name}: boxes of {counted(len(boxes), 'picture')} for "
                f"{counted(count, 'picture')}; give one row a picture"
            )
        for what, values, kinds in (("places", places, "iu"), ("ignored", ignored, "b")):
            if values.shape != shape or values.dtype.kind not in kinds:
                raise DataError(
                    f"{name}: {what} are {values.dtype} of shape {values.shape}; expected "
                    f"{'integers' if kinds == 'iu' else 'bools'} of shape {shape}, one a box"
                )
        wrong = (places < NO_BOX) | (places >= len(classes))
        if wrong.any():
            raise DataError(
                f"{name}: place {int(places[wrong][0])} is outside −1..{len(classes) - 1} "
                f"({counted(len(classes), 'class')}); −1 means no box"
            )
        present = places != NO_BOX
        with np.errstate(invalid="ignore"):
            bad = present & ~(np.isfinite(boxes).all(axis=-1) & (areas(boxes) > 0))
        if bad.any():
            i, k = (int(at) for at in np.argwhere(bad)[0])
            raise DataError(
                f"{name}: box {k} of picture {i} is {boxes[i, k].tolist()}; expected finite "
                "x0 < x1 and y0 < y1"
            )
        return Boxes(
            np.where(present[..., np.newaxis], boxes, 0).astype(np.float32),
            places.astype(np.int64),
            ignored & present,
            classes,
        )

    def subset(self, indices: NDArray[np.integer[Any]]) -> Boxes:
        return replace(
            self, boxes=self.boxes[indices], places=self.places[indices],
            ignored=self.ignored[indices],
        )  # fmt: skip

    def rows(self, i: int) -> list[BoxRow]:
        """The boxes of a picture, each with the name of its class."""
        at = np.flatnonzero(self.present[i])
        names = [self.classes[k] for k in self.places[i, at].tolist()]
        ignored = self.ignored[i, at].tolist()
        return [
            (name, *box, skip)
            for name, box, skip in zip(names, self.boxes[i, at].tolist(), ignored, strict=True)
        ]

    def read(self, texts: Sequence[str]) -> Boxes:
        return self.of_rows([rows_of(text) for text in texts])

    def of_rows(self, pictures: Sequence[Sequence[BoxRow]]) -> Boxes:
        """Boxes of these classes of other pictures, from the boxes of each."""
        most = max((len(rows) for rows in pictures), default=0)
        shape = len(pictures), max(1, most)
        boxes, ignored = np.zeros((*shape, 4), np.float32), np.zeros(shape, np.bool_)
        places = np.full(shape, NO_BOX, np.int64)
        place_of = {name: place for place, name in enumerate(self.classes)}
        for i, rows in enumerate(pictures):
            for k, (name, x0, y0, x1, y1, skip) in enumerate(rows):
                boxes[i, k], places[i, k], ignored[i, k] = (x0, y0, x1, y1), place_of[name], skip
        return replace(self, boxes=boxes, places=places, ignored=ignored)

    def of_array(self, array: NDArray[np.floating[Any]]) -> Boxes:
        """Boxes of these classes from an array (N, M, 6), as :attr:`array` gives them."""
        places = array[..., 4].astype(np.int64)
        boxes = array[..., :4].astype(np.float32)
        return replace(self, boxes=boxes, places=places, ignored=array[..., 5] != 0)

    def text(self, i: int) -> str:
        numbers = Counter(name for name, *_ in self.rows(i))
        return f"{JOINT} ".join(f"{number} {name}" for name, number in numbers.items()) or "–"

    def written(self, i: int) -> str:
        return text_of(self.rows(i))

    def classes_of(self, text: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for name, *_ in rows_of(text)))

    def adopt(self, other: Targets, name: str) -> Boxes:
        if not isinstance(other, Boxes):
            raise unsuited(other, self, name)
        used = np.unique(other.places[other.present])
        table = places_among(other.classes, used, self.classes, name)
        places = np.where(other.present, table[other.places], NO_BOX)
        return replace(other, places=places, classes=self.classes)

    def joined_with(self, others: Sequence[Targets]) -> Boxes:
        every = [self, *(each for each in others if isinstance(each, Boxes))]
        most = max(each.places.shape[1] for each in every)
        return replace(
            self,
            boxes=np.concatenate([_wide(each.boxes, most, 0) for each in every]),
            places=np.concatenate([_wide(each.places, most, NO_BOX) for each in every]),
            ignored=np.concatenate([_wide(each.ignored, most, False) for each in every]),
        )

    def placed(self, sizes: Sequence[tuple[int, int]], preprocessing: Preprocessing) -> Boxes:
        if len(sizes) != len(self):
            raise DataError(
                f"boxes of {counted(len(self), 'picture')} and sizes of {len(sizes)}; boxes are "
                "placed by the size of each picture"
            )
        boxes = np.zeros(self.boxes.shape, np.float32)
        by_size: dict[tuple[int, int], list[int]] = {}
        for i, size in enumerate(sizes):
            by_size.setdefault(size, []).append(i)
        for (width, height), at in by_size.items():
            boxes[at] = preprocessing.placement(width, height).to_network(self.boxes[at])
        return self.moved(boxes)

    def moved(self, boxes: NDArray[np.float32]) -> Boxes:
        """The same boxes elsewhere; those of which nothing is left are left out.

        Args:
            boxes: Where each is, (N, M, 4); without an area where it is gone.

        Returns:
            Boxes, those of each picture in front and in their order, M as small as may be.
        """
        left = self.present & (areas(boxes) > 0)
        order = np.argsort(~left, axis=1, kind="stable")[
            :, : max(1, int(left.sum(1).max(initial=0)))
        ]
        kept = np.take_along_axis(left, order, 1)
        return replace(
            self,
            boxes=np.where(
                kept[..., np.newaxis], np.take_along_axis(boxes, order[..., None], 1), 0
            ),
            places=np.where(kept, np.take_along_axis(self.places, order, 1), NO_BOX),
            ignored=kept & np.take_along_axis(self.ignored, order, 1),
        )

    @property
    def summary(self) -> str:
        mean = self.present.sum() / max(1, len(self))
        return f"{counted(len(self.classes), 'class')}, {mean:.2g} boxes a picture on average"

    def counts(self) -> dict[str, int]:
        return dict(zip(self.classes, self.marks.sum(axis=0).tolist(), strict=True))

    def box_counts(self) -> dict[str, int]:
        """How many boxes of each class there are that are not ignored, in the order of classes."""
        places = self.places[self.present & ~self.ignored]
        numbers = np.bincount(places, minlength=len(self.classes)).tolist()
        return dict(zip(self.classes, numbers, strict=True))

    def lines(self) -> tuple[str, ...]:
        of_picture = self.present.sum(axis=1)
        counts = sorted(self.box_counts().items(), key=lambda each: -each[1])
        names = listed([f"{printable(name)} {number}" for name, number in counts], 12)
        ignored, empty = int(self.ignored.sum()), int((of_picture == 0).sum())
        return (
            f"{counted(int(of_picture.sum()), 'box')}, "
            f"{of_picture.mean():.3g} a picture and at most {of_picture.max()}: {names}"
            + (f"; {ignored} ignored" if ignored else "")
            + (f"; {counted(empty, 'picture')} without boxes" if empty else ""),
        )


def text_of(rows: Sequence[BoxRow]) -> str:
    """The boxes of a picture as a text that :func:`rows_of` reads: JSON."""
    return json.dumps(rows, separators=(",", ":"), ensure_ascii=False)


def rows_of(text: str) -> list[BoxRow]:
    """The boxes of a picture from the text that :func:`text_of` wrote."""
    return [tuple(row) for row in json.loads(text)] if text else []


def _wide(values: NDArray[Any], most: int, empty: float) -> NDArray[Any]:
    """An array (N, M, …) with M made larger by entries that are empty."""
    more = np.full((len(values), most - values.shape[1], *values.shape[2:]), empty, values.dtype)
    return np.concatenate([values, more], axis=1)
