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
from pellucid.ops import SigmoidCrossEntropy, SquaredError
from pellucid.tasks import MultiLabel, Regression

if TYPE_CHECKING:
    from pellucid.explain.backward import Backward


@dataclass(frozen=True)
class Judges:
    """The lecture's three judges of one answer.

    Attributes:
        classification_error: 0 if the likeliest class is the truth, else 1.
        mean_squared_error: Σ (y − t)² over the classes, 0 to 2.
        cross_entropy: −log y of the truth, in nats.
    """

    classification_error: float
    mean_squared_error: float
    cross_entropy: float

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {name: numbers(value) for name, value in vars(self).items()}


@dataclass(frozen=True)
class LabelJudges:
    """Those of several labels.

    Attributes:
        wrong_labels: The share of labels that are given and not right, or right and not given.
        mean_squared_error: Σ (y − t)² over the labels, 0 to K.
        cross_entropy: The mean of −log of what was wanted, y or 1 − y, over the labels, in nats.
    """

    wrong_labels: float
    mean_squared_error: float
    cross_entropy: float

    to_dict = Judges.to_dict


@dataclass(frozen=True)
class NumberJudges:
    """Those of numbers.

    Attributes:
        absolute_errors: |predicted − right| of each number, in its unit.
        mean_squared_error: The mean of (z − t)² of the standardised numbers.
    """

    absolute_errors: tuple[float, ...]
    mean_squared_error: float

    to_dict = Judges.to_dict


def judges_of(gone: Backward) -> Judges | LabelJudges | NumberJudges:
    """What they say of the answer that a backward pass begins with."""
    task, read, right = gone.activations.model.task, gone.activations.answer, gone.targets
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
