"""What the lecture's judges say of one answer, and those of labels and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.explain.records import numbers
from pellucid.metrics.classification import (
    classification_error,
    cross_entropy_of_logits,
    squared_errors_of_logits,
)
from pellucid.metrics.matching import match
from pellucid.metrics.word_error import distance
from pellucid.ops import SigmoidCrossEntropy, SquaredError
from pellucid.tasks import Detection, MultiLabel, Regression, Transcription
from pellucid.tasks.detection import detections_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.explain.backward import Backward


class JudgesSayings:
    """What judges of one kind say of one answer."""

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {name: numbers(value) for name, value in vars(self).items()}


@dataclass(frozen=True)
class Judges(JudgesSayings):
    """The lecture's three judges of one answer.

    Attributes:
        classification_error: 0 if the likeliest class is the truth, else 1.
        mean_squared_error: Σ (y − t)² over the classes, 0 to 2.
        cross_entropy: −log y of the truth, in nats.
    """

    classification_error: float
    mean_squared_error: float
    cross_entropy: float


@dataclass(frozen=True)
class LabelJudges(JudgesSayings):
    """Those of several labels.

    Attributes:
        wrong_labels: The share of labels that are given and not right, or right and not given.
        mean_squared_error: Σ (y − t)² over the labels, 0 to K.
        cross_entropy: The mean of −log of what was wanted, y or 1 − y, over the labels, in nats.
    """

    wrong_labels: float
    mean_squared_error: float
    cross_entropy: float


@dataclass(frozen=True)
class NumberJudges(JudgesSayings):
    """Those of numbers.

    Attributes:
        absolute_errors: |predicted − right| of each number, in its unit.
        mean_squared_error: The mean of (z − t)² of the standardised numbers.
    """

    absolute_errors: tuple[float, ...]
    mean_squared_error: float


@dataclass(frozen=True)
class BoxJudges(JudgesSayings):
    """Those of boxes that are shown to users, at an intersection over union of 0.5.

    Attributes:
        right: How many take a box of the picture of their class; each is taken by one.
        false: How many take none.
        missed: How many boxes of the picture none takes.
    """

    right: int
    false: int
    missed: int


@dataclass(frozen=True)
class TextJudges(JudgesSayings):
    """Those of texts.

    Attributes:
        errors: The fewest words exchanged, left out or added between what is said and heard.
        words: How many are said.
    """

    errors: int
    words: int


def judges_of(gone: Backward) -> JudgesSayings:
    """What they say of the answer that a backward pass begins with."""
    task, read, right = gone.activations.model.task, gone.activations.answer, gone.targets
    if isinstance(task, Detection):
        return _of_boxes(task, read, right)
    if isinstance(task, Transcription):
        said = task.text_of(right[right >= 0].astype(np.int64).tolist()).split()
        return TextJudges(distance(said, str(task.described(read)).split()), len(said))
    outputs = gone.outputs[None]
    if isinstance(task, MultiLabel):
        wrong = (read >= task.threshold) != (right == 1.0)
        squares = float((gone.differences**2).sum())
        loss = SigmoidCrossEntropy().per_image(outputs, right[None])
        return LabelJudges(float(wrong.mean()), squares, float(loss[0]))
    if isinstance(task, Regression):
        errors = np.abs(read - task.values(right)).tolist()
        loss = SquaredError().per_image(outputs, right[None])
        return NumberJudges(tuple(errors), float(loss[0]))
    label = np.array([right.argmax()])
    logits = gone.activations.values[gone.activations.logits][None]
    return Judges(
        classification_error(logits, label),
        float(squared_errors_of_logits(logits, label).mean()),
        cross_entropy_of_logits(logits, label),
    )


def _of_boxes(task: Detection, read: NDArray[np.float64], right: NDArray[np.float64]) -> BoxJudges:
    """Those of the boxes that are shown, (M, 6), and those of the picture."""
    shown = np.where((read[:, 4] >= task.shown)[:, None], read, [0, 0, 0, 0, 0, -1])
    matches = match(detections_of(shown[None]), right[None], len(task.classes), thresholds=(0.5,))
    hits = int(matches.right.sum())
    return BoxJudges(hits, int(matches.wrong.sum()), int(matches.numbers.sum()) - hits)
