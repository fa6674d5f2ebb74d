"""What decisions say of the pictures of a data set, before it is done and after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.decisions.decision import LEAVE_OUT, MOVE
from pellucid.data.decisions.matched import check_label, picture_key
from pellucid.data.targets import ClassTargets
from pellucid.errors import DataError
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.decisions.matched import Matched
    from pellucid.data.targets import Targets


@short_repr
@dataclass(frozen=True, eq=False)
class Marks:
    """What is decided of each picture of a data set, and not done yet.

    Parts are drawn before it is done, so that no decision brings a picture into another part: what
    a model has not learned stays what it has not learned.

    Attributes:
        matched: The decisions.
        left_out: Whether each picture is left out, bool (N,).
        labels: Of each picture its new label as a list has it, or None, N.
    """

    matched: Matched
    left_out: NDArray[np.bool_]
    labels: tuple[str | None, ...]

    def subset(self, indices: NDArray[np.integer[Any]]) -> Marks:
        """Those of some pictures."""
        labels = tuple(self.labels[i] for i in indices.tolist())
        return Marks(self.matched, self.left_out[indices], labels)


@dataclass(frozen=True)
class Decided:
    """What was done to a data set by decisions.

    Attributes:
        matched: The decisions about all parts.
        count: How many pictures this part had before.
        before: The fingerprint that this part had before; None where it is not known.
        numbers: Which pictures of that part these are, from 0, int64 (N,); None: all of them.
    """

    matched: Matched
    count: int
    before: str | None
    numbers: NDArray[np.int64] | None = None

    def of_some(self, indices: NDArray[np.integer[Any]]) -> Decided:
        """The same for some of the pictures, of which is not known what they were before."""
        numbers = None if self.numbers is None else self.numbers[indices]
        return replace(self, before=None, numbers=numbers)

    def to_dict(self) -> dict[str, Any]:
        """What a model's provenance keeps, as JSON values."""
        known = {} if self.before is None else {"before": self.before}
        return {**self.matched.to_dict(), **known}


def decisions_of(datasets: Iterable[Dataset]) -> dict[str, Any] | None:
    """What was decided about parts of data, as JSON values; None where nothing was."""
    for data in datasets:
        if data.decided is not None:  # of all parts
            return data.decided.matched.to_dict()
    return None


def marked(data: Dataset, matched: Matched, part: str) -> Dataset:
    """Pictures with what is decided of them.

    Args:
        data: A part as its source has it, or, of picture files, some of it.
        matched: The decisions about all parts.
        part: What the source calls it.
    """
    rows = [matched.of.get(picture_key(data, part, i)) for i in range(len(data))]
    left_out = np.array([row is not None and row.way == LEAVE_OUT for row in rows], np.bool_)
    labels = tuple(row.label if row is not None and row.way == MOVE else None for row in rows)
    return replace(data, marks=Marks(matched, left_out, labels))


def decided(data: Dataset, *, fingerprint: bool = False, in_place: bool = False) -> Dataset:
    """Pictures without those that are left out, and with their new labels.

    Args:
        data: The pictures; without marks they stay as they are.
        fingerprint: Whether to note which pictures they were before.
        in_place: Whether their array may be changed, so that it need not be copied.

    Raises:
        DataError: No picture is left, or a label is unknown to these data.
    """
    marks = data.marks
    if marks is None:
        return data
    before = data.fingerprint() if fingerprint else None
    targets = moved_targets(data)
    kept = np.flatnonzero(~marks.left_out)
    if not len(kept):
        raise DataError(
            f"{printable(data.name)}: all pictures are left out by {marks.matched.decisions.name}; "
            "keep some"
        )
    numbers = None if len(kept) == len(data) else kept
    record = Decided(marks.matched, len(data), before, numbers)
    whole = replace(data, targets=targets, marks=None, decided=record)
    quarantined = tuple(
        file for file in data.quarantined if printable(file.name) not in marks.matched.left_out
    )
    if numbers is None:
        return replace(whole, quarantined=quarantined)
    if not in_place:
        some = replace(whole, decided=None).subset(kept)
        return replace(some, quarantined=quarantined, decided=record, own=None)
    for to, origin in enumerate(kept.tolist()):
        if to != origin:
            data.images[to] = data.images[origin]
    return replace(
        whole,
        images=data.images[: len(kept)],
        targets=targets.subset(kept),
        names=None if data.names is None else tuple(data.names[i] for i in kept.tolist()),
        groups=data.groups and data.groups.subset(kept),
        quarantined=quarantined,
    )


def moved_targets(data: Dataset) -> Targets:
    """The targets of pictures with the labels that were decided, of those left out, too.

    Raises:
        DataError: A label is unknown to these data.
    """
    targets, name = data.targets, data.name
    labels = () if data.marks is None else data.marks.labels
    rows = [i for i, label in enumerate(labels) if label is not None]
    if not rows:
        return targets
    wanted = [label for label in labels if label is not None]
    if isinstance(targets, ClassTargets) and not set(wanted) <= set(targets.classes):
        source = targets.source_classes
        if source is not None and set(wanted) <= set(source):  # they were renamed
            wanted = [targets.classes[source.index(label)] for label in wanted]
    for label in wanted:
        check_label(label, targets, name)
    read = targets.read(wanted)
    order = np.arange(len(targets))
    order[rows] = len(targets) + np.arange(len(rows))
    return targets.joined_with([read]).subset(order)
