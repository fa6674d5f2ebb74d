"""A mistake: a picture that is answered otherwise than it is labelled, or how far off it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.transfer.nearest import Neighbour


@dataclass(frozen=True)
class NumberOff:
    """How far off one of a picture's numbers was answered.

    Attributes:
        name: What the number is called.
        true: What it is labelled with.
        answered: What was answered.
        deviations: How far the answer less the label is from the median of those of the part, in
            robust standard deviations, see :mod:`pellucid.transfer.wrong_numbers`.
        outlying: Whether that is so far that the label is likely wrong.
    """

    name: str
    true: float
    answered: float
    deviations: float
    outlying: bool

    @property
    def residual(self) -> float:
        """The answer less the label: above 0 where the answer is the higher one."""
        return self.answered - self.true


@dataclass(frozen=True)
class Mistake:
    """A picture that is answered otherwise than it is labelled.

    Attributes:
        path: What it is called in decisions: as ``pellucid check`` prints it.
        part: Which part of the run's data it is in: ``train``, ``validation``, ``test`` or ``all``.
        index: Which picture of that part, from 0.
        true: What it is labelled with; of several labels, the one in question: ``without cat``.
        answered: What was answered.
        confidence: The probability of that, 0 to 1; None of numbers.
        of_label: The probability of what it is labelled with, 0 to 1; None of numbers.
        label: What it would be labelled with if the answer were right, as a list has it; of several
            numbers those that are outlying are answers, and the others as they are labelled.
        guesses: The most probable classes with their probabilities, the first first; of several
            labels all that have at least an even chance; none of numbers.
        by: Who answered: ``network``, or ``folds``, heads that did not learn from it.
        suspicious: Whether the label is likely wrong: by confident learning, see
            :mod:`pellucid.transfer.wrong_labels`; of numbers, because one of them is outlying.
        decision: What was decided about it already; empty where nothing was.
        note: The remark given with the decision.
        neighbours: The nearest training pictures, the nearest first; None where nobody asked.
        error: How far off the numbers are, in standard deviations of the numbers that the model
            learned, averaged over them; None of classes and labels.
        numbers: Each number; none of classes and labels.
    """

    path: str
    part: str
    index: int
    true: str
    answered: str
    confidence: float | None
    of_label: float | None
    label: str
    guesses: tuple[tuple[str, float], ...]
    by: str
    suspicious: bool
    decision: str = ""
    note: str = ""
    neighbours: tuple[Neighbour, ...] | None = None
    error: float | None = None
    numbers: tuple[NumberOff, ...] = ()

    @property
    def weight(self) -> float:
        """How sure the answer was, or how far off it is: what is listed first."""
        return self.error if self.error is not None else self.confidence or 0.0

    @property
    def pair(self) -> tuple[str, str]:
        """What it is labelled with, and what was answered."""
        return self.true, self.answered

    @property
    def line(self) -> str:
        """It in one line."""
        doubt = "; the label is likely wrong" if self.suspicious else ""
        label = "" if self.of_label is None else f" ({self.of_label:.1%})"
        return (
            f"{printable(self.path)} ({self.part}): labelled {printable(self.true)}{label}, "
            f"answered {printable(self.answered)} ({self.measure}){doubt}"
        )

    @property
    def measure(self) -> str:
        """How sure the answer was, or how far off it is, in words."""
        if self.error is not None:
            return f"{self.error:.3g} standard deviations off"
        return f"{self.confidence:.1%}"

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        found["guesses"] = [{"class": name, "probability": p} for name, p in self.guesses]
        near = self.neighbours
        found["neighbours"] = None if near is None else [each.to_dict() for each in near]
        found["numbers"] = [asdict(each) for each in self.numbers]
        return found


@dataclass(frozen=True)
class NumberCount:
    """How one of the numbers of a part's pictures was answered.

    Attributes:
        name: What it is called.
        r2: 1 − Σ (t − y)² / Σ (t − t̄)²; None where all pictures have the same number.
        mean_absolute_error: |t − y| averaged over pictures, in the number's unit.
        deviation: The robust standard deviation of answers less labels, in the number's unit.
        outlying: How many labels are likely wrong.
    """

    name: str
    r2: float | None
    mean_absolute_error: float
    deviation: float
    outlying: int


@dataclass(frozen=True)
class PartCount:
    """How a part was answered.

    Attributes:
        part: Its name.
        pictures: How many were answered.
        wrong: How many of them otherwise than they are labelled; None of numbers.
        by: Who answered: ``network`` or ``folds``.
        error: The mean of the pictures' errors; None of classes and labels, and where no picture
            was answered.
        numbers: How each number was answered; none of classes and labels.
    """

    part: str
    pictures: int
    wrong: int | None
    by: str
    error: float | None = None
    numbers: tuple[NumberCount, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {**asdict(self), "numbers": [asdict(each) for each in self.numbers]}
