"""Single-label classification: one class a picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.data.labels import LabelKind, class_values
from pellucid.data.target_checks import checked_names
from pellucid.data.targets import NONE, ClassTargets, Targets
from pellucid.errors import DataError
from pellucid.ops import CrossEntropy, Softmax
from pellucid.ops.loss import one_hot
from pellucid.tasks.task import Judge, Judged, Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class SingleLabel(Task):
    """One of K classes a picture: softmax cross-entropy, the most probable class.

    Attributes:
        classes: The K class names, in the order of the logits.
        label_kind: What an answer is: ``"text"``, the class's name; ``"int"`` or ``"bool"``, what
            the name spells, as the labels were.

    Raises:
        DataError: If a name is empty or given twice, or spells no such label.
    """

    kind: ClassVar[str] = ClassTargets.kind
    title: ClassVar[str] = ClassTargets.title
    measures: ClassVar[tuple[str, ...]] = ("accuracy",)
    classes: tuple[str, ...]
    label_kind: LabelKind = "text"

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", checked_names("the model", self.classes))
        class_values(self.classes, self.label_kind, "the model")

    @property
    def names(self) -> tuple[str, ...]:
        return self.classes

    @classmethod
    def of(cls, targets: Targets) -> SingleLabel:
        if not isinstance(targets, ClassTargets):
            raise DataError(f"data for {targets.title}; expected one class a picture")
        return cls(targets.classes, targets.label_kind)

    def known(self) -> ClassTargets:
        return ClassTargets(NONE, self.classes, self.label_kind)

    def targets(self, data: Dataset, indices: NDArray[np.integer[Any]] | slice) -> Array:
        return data.places[indices]

    def loss(self) -> CrossEntropy:
        return CrossEntropy()

    def answer(self, outputs: NDArray[np.float64]) -> NDArray[Any]:
        answers: NDArray[Any] = self.values[outputs.argmax(axis=-1)]
        return answers

    @property
    def values(self) -> NDArray[Any]:
        """The class that each logit answers, (K,): int64, text or bool."""
        return class_values(self.classes, self.label_kind, "the model")

    @property
    def reading(self) -> Softmax:
        return Softmax()

    def described(self, read: NDArray[np.float64]) -> str:
        return self.classes[int(read.argmax())]

    def with_classes(self, classes: tuple[str, ...], label_kind: LabelKind | None) -> Task:
        return replace(self, classes=classes, label_kind=label_kind or self.label_kind)

    def judge(self, loss: Loss | None = None) -> Judge:
        return _Judge()

    def correct(self, outputs: Array, targets: Array) -> int:
        wanted = targets if targets.ndim == 1 else targets.argmax(axis=1)
        return int((outputs.argmax(axis=1) == wanted).sum())

    @property
    def of_one_class(self) -> bool:
        return True


class _Judge(Judge):
    def __init__(self) -> None:
        self._loss, self._correct, self._count = 0.0, 0, 0
        self._plain = CrossEntropy()

    def add(self, outputs: NDArray[np.float64], targets: Array) -> None:
        wanted = one_hot(targets, outputs.shape[1])
        self._loss += float(self._plain.per_image(outputs, wanted).sum())
        self._correct += int((outputs.argmax(axis=1) == targets).sum())
        self._count += len(outputs)

    def judged(self) -> Judged:
        return Judged(self._loss / self._count, {"accuracy": self._correct / self._count})
