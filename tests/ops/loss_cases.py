"""Cases of the losses."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.ops import CrossEntropy, Huber, MeanSquaredError, SigmoidCrossEntropy, SquaredError
from pellucid.ops.loss import one_hot

if TYPE_CHECKING:
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class LossCase:
    """A loss with logits and targets to try it on.

    Attributes:
        loss: The loss.
        soft: Whether targets are probabilities instead of labels.
        images: N.
        classes: K.
        spread: Standard deviation of the logits.
    """

    loss: Loss
    soft: bool = False
    images: int = 5
    classes: int = 3
    spread: float = 2.0

    def __str__(self) -> str:
        targets = "soft targets" if self.soft else "labels"
        return f"{self.loss} {targets} {self.images}×{self.classes} ±{self.spread:g}"

    def draw(self, dtype: str = "float64") -> tuple[Array, Array, Array]:
        """Logits, targets, and the labels where targets are labels."""
        random = np.random.default_rng(zlib.crc32(str(self).encode()))
        logits = random.normal(0, self.spread, (self.images, self.classes))
        labels = random.integers(self.classes, size=self.images)
        targets = one_hot(labels, self.classes)
        if self.soft:
            targets = random.dirichlet(np.ones(self.classes), self.images)
        return logits.astype(dtype), targets.astype(dtype), labels


LOSS_CASES = [
    LossCase(CrossEntropy()),
    LossCase(CrossEntropy(), images=1, classes=7),
    LossCase(CrossEntropy(), soft=True),
    LossCase(CrossEntropy(0.1)),
    LossCase(CrossEntropy(0.3), soft=True),
    LossCase(CrossEntropy(class_weights=(0.5, 2.0, 7.0))),
    LossCase(CrossEntropy(class_weights=(0.5, 2.0, 7.0)), soft=True),
    LossCase(CrossEntropy(0.2, (3.0, 0.25, 1.0))),
    LossCase(CrossEntropy(0.2, (3.0, 0.25, 1.0)), soft=True),
    LossCase(MeanSquaredError()),
    LossCase(MeanSquaredError(), soft=True),
    LossCase(MeanSquaredError(), images=1, classes=7),
    LossCase(SigmoidCrossEntropy()),
    LossCase(SigmoidCrossEntropy(), soft=True, images=1, classes=7),
    LossCase(SquaredError(), soft=True),
    LossCase(SquaredError(), soft=True, images=1, classes=7),
    LossCase(Huber()),
    LossCase(Huber(0.25), soft=True, images=2, classes=7),
    LossCase(Huber(3.0), images=1),
    LossCase(CrossEntropy(0.1), spread=1e4),
    LossCase(SigmoidCrossEntropy(), soft=True, spread=1e4),
    LossCase(MeanSquaredError(), spread=1e4),
    LossCase(Huber(), spread=1e4),
]

NEAR = [case for case in LOSS_CASES if case.spread < 10]
"""What finite differences run on: of losses in the thousands they would see only rounding."""

OTHER_TARGETS = {"anchor_loss", "centre_loss", "ctc_loss", "region_loss", "sequence_cross_entropy"}
"""Losses that compare with other things than rows of numbers, each with a file of tests of its own,
engines included."""
