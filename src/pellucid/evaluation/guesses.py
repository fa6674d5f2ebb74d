"""The likeliest classes of pictures, to be looked at: each picture above its guesses.

As object recognition was first shown: five guesses below each photograph, the right one marked
(Krizhevsky et al. 2012, *ImageNet classification with deep CNNs*, figure 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.evaluation.answer_forms import form_of
from pellucid.record import Record
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.evaluation.answer_forms import Bar
    from pellucid.evaluation.predictions import Prediction
    from pellucid.tasks import Task

MOST_PICTURES = 60
"""Pictures that are kept to be looked at, at most."""


@short_repr
@dataclass(frozen=True, eq=False)
class Guess:
    """One picture with its answer.

    Attributes:
        picture: What it is called.
        pixels: What the network saw, or the picture with what was found, uint8 (H, W, C); none
            where it cannot be shown.
        rows: Names, numbers in words, shares 0 to 1 if there are, and notes, the likeliest first.
        answer: The answer in a line.
        true: The class that is right; none where nobody said it.
        rank: The place of that class among the guesses, from 1.
        threshold: The share from which on labels are given; none of one class.
        boxed: Whether ``pixels`` are the picture itself with boxes on it.
    """

    picture: str
    pixels: NDArray[np.uint8] | None
    rows: tuple[Bar, ...]
    answer: str
    true: str | None = None
    rank: int | None = None
    threshold: float | None = None
    boxed: bool = False

    @classmethod
    def of(
        cls, answer: Prediction, task: Task, top: int, pixels: NDArray[np.uint8] | None
    ) -> Guess:
        """The answer to a picture.

        Args:
            answer: What was answered.
            task: What the model was trained for.
            top: How many classes, where a picture has one.
            pixels: What the network saw.
        """
        form = form_of(task)
        rows = tuple(form.bars(answer, top))
        rank, words = answer.rank(task.names), form.line(answer)
        boxed = answer.boxes is not None
        return cls(answer.picture, pixels, rows, words, answer.true, rank, form.threshold, boxed)


@short_repr
@dataclass(frozen=True, eq=False)
class Guesses(Record):
    """Pictures with their answers.

    Attributes:
        guesses: The first of them.
        count: Pictures that were answered in all.
        top: How many classes of each are listed.
        right: How many of those whose class is known were answered rightly.
        among: How many have the right class among those that are listed.
        known: Of how many the class is known.
        noun: What they are called: ``"picture"`` or ``"recording"``.
    """

    record_kind: ClassVar[str] = "guesses"
    guesses: tuple[Guess, ...]
    count: int
    top: int
    right: int = 0
    among: int = 0
    known: int = 0
    noun: str = "picture"

    def to_dict(self) -> dict[str, Any]:
        """The answers as JSON values."""
        return {
            "schema": 1,
            "pictures": self.count,
            "top": self.top,
            "known": self.known,
            "right": self.right,
            "among": self.among,
            "guesses": [
                {
                    "picture": each.picture,
                    "answer": each.answer,
                    "true": each.true,
                    "rank": each.rank,
                    "rows": [
                        {"name": name, "written": written, "share": share, "note": note}
                        for name, written, share, note in each.rows
                    ],
                }
                for each in self.guesses
            ],
        }


class GuessCollector:
    """Makes a record of answers that come one by one; pictures beyond the first are counted.

    Args:
        task: What the model was trained for.
        top: How many classes of each are listed.
        most: How many pictures are kept.
        noun: What they are called.
    """

    def __init__(
        self, task: Task, top: int, most: int = MOST_PICTURES, noun: str = "picture"
    ) -> None:
        self._task, self._top, self._most, self._noun = task, top, most, noun
        self._kept: list[Guess] = []
        self._ranks: list[int] = []
        self._count = 0

    @property
    def keeps(self) -> bool:
        """Whether the next picture is kept, and its pixels are wanted."""
        return len(self._kept) < self._most

    def add(self, answer: Prediction, pixels: NDArray[np.uint8] | None = None) -> None:
        """Take the next answer, with what the network saw."""
        self._count += 1
        rank = answer.rank(self._task.names)
        if rank is not None:
            self._ranks.append(rank)
        if self.keeps:
            self._kept.append(Guess.of(answer, self._task, self._top, pixels))

    def record(self) -> Guesses:
        """What was collected."""
        ranks: Sequence[int] = self._ranks
        return Guesses(
            tuple(self._kept),
            self._count,
            self._top,
            right=sum(rank == 1 for rank in ranks),
            among=sum(rank <= self._top for rank in ranks),
            known=len(ranks),
            noun=self._noun,
        )
