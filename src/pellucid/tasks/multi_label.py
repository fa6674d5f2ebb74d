"""Multi-label classification: any number of labels a picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid import checks
from pellucid.data.labels import class_values
from pellucid.data.target_checks import checked_names
from pellucid.data.targets import LabelSets
from pellucid.errors import DataError
from pellucid.metrics.multi_label import best_threshold, label_scores
from pellucid.ops import Sigmoid, SigmoidCrossEntropy
from pellucid.ops.sigmoid import sigmoid
from pellucid.tasks.task import Judge, Judged, Task
from pellucid.text import counted, listed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.labels import LabelKind
    from pellucid.data.targets import Targets
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class MultiLabel(Task):
    """K questions a picture, yes or no: sigmoid cross-entropy, every label that is likely enough.

    Attributes:
        classes: The names of the K labels, in the order of the logits.
        label_kind: What they are as labels, see :mod:`pellucid.data.labels`.
        threshold: From this probability on, a picture is given a label, 0 to 1; chosen on the
            validation pictures, where there are some.

    Raises:
        DataError: If a name is empty or given twice, or spells no such label.
        ArgumentError: If the threshold is no probability.
    """

    kind: ClassVar[str] = LabelSets.kind
    title: ClassVar[str] = LabelSets.title
    measures: ClassVar[tuple[str, ...]] = (
        "mean_average_precision", "micro_f1", "macro_f1", "threshold",
    )  # fmt: skip
    classes: tuple[str, ...]
    label_kind: LabelKind = "text"
    threshold: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", checked_names("the model", self.classes))
        class_values(self.classes, self.label_kind, "the model")
        checks.number("threshold", self.threshold, 0.0, 1.0)

    @property
    def names(self) -> tuple[str, ...]:
        return self.classes

    @classmethod
    def of(cls, targets: Targets) -> MultiLabel:
        if not isinstance(targets, LabelSets):
            raise DataError(f"data for {targets.title}; expected several labels a picture")
        number = targets.marks.sum(axis=0)
        for fault, wrong in (("no", number == 0), ("every", number == len(targets))):
            if wrong.any():
                names = [targets.classes[k] for k in np.flatnonzero(wrong)]
                raise DataError(
                    f"{fault} picture to learn from has the {'label' if len(names) == 1 else ''}"
                    f"{'labels' if len(names) > 1 else ''} {listed(names)}, of which nothing can "
                    f"be learned; add pictures {'with' if fault == 'no' else 'without'} it, or "
                    "leave it out"
                )
        return cls(targets.classes, targets.label_kind)

    def known(self) -> LabelSets:
        nothing = np.zeros((0, len(self.classes)), np.uint8)
        return LabelSets(nothing, self.classes, self.label_kind)

    def targets(self, data: Dataset, indices: NDArray[np.integer[Any]] | slice) -> Array:
        return data.targets.array[indices].astype(np.float32)

    def loss(self) -> SigmoidCrossEntropy:
        return SigmoidCrossEntropy()

    def answer(self, outputs: NDArray[np.float64]) -> NDArray[Any]:
        return (self.probabilities(outputs) >= self.threshold).astype(np.int64)

    def probabilities(self, outputs: NDArray[Any]) -> NDArray[np.float64]:
        """The probability of each label, from a network's outputs: (N, K), 0 to 1."""
        return sigmoid(outputs.astype(np.float64))

    @property
    def reading(self) -> Sigmoid:
        return Sigmoid()

    def described(self, read: NDArray[np.float64]) -> list[str]:
        return [name for name, p in zip(self.classes, read, strict=True) if p >= self.threshold]

    def with_threshold(self, threshold: float) -> Task:
        return replace(self, threshold=threshold)

    def with_classes(self, classes: tuple[str, ...], label_kind: LabelKind | None) -> Task:
        return replace(self, classes=classes, label_kind=label_kind or self.label_kind)

    def judge(self, loss: Loss | None = None) -> Judge:
        return _Judge()

    def settled(self, measures: dict[str, float]) -> MultiLabel:
        return replace(self, threshold=measures.get("threshold", self.threshold))

    @property
    def summary(self) -> str:
        """How many labels there are, and from which probability on they are given."""
        return f"{counted(len(self.classes), 'label')}, each from {self.threshold:.1%} on"


class _Judge(Judge):
    """Measures F1 at the threshold that is best for the pictures taken in."""

    def __init__(self) -> None:
        self._outputs: list[NDArray[np.float64]] = []
        self._marks: list[Array] = []

    def add(self, outputs: NDArray[np.float64], targets: Array) -> None:
        self._outputs.append(outputs)
        self._marks.append(targets)

    def judged(self) -> Judged:
        outputs, marks = np.concatenate(self._outputs), np.concatenate(self._marks)
        loss = float(SigmoidCrossEntropy().per_image(outputs, marks).mean())
        with np.errstate(invalid="ignore"):
            probabilities = sigmoid(outputs)
        if not np.isfinite(probabilities).all():  # training goes back
            return Judged(loss, dict.fromkeys(MultiLabel.measures, 0.0))
        whole = marks.astype(np.int64)
        threshold = best_threshold(probabilities, whole)
        scores = label_scores(probabilities, whole, threshold)
        found = scores.mean_average_precision, scores.micro_f1, scores.macro_f1, threshold
        return Judged(loss, dict(zip(MultiLabel.measures, found, strict=True)))
