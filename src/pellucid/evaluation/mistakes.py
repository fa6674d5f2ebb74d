"""Mistakes: the pictures that a network answers otherwise than they are labelled.

Either may be wrong, the network or the label. Of pictures that the network did not learn from, it
answers itself. It knows those that it learned from by heart, wrong labels, too: these are answered
by heads on its features, each of which learned from the other folds (see
:mod:`pellucid.transfer.out_of_fold`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.csv_text import csv_text
from pellucid.record import Record
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.transfer.nearest import Neighbour

SCHEMA = 1
"""Version of :meth:`Mistakes.to_dict`: raised when a key changes its meaning or goes; new keys may
come without."""

COLUMNS = (
    "path", "decision", "label", "note", "digest",
    "part", "index", "true", "answered", "confidence", "of_label", "suspicious", "nearest",
)  # fmt: skip
"""The columns of :meth:`Mistakes.to_csv`; the first are those of decisions."""


@dataclass(frozen=True)
class Mistake:
    """A picture that is answered otherwise than it is labelled.

    Attributes:
        path: What it is called in decisions: as ``pellucid check`` prints it.
        part: Which part of the run's data it is in: ``train``, ``validation``, ``test`` or ``all``.
        index: Which picture of that part, from 0.
        true: What it is labelled with; of several labels, the one in question: ``without cat``.
        answered: What was answered.
        confidence: The probability of that, 0 to 1.
        of_label: The probability of what it is labelled with, 0 to 1.
        label: What it would be labelled with if the answer were right, as a list has it.
        guesses: The most probable classes with their probabilities, the first first; of several
            labels all that have at least an even chance.
        by: Who answered: ``network``, or ``folds``, heads that did not learn from it.
        suspicious: Whether the label is likely wrong, by confident learning, see
            :mod:`pellucid.transfer.wrong_labels`.
        decision: What was decided about it already; empty where nothing was.
        note: The remark given with the decision.
        neighbours: The nearest training pictures, the nearest first; None where nobody asked.
    """

    path: str
    part: str
    index: int
    true: str
    answered: str
    confidence: float
    of_label: float
    label: str
    guesses: tuple[tuple[str, float], ...]
    by: str
    suspicious: bool
    decision: str = ""
    note: str = ""
    neighbours: tuple[Neighbour, ...] | None = None

    @property
    def pair(self) -> tuple[str, str]:
        """What it is labelled with, and what was answered."""
        return self.true, self.answered

    @property
    def line(self) -> str:
        """It in one line."""
        doubt = "; the label is likely wrong" if self.suspicious else ""
        return (
            f"{printable(self.path)} ({self.part}): labelled {printable(self.true)} "
            f"({self.of_label:.1%}), answered {printable(self.answered)} ({self.confidence:.1%})"
            f"{doubt}"
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        found["guesses"] = [{"class": name, "probability": p} for name, p in self.guesses]
        near = self.neighbours
        found["neighbours"] = None if near is None else [each.to_dict() for each in near]
        return found


@dataclass(frozen=True)
class PartCount:
    """How a part was answered.

    Attributes:
        part: Its name.
        pictures: How many were answered.
        wrong: How many of them otherwise than they are labelled.
        by: Who answered: ``network`` or ``folds``.
    """

    part: str
    pictures: int
    wrong: int
    by: str


def _no_picture(_path: str) -> NDArray[np.uint8] | None:
    return None


def _no_digest(_path: str) -> str:
    return ""


def _no_neighbours(_rows: Sequence[Mistake], _count: int) -> list[tuple[Neighbour, ...]]:
    return []


@short_repr
@dataclass(frozen=True, eq=False)
class Mistakes(Record):
    """All mistakes of a model on some data, those first of which it was surest.

    Attributes:
        model: What the model is called.
        data: What the data are called.
        classes: The classes, or labels.
        rows: The mistakes.
        parts: How each part was answered.
        notes: What the user should know, in lines.
        of: How many mistakes there are, of which the rows may be some.
        picture: Returns a picture by its path, as the network gets it, uint8 (H, W, C); None where
            there is none.
        digest: Returns what stands for a picture in decisions, by its path.
        neighbours_of: Returns the nearest training pictures of some mistakes.
    """

    record_kind: ClassVar[str] = "mistakes"
    endings: ClassVar[tuple[str, ...]] = (".html", ".json", ".png", ".csv")
    model: str
    data: str
    classes: tuple[str, ...]
    rows: tuple[Mistake, ...]
    parts: tuple[PartCount, ...]
    notes: tuple[str, ...] = ()
    of: int = 0
    picture: Callable[[str], NDArray[np.uint8] | None] = field(default=_no_picture, repr=False)
    digest: Callable[[str], str] = field(default=_no_digest, repr=False)
    neighbours_of: Callable[[Sequence[Mistake], int], list[tuple[Neighbour, ...]]] = field(
        default=_no_neighbours, repr=False
    )

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def suspicious(self) -> tuple[Mistake, ...]:
        """Those whose labels are likely wrong."""
        return tuple(each for each in self.rows if each.suspicious)

    @property
    def pairs(self) -> dict[tuple[str, str], int]:
        """How many mistakes there are of each pair of label and answer, the most frequent first."""
        counts = Counter(each.pair for each in self.rows)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def only(
        self,
        *,
        true: str | None = None,
        answered: str | None = None,
        part: str | None = None,
        suspicious: bool = False,
        undecided: bool = False,
    ) -> Mistakes:
        """Some of the mistakes, in the same order.

        Args:
            true: Only of pictures that are labelled so.
            answered: Only where this was answered.
            part: Only of this part.
            suspicious: Only where the label is likely wrong.
            undecided: Only where nothing was decided yet.
        """
        wanted = {"true": true, "answered": answered, "part": part}
        rows = tuple(
            each
            for each in self.rows
            if all(value in (None, getattr(each, name)) for name, value in wanted.items())
            and (each.suspicious or not suspicious)
            and not (undecided and each.decision)
        )
        return replace(self, rows=rows)

    def first(self, count: int | None) -> Mistakes:
        """The first mistakes; all of them where the number is None."""
        return self if count is None else replace(self, rows=self.rows[:count])

    def with_neighbours(self, count: int) -> Mistakes:
        """The same with the nearest training pictures of each.

        Args:
            count: How many of each.
        """
        found = self.neighbours_of(self.rows, count)
        rows = [replace(row, neighbours=near) for row, near in zip(self.rows, found, strict=True)]
        return replace(self, rows=tuple(rows))

    def to_dict(self) -> dict[str, Any]:
        """The mistakes as JSON values; see ``docs/mistakes.md``."""
        return {
            "schema": SCHEMA,
            "record": self.record_kind,
            "model": self.model,
            "data": self.data,
            "classes": list(self.classes),
            "notes": list(self.notes),
            "of": self.of,
            "parts": [vars(each) for each in self.parts],
            "pairs": [
                {"true": true, "answered": answered, "mistakes": count}
                for (true, answered), count in self.pairs.items()
            ],
            "mistakes": [each.to_dict() for each in self.rows],
        }

    def to_csv(self) -> str:
        """A row a mistake, in columns of decisions, to be filled in, and others.

        The label is the one that was answered: with ``move`` as decision the picture goes there.
        """
        return csv_text(
            [
                COLUMNS,
                *(
                    (
                        printable(each.path), each.decision, each.label, each.note,
                        self.digest(each.path), each.part, each.index, each.true, each.answered,
                        f"{each.confidence:.6f}", f"{each.of_label:.6f}",
                        "yes" if each.suspicious else "no",
                        " ".join(map(str, each.neighbours or ())),
                    )
                    for each in self.rows
                ),
            ]
        )  # fmt: skip
