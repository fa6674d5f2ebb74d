"""Which answers a comparison's second model gives otherwise than its first, task by task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.targets import LabelSets
from pellucid.evaluation.caption_comparison import CaptionComparison
from pellucid.evaluation.change import (
    BETTER,
    BROKEN,
    CORRECTED,
    ERROR_WAYS,
    OTHER,
    WAYS,
    WORSE,
    Change,
)
from pellucid.evaluation.comparison import mcnemar
from pellucid.evaluation.detection_comparison import DetectionComparison
from pellucid.evaluation.model_comparison import ModelComparison
from pellucid.evaluation.multi_label import MultiLabelReport
from pellucid.evaluation.task_comparison import TaskComparison
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pellucid.evaluation.detection import PictureRow
    from pellucid.evaluation.model_comparison import AnyComparison

MCNEMAR, SIGN = "McNemar's test", "the sign test"


@dataclass(frozen=True)
class ChangedAnswers:
    """Answers that changed, and how they are judged; see :class:`pellucid.evaluation.Changes`."""

    rows: tuple[Change, ...]
    ways: tuple[str, ...]
    judged: int
    unit: str
    p_value: float
    test: str
    right: tuple[int, int] | None = None
    cross_entropy: tuple[float, float] | None = None
    errors: tuple[float, float] | None = None


@dataclass(frozen=True)
class _Pair:
    """Two answers to a picture that are more or less wrong."""

    index: int
    path: str
    true: str
    answers: tuple[str, str]
    errors: tuple[float, float]


def changed_answers(comparison: AnyComparison) -> ChangedAnswers:
    """What changed from a comparison's first model to its second."""
    if isinstance(comparison, ModelComparison):
        return _of_classes(comparison)
    if isinstance(comparison, TaskComparison):
        if isinstance(comparison.pictures.targets, LabelSets):
            return _of_labels(comparison)
        return _by_error(_numbers(comparison), "standard deviations")
    if isinstance(comparison, DetectionComparison):
        return _by_error(_boxes(comparison), "boxes missed or wrong")
    if isinstance(comparison, CaptionComparison):
        return _by_error(_captions(comparison), "of the words are in no caption")
    return _by_error(
        (
            _Pair(a.index, a.name, a.said, (a.heard, b.heard), (a.errors, b.errors))
            for a, b in comparison.rows
        ),
        "words wrong, missing or too many",
    )


def _of_classes(comparison: ModelComparison) -> ChangedAnswers:
    numbers, pictures = comparison.numbers, comparison.pictures
    a, b, classes = numbers.first, numbers.second, pictures.classes
    rows = tuple(
        Change(
            path=pictures.picture_name(i),
            index=i,
            true=classes[int(numbers.labels[i])],
            before=classes[int(a.predicted[i])],
            after=classes[int(b.predicted[i])],
            way=BROKEN if a.right[i] else CORRECTED if b.right[i] else OTHER,
            confidence_before=float(a.confidence[i]),
            confidence_after=float(b.confidence[i]),
        )
        for i in numbers.disagree.tolist()
    )
    return ChangedAnswers(
        rows, WAYS, len(pictures), "pictures", numbers.p_value, MCNEMAR,
        right=(int(a.right.sum()), int(b.right.sum())),
        cross_entropy=(a.cross_entropy, b.cross_entropy),
    )  # fmt: skip


def _of_labels(comparison: TaskComparison) -> ChangedAnswers:
    """Each label of a picture is right or wrong for itself.

    Those of one picture do not err independently; so the test counts pictures: those of which the
    one model has more labels right, and the other.
    """
    pictures, first, second = comparison.pictures, comparison.first, comparison.second
    assert isinstance(first, MultiLabelReport)
    assert isinstance(second, MultiLabelReport)
    marks = pictures.targets.array.astype(bool)
    limits = np.array([first.threshold, second.threshold])[:, None, None]
    given = comparison.read >= limits
    right = given == marks
    rows = []
    for i, k in np.argwhere(given[0] != given[1]).tolist():
        has, name = given[:, i, k].tolist(), pictures.classes[k]
        before, after = (f"{'with' if each else 'without'} {name}" for each in has)
        sure = [
            float(p if each else 1 - p)
            for p, each in zip(comparison.read[:, i, k], has, strict=True)
        ]
        rows.append(
            Change(
                path=pictures.picture_name(i),
                index=i,
                true=f"{'with' if marks[i, k] else 'without'} {name}",
                before=before,
                after=after,
                way=BROKEN if right[0, i, k] else CORRECTED,
                confidence_before=sure[0],
                confidence_after=sure[1],
            )
        )
    one, two = right.sum(axis=2)
    p_value = mcnemar(int((one > two).sum()), int((two > one).sum()))
    return ChangedAnswers(
        tuple(rows), WAYS[:2], int(marks.size), "labels", p_value, SIGN,
        right=(int(one.sum()), int(two.sum())),
        cross_entropy=(first.cross_entropy, second.cross_entropy),
    )  # fmt: skip


def _numbers(comparison: TaskComparison) -> Iterable[_Pair]:
    pictures = comparison.pictures
    for i, answers in enumerate(comparison.answers):
        one, two = comparison.errors[:, i].tolist()
        yield _Pair(i, pictures.picture_name(i), pictures.targets.text(i), answers, (one, two))


def _boxes(comparison: DetectionComparison) -> Iterable[_Pair]:
    for a, b in comparison.rows:
        boxes = counted(len(a.hits) + len(a.missed), "box")
        yield _Pair(a.index, a.name, boxes, (_found(a), _found(b)), (a.faults, b.faults))


def _found(row: PictureRow) -> str:
    return f"{len(row.hits)} found, {counted(len(row.false_alarms), 'false alarm')}"


def _captions(comparison: CaptionComparison) -> Iterable[_Pair]:
    for a, b in comparison.rows:
        errors = 1 - a.right, 1 - b.right
        yield _Pair(a.index, a.name, a.references[0], (a.caption, b.caption), errors)


def _by_error(pairs: Iterable[_Pair], unit: str) -> ChangedAnswers:
    """Answers that are more or less wrong; equal ones are no change."""
    every = list(pairs)
    errors = np.array([each.errors for each in every], np.float64)
    one, two = errors.T
    rows = []
    for each in every:
        before, after = each.errors
        if before == after and each.answers[0] == each.answers[1]:
            continue
        rows.append(
            Change(
                path=each.path,
                index=each.index,
                true=each.true,
                before=each.answers[0],
                after=each.answers[1],
                way=WORSE if after > before else BETTER if after < before else OTHER,
                error_before=float(before),
                error_after=float(after),
            )
        )
    return ChangedAnswers(
        tuple(rows), ERROR_WAYS, len(every), unit,
        mcnemar(int((one < two).sum()), int((two < one).sum())), SIGN,
        errors=(float(one.mean()), float(two.mean())),
    )  # fmt: skip
