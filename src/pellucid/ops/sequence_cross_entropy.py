"""Cross-entropy of sequences: at each step one of V words is wanted, or none is counted.

    L = −Σ_{n, t counted} log y[n, t, w[n, t]] / (how many are counted),  y = softmax(z)
    ∂L/∂z[n, t] = (y[n, t] − the word's 1) / (how many are counted); 0 where none is

The mean is over all words of the batch that are counted, so that long sequences weigh as much as
their words (Sutskever et al. 2014, *Sequence to sequence learning*, equation 1; Vinyals et al.
2015, *Show and tell*, equation 9, with the sum divided by the words). Precision, and label
smoothing, are those of :class:`pellucid.ops.CrossEntropy`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.errors import ArgumentError, ShapeError
from pellucid.ops.cross_entropy import CrossEntropy
from pellucid.ops.loss import Loss, one_hot
from pellucid.ops.operation import describe
from pellucid.text import counted

if TYPE_CHECKING:
    from pellucid.ops.operation import Array, Shape

NOT_COUNTED = -1
"""What stands for a step at which no word is counted."""


@dataclass(frozen=True)
class SequenceCrossEntropy(Loss):
    """Softmax cross-entropy of logits (N, T, V) and words (N, T), 0 .. V − 1, or −1: not counted.

    At least one word of a batch must be counted.

    Attributes:
        label_smoothing: ε, 0 to less than 1.
    """

    kind: ClassVar[str] = "sequence_cross_entropy"
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        checks.number("label_smoothing", self.label_smoothing, 0.0, 0.999)

    def target_shape(self, outputs: Shape) -> Shape:
        return outputs[:1]

    def check_inputs(self, *inputs: Shape) -> None:
        if len(inputs) != 2:
            raise ShapeError(f"takes outputs and words, got {counted(len(inputs), 'input')}")
        outputs, targets = inputs
        if len(outputs) != 2:
            raise ShapeError(
                f"takes logits of V words for T steps, (T, V), got {describe(outputs)}"
            )
        if targets != outputs[:1]:
            raise ShapeError(
                f"takes a word for each of the {counted(outputs[0], 'step')}, got "
                f"{describe(targets)}"
            )

    def check_targets(self, targets: Array, count: int | None, shape: Shape) -> Array:
        if targets.ndim != 2 or targets.shape[1:] != shape or targets.dtype.kind not in "iuf":
            raise ShapeError(
                f"words must be numbers (N, {shape[0]}), {NOT_COUNTED} where none is counted, got "
                f"{targets.dtype} {targets.shape}"
            )
        if count is not None and len(targets) != count:
            raise ShapeError(
                f"takes rows of words for {counted(count, 'example')}, got {len(targets)}"
            )
        wrong = ~np.isfinite(targets) | (targets != np.round(targets)) | (targets < NOT_COUNTED)
        rule = f"must be whole numbers from 0, or {NOT_COUNTED} where none is counted"
        _refuse(targets, wrong, rule)
        if not (targets >= 0).any():
            raise ArgumentError(
                f"no word of the batch is counted: all are {NOT_COUNTED}; leave such examples out"
            )
        return targets

    def check_fit(self, targets: Array, outputs: Shape) -> None:
        rule = f"must be below {outputs[1]}, the number of words"
        _refuse(targets, np.asarray(targets >= outputs[1]), rule)

    def per_image(self, logits: Array, targets: Array) -> Array:
        """The mean over each example's counted words, (N,); 0 where it has none."""
        self.check_fit(targets, logits.shape[1:])
        counted, found = targets >= 0, np.zeros(targets.shape)
        found[counted] = self._of_words.per_image(*self._counted(logits, targets))
        return np.asarray(found.sum(axis=1) / np.maximum(counted.sum(axis=1), 1))

    def value_and_gradient(self, logits: Array, targets: Array) -> tuple[float, Array]:
        self.check_fit(targets, logits.shape[1:])
        rows, wanted = self._counted(logits, targets)
        loss, slopes = self._of_words.value_and_gradient(rows, wanted)
        gradient = np.zeros_like(logits)
        gradient[targets >= 0] = slopes
        return loss, gradient

    def amount(self, targets: Array) -> float:
        """How many words are counted."""
        return float((targets >= 0).sum())

    @property
    def _of_words(self) -> CrossEntropy:
        return CrossEntropy(self.label_smoothing)

    def _counted(self, logits: Array, targets: Array) -> tuple[Array, Array]:
        """The logits where a word is counted, (M, V), and these words as ones and zeros."""
        counted = targets >= 0
        return logits[counted], one_hot(targets[counted].astype(np.int64), logits.shape[2])


def _refuse(targets: Array, wrong: Array, rule: str) -> None:
    if wrong.any():
        n, t = (int(k) for k in np.argwhere(wrong)[0])
        raise ArgumentError(f"words {rule}; example {n} has {targets[n, t]:g} at {t}")
