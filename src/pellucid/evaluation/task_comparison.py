"""Two models of several labels, or of numbers, judged by the same pictures.

Whose answers lie nearer is counted picture by picture. If neither model were better, each picture
on which they differ would be a throw of a fair coin, and the exact sign test says how often such
throws come out as unevenly, or more so; see :mod:`pellucid.evaluation.comparison`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.errors import DataError
from pellucid.evaluation.comparison import mcnemar
from pellucid.evaluation.multi_label import MultiLabelReport, labels_report
from pellucid.evaluation.outputs import outputs_of
from pellucid.evaluation.regression import RegressionReport, numbers_report
from pellucid.evaluation.side_by_side import SideBySide
from pellucid.ops import SigmoidCrossEntropy
from pellucid.short_repr import short_repr
from pellucid.tasks import MultiLabel, Regression, Task
from pellucid.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.files.classifier import Classifier

SCHEMA = 1
"""Version of :meth:`TaskComparison.to_dict`."""


@short_repr
@dataclass(frozen=True, eq=False)
class TaskComparison(SideBySide):
    """Two models' answers to the same pictures, A's and B's.

    Attributes:
        names: What the two models are called.
        pictures: The pictures as A reads them.
        first: A's judgement.
        second: B's.
        errors: How far A's and B's answers are off, (2, N): of numbers |t − y| averaged over them,
            in A's standard deviations; of labels the cross-entropy, in nats.
        answers: Both models' answers in words, a pair a picture.
        read: Both models' answers, (2, N, K): the probabilities of labels, or numbers, in the order
            of A's.
        notes: What the pictures are, a line each.
    """

    record_kind: ClassVar[str] = "task comparison"
    _columns: ClassVar[tuple[str, ...]] = (
        "path",
        "true",
        "answer_a",
        "answer_b",
        "error_a",
        "error_b",
    )
    _digits: ClassVar[str] = ".6g"
    names: tuple[str, str]
    pictures: Dataset
    first: MultiLabelReport | RegressionReport
    second: MultiLabelReport | RegressionReport
    errors: NDArray[np.float64]
    answers: tuple[tuple[str, str], ...]
    read: NDArray[np.float64]
    notes: tuple[str, ...] = ()

    @property
    def nearer(self) -> tuple[int, int]:
        """For how many pictures A's answer is the nearer one, and for how many B's."""
        one, two = self.errors
        return int((one < two).sum()), int((two < one).sum())

    @property
    def p_value(self) -> float:
        """How often chance alone would be as uneven, or more so: the exact sign test."""
        return mcnemar(*self.nearer)

    @property
    def verdict(self) -> str:
        """Whose answers are nearer, and whether that may be chance, in a line."""
        one, two = self.nearer
        who = "A" if one > two else "B"
        described = f"A is nearer for {counted(one, 'picture')}, B for {two}; "
        described += (
            f"chance alone would be as uneven in {self.p_value:.2%} of cases (exact sign test)"
        )
        if self.p_value >= 0.05:
            return f"{described}: no difference is shown"
        return f"{described}: {who} is better"

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        one, two = self.nearer
        return {
            "schema": SCHEMA,
            "record": self.record_kind,
            "models": list(self.names),
            "task": self.pictures.kind,
            "notes": list(self.notes),
            "first": self.first.to_dict(),
            "second": self.second.to_dict(),
            "nearer": {"first": one, "second": two, "p_value": self.p_value},
            "images": self._images(),
        }

    def _rows(self) -> list[tuple[str | float, ...]]:
        return [
            (
                self.pictures.picture_name(i), self.pictures.targets.text(i), *answers,
                *self.errors[:, i].tolist(),
            )
            for i, answers in enumerate(self.answers)
        ]  # fmt: skip


def compare_tasks(
    models: tuple[Classifier, Classifier],
    pictures: tuple[Dataset, Dataset],
    names: tuple[str, str],
    notes: tuple[str, ...] = (),
) -> TaskComparison:
    """Compare two models of several labels, or of numbers.

    Args:
        models: A and B, trained for the same.
        pictures: The same pictures, as A and as B read them.
        names: What the models are called.
        notes: What the pictures are, a line each.

    Raises:
        DataError: If an answer is NaN or infinite.
    """
    first = models[0].model_.task
    found = [_judged(model, data, first) for model, data in zip(models, pictures, strict=True)]
    (one, two), errors, words, read = zip(*found, strict=True)
    answers = tuple(zip(*words, strict=True))
    return TaskComparison(
        names, pictures[0], one, two, np.stack(errors), answers, np.stack(read), notes
    )


def check_same_task(first: Task, second: Task) -> None:
    """Check that two models were trained for the same, so that they can be compared.

    Raises:
        DataError: If they were not.
    """
    if first.data_kind != second.data_kind:
        raise DataError(
            f"A is for {first.title}, B for {second.title}; compare models of the same task"
        )
    if first.of_steps:  # judged by texts, whatever they are made of
        return
    if not first.of_one_class and sorted(first.names) != sorted(second.names):
        raise DataError(
            f"A learned {', '.join(first.names[:8])}, B {', '.join(second.names[:8])}; compare "
            "models of the same"
        )


def _judged(
    model: Classifier, data: Dataset, unit: Task
) -> tuple[
    MultiLabelReport | RegressionReport, NDArray[np.float64], list[str], NDArray[np.float64]
]:
    """A model's judgement, how far each answer is off, and the answers in words and numbers."""
    task = model.model_.task
    outputs = outputs_of(model.program_, data, task)
    order = [task.names.index(name) for name in unit.names]
    if isinstance(task, MultiLabel):
        errors = SigmoidCrossEntropy().per_image(outputs, data.targets.array)
        given = replace(data.targets, marks=task.answer(outputs).astype(np.uint8))  # type: ignore[type-var]
        report: MultiLabelReport | RegressionReport = labels_report(outputs, data, task)
        read = task.probabilities(outputs)[:, order]
    else:
        assert isinstance(task, Regression)
        assert isinstance(unit, Regression)
        values = task.values(outputs)
        read = values[:, order]
        errors = unit.errors(read, data.targets.array[:, order])
        given = replace(data.targets, values=values)  # type: ignore[type-var]
        report = numbers_report(outputs, data, task)
    return report, errors, [given.text(i) for i in range(len(data))], read
