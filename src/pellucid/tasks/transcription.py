"""Speech to text: words or characters, one after the other, from what sounds when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid import checks
from pellucid.data.target_checks import checked_names
from pellucid.data.transcripts import NO_UNIT, WORDS, Transcripts, checked_units, joined_units
from pellucid.errors import ArgumentError, DataError
from pellucid.metrics.word_error import distance, word_error_rate
from pellucid.ops import CTCLoss, Softmax
from pellucid.ops.best_path import best_path
from pellucid.ops.operation import describe
from pellucid.ops.softmax import probabilities
from pellucid.tasks.output import Output
from pellucid.tasks.task import Judge, Judged, Task
from pellucid.tasks.written_unit import WrittenUnit
from pellucid.text import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.targets import Targets
    from pellucid.ops.arguments import Position
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array, Shape

BLANK, THE_BLANK = 0, "the blank"
"""The class of a step at which nothing new is written; those of the vocabulary follow."""


@dataclass(frozen=True)
class Transcription(Task):
    """Texts of K words or characters, from T rows of K + 1 logits, (1, T, K + 1) or (T, K + 1).

    The first logit of a row is the blank's. See :mod:`pellucid.ops.ctc_loss` for what is learned,
    and :mod:`pellucid.ops.best_path` for how a text is read.

    Attributes:
        vocabulary: The K words or characters.
        units: Which of the two: ``"words"`` or ``"characters"``.
        labels: The most of them in a text that was learned, L.

    Raises:
        DataError: If one is empty or given twice.
        ArgumentError: If the units are unknown, or a number is out of range.
    """

    kind: ClassVar[str] = Transcripts.kind
    title: ClassVar[str] = Transcripts.title
    measures: ClassVar[tuple[str, ...]] = ("word_accuracy", "whole_texts")
    counted: ClassVar[str] = "words or characters"
    of_map: ClassVar[bool] = True
    of_steps: ClassVar[bool] = True
    estimator: ClassVar[str] = "SpeechRecognizer"
    vocabulary: tuple[str, ...]
    units: str = WORDS
    labels: int = 32

    def __post_init__(self) -> None:
        object.__setattr__(self, "vocabulary", checked_names("the model", self.vocabulary))
        object.__setattr__(self, "units", checked_units(self.units) or WORDS)
        checks.whole("labels", self.labels, 1, 10_000)

    @property
    def names(self) -> tuple[str, ...]:
        return self.vocabulary

    @classmethod
    def of(cls, targets: Targets) -> Transcription:
        if not isinstance(targets, Transcripts):
            raise DataError(f"data for {targets.title}; expected recordings with what is said")
        return cls(targets.vocabulary, targets.units, max(1, targets.array.shape[1]))

    def check_outputs(self, shape: Shape) -> None:
        rows = len(shape) == 2 or (len(shape) == 3 and shape[0] == 1)
        if not rows or shape[-1] != len(self.vocabulary) + 1:
            raise ArgumentError(
                f"a network that writes {len(self.vocabulary)} {self.units} ends in "
                f"{len(self.vocabulary) + 1} logits a step, (steps, {len(self.vocabulary) + 1}) or "
                f"a map of one row, got {describe(shape)}"
            )

    def known(self) -> Transcripts:
        return Transcripts((), self.vocabulary, self.units)

    def targets(self, data: Dataset, indices: NDArray[np.integer[Any]] | slice) -> Array:
        """The class of each word or character, the first of the vocabulary 1; behind them −1."""
        places = data.targets.array
        more = max(0, self.labels - places.shape[1])
        wide = np.pad(places[indices], ((0, 0), (0, more)), constant_values=NO_UNIT)
        return np.where(wide >= 0, wide + 1, NO_UNIT).astype(np.float32)

    def loss(self) -> CTCLoss:
        return CTCLoss(self.labels, BLANK)

    def answer(self, outputs: NDArray[np.float64]) -> NDArray[Any]:
        """The texts, (N,) of ``str``; empty where nothing is heard."""
        found = np.empty(len(outputs), dtype=object)
        found[:] = [self.text_of(path) for path in best_path(outputs, BLANK)]
        return found

    def text_of(self, classes: Sequence[int]) -> str:
        """The text of classes of the vocabulary, from 1."""
        return joined_units([self.vocabulary[k - 1] for k in classes], self.units)

    @property
    def reading(self) -> Softmax:
        return Softmax()

    def described(self, read: NDArray[np.float64]) -> str:
        return str(self.answer(read[np.newaxis])[0])

    def unit_name(self, place: int) -> str:
        """What a class is called: a word or a character of the vocabulary, or the blank."""
        return THE_BLANK if place == BLANK else self.vocabulary[place - 1]

    def output_at(self, position: Position) -> Output:
        """The logit of a word, of a character or of the blank at a step."""
        *_, step, place = position
        name = self.unit_name(place)
        shown = name if place == BLANK else quoted(name)
        words = f"{shown} at step {step}"
        return Output(name, f"logit of {words}", f"probability of {words}")

    def written_in(self, outputs: NDArray[np.float64]) -> list[WrittenUnit]:
        """What the best path writes, in its order; blanks between words of characters included."""
        logits = outputs.reshape(-1, outputs.shape[-1])
        shares, path = probabilities(logits), logits.argmax(axis=1)
        starts = np.flatnonzero(np.r_[True, path[1:] != path[:-1]])
        lead = (0,) * (outputs.ndim - 2)
        found = []
        for first, behind in zip(starts.tolist(), [*starts[1:].tolist(), len(path)], strict=True):
            place = int(path[first])
            if place != BLANK:
                step = first + int(shares[first:behind, place].argmax())
                at = (*lead, step, place)
                share = float(shares[step, place])
                found.append(WrittenUnit(self.unit_name(place), at, step, first, behind, share))
        return found

    def judge(self, loss: Loss | None = None) -> Judge:
        return _Judge(self, self.loss() if loss is None else loss)


class _Judge(Judge):
    """Measures word error; epochs are ranked by what is left of 1."""

    def __init__(self, task: Transcription, loss: Loss) -> None:
        self._task, self._loss = task, loss
        self._losses: list[NDArray[np.float64]] = []
        self._errors: list[int] = []
        self._said: list[int] = []

    def add(self, outputs: NDArray[np.float64], targets: Array) -> None:
        with np.errstate(invalid="ignore"):
            self._losses.append(self._loss.per_image(outputs, targets))
        usable = np.where(np.isnan(outputs), -np.inf, outputs)  # training goes back by its loss
        for row, heard in zip(targets, self._task.answer(usable), strict=True):
            said = self._task.text_of(row[row >= 0].astype(np.int64).tolist()).split()
            self._errors.append(distance(said, heard.split()))
            self._said.append(len(said))

    def judged(self) -> Judged:
        loss = float(np.concatenate(self._losses).mean())
        errors, said = np.array(self._errors), np.array(self._said)
        found = 1.0 - word_error_rate(errors, said), float((errors == 0).mean())
        return Judged(loss, dict(zip(Transcription.measures, found, strict=True)))
