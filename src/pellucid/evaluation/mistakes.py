"""Mistakes: the pictures that a network answers otherwise than they are labelled.

Either may be wrong, the network or the label. Answers that are numbers are more or less wrong: of
these every picture is listed, the farthest off first.

Of pictures that the network did not learn from, it answers itself. It knows those that it learned
from by heart, wrong labels, too: these are answered by heads on its features, each of which learned
from the other folds (see :mod:`pellucid.transfer.out_of_fold`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.csv_text import csv_text
from pellucid.errors import ArgumentError
from pellucid.record import Record
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.evaluation.mistake import Mistake, PartCount
    from pellucid.transfer.nearest import Neighbour

SCHEMA = 1
"""Version of :meth:`Mistakes.to_dict`: raised when a key changes its meaning or goes; new keys may
come without."""

COLUMNS = (
    "path", "decision", "label", "note", "digest",
    "part", "index", "true", "answered", "confidence", "of_label", "error", "suspicious", "nearest",
)  # fmt: skip
"""The columns of :meth:`Mistakes.to_csv`; the first are those of decisions."""


def _no_picture(_path: str) -> NDArray[np.uint8] | None:
    return None


def _no_digest(_path: str) -> str:
    return ""


def _no_neighbours(_rows: Sequence[Mistake], _count: int) -> list[tuple[Neighbour, ...]]:
    return []


@short_repr
@dataclass(frozen=True, eq=False)
class Mistakes(Record):
    """All mistakes of a model on some data, those first of which it was surest, or farthest off.

    Attributes:
        model: What the model is called.
        data: What the data are called.
        classes: The classes or labels, or what the numbers are called.
        rows: The mistakes.
        parts: How each part was answered.
        notes: What the user should know, in lines.
        of: How many mistakes there are, of which the rows may be some; of numbers, pictures.
        picture: Returns a picture by its path, as the network gets it, uint8 (H, W, C); None where
            there is none.
        digest: Returns what stands for a picture in decisions, by its path.
        neighbours_of: Returns the nearest training pictures of some mistakes.
        unit: In what errors are measured; empty where answers are right or wrong.
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
    unit: str = ""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def suspicious(self) -> tuple[Mistake, ...]:
        """Those whose labels are likely wrong."""
        return tuple(each for each in self.rows if each.suspicious)

    @property
    def pairs(self) -> dict[tuple[str, str], int]:
        """How many mistakes there are of each pair of label and answer, the most frequent first.

        Of numbers there are none.
        """
        if self.unit:
            return {}
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

        Raises:
            ArgumentError: If numbers are chosen by what they are labelled with, or answered.
        """
        if self.unit and (true, answered) != (None, None):
            raise ArgumentError(
                "mistakes are chosen by label and answer where these are classes, and here they "
                "are numbers; choose by part, or those alone whose labels are likely wrong"
            )
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
            "unit": self.unit,
            "parts": [each.to_dict() for each in self.parts],
            "pairs": [
                {"true": true, "answered": answered, "mistakes": count}
                for (true, answered), count in self.pairs.items()
            ],
            "mistakes": [each.to_dict() for each in self.rows],
        }

    def to_csv(self) -> str:
        """A row a mistake, in columns of decisions, to be filled in, and others.

        The label is that of :attr:`Mistake.label`: with ``move`` as decision the picture gets it.
        """
        return csv_text(
            [
                COLUMNS,
                *(
                    (
                        printable(each.path), each.decision, each.label, each.note,
                        self.digest(each.path), each.part, each.index, each.true, each.answered,
                        *map(_written, (each.confidence, each.of_label, each.error)),
                        "yes" if each.suspicious else "no",
                        " ".join(map(str, each.neighbours or ())),
                    )
                    for each in self.rows
                ),
            ]
        )  # fmt: skip


def _written(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"
