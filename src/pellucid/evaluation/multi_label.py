"""Judging a network that gives pictures any number of labels."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.data.targets import LabelSets, joined
from pellucid.evaluation.judgement import Judgement, json_values, written
from pellucid.evaluation.outputs import outputs_of
from pellucid.metrics.multi_label import label_scores
from pellucid.ops import SigmoidCrossEntropy
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program
    from pellucid.evaluation.judgement import Row
    from pellucid.tasks import MultiLabel

BETTER = 1.05
"""A mAP of at least this many times that of random scores is better than guessing."""

SCHEMA = 1
"""Version of :meth:`MultiLabelReport.to_dict`."""


@dataclass(frozen=True)
class LabelRow:
    """How one label fared; see :class:`pellucid.metrics.multi_label.LabelScores`."""

    name: str
    precision: float
    recall: float
    f1: float
    average_precision: float | None
    support: int
    given: int


@dataclass(frozen=True)
class WrongLabels:
    """One picture whose labels are not all right.

    Attributes:
        index: Its place in the data, from 0.
        name: Its name there: a path, or ``test[17]``.
        missing: The labels that it has and was not given.
        wrong: The labels that it was given and has not.
        loss: How far the probabilities are from its labels, in nats.
    """

    index: int
    name: str
    missing: tuple[str, ...]
    wrong: tuple[str, ...]
    loss: float

    @property
    def words(self) -> str:
        """Both in words: ``not given: cat; given wrongly: dog``."""
        parts = []
        if self.missing:
            parts.append(f"not given: {joined(self.missing)}")
        if self.wrong:
            parts.append(f"given wrongly: {joined(self.wrong)}")
        return "; ".join(parts)


@short_repr
@dataclass(frozen=True, eq=False)
class MultiLabelReport(Judgement):
    """A network's judgement on pictures with any number of labels.

    Attributes:
        classes: The names of the K labels.
        count: How many pictures, N.
        threshold: From this probability on, a label was given.
        mean_average_precision: Of the labels that some picture has, 0 to 1.
        guessing: That of scores drawn at random: the mean share of pictures with a label.
        micro_f1: F1 of all decisions together.
        macro_f1: Mean F1 of the labels.
        exact: The share of pictures whose labels are all right.
        cross_entropy: Sigmoid cross-entropy, averaged over labels and pictures, in nats.
        per_label: A row a label.
        wrong: Every picture with a wrong label, the worst first.
        noun: What they are called: ``"picture"`` or ``"recording"``.
    """

    PICTURE: ClassVar[str] = "labels.png"
    record_kind: ClassVar[str] = "multi-label report"
    classes: tuple[str, ...]
    count: int
    threshold: float
    mean_average_precision: float
    guessing: float
    micro_f1: float
    macro_f1: float
    exact: float
    cross_entropy: float
    per_label: tuple[LabelRow, ...]
    wrong: tuple[WrongLabels, ...]
    noun: str = "picture"

    @property
    def score(self) -> float:
        """What the judgement comes to in one number: the mean average precision."""
        return self.mean_average_precision

    @property
    def headline(self) -> str:
        """The judgement in a line."""
        return (
            f"mAP {self.mean_average_precision:.2%} (guessing: {self.guessing:.2%}), micro F1 "
            f"{self.micro_f1:.2%}, macro F1 {self.macro_f1:.2%}"
        )

    @property
    def remark(self) -> str | None:
        """A remark where the mAP is no better than guessing; else none."""
        if self.mean_average_precision > BETTER * self.guessing:
            return None
        return f"no better than guessing: scores drawn at random have a mAP of {self.guessing:.2%}"

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values: the attributes above, and ``schema``."""
        return {"schema": SCHEMA, "record": self.record_kind, **json_values(asdict(self))}

    def _tables(self) -> Sequence[Sequence[Row]]:
        """The measures, a row a label, a row a picture with a wrong label."""
        measures = (
            ("mean average precision", self.mean_average_precision),
            ("micro F1", self.micro_f1),
            ("macro F1", self.macro_f1),
            ("all labels right", self.exact),
            ("cross-entropy", self.cross_entropy),
            ("threshold", self.threshold),
            (f"{self.noun}s", self.count),
        )
        guessing = [written(self.guessing), *[""] * (len(measures) - 1)]
        summary = [
            [name, written(value), guess]
            for (name, value), guess in zip(measures, guessing, strict=True)
        ]
        labels = [
            [
                printable(row.name),
                *map(written, (row.precision, row.recall, row.f1, row.average_precision)),
                row.support, row.given,
            ]
            for row in self.per_label
        ]  # fmt: skip
        wrong = [
            [each.index, printable(each.name), printable(joined(each.missing)),
             printable(joined(each.wrong)), written(each.loss)]
            for each in self.wrong
        ]  # fmt: skip
        return (
            [["measure", "value", "guessing"], *summary],
            [list(LabelRow.__dataclass_fields__), *labels],
            [["index", "path", "missing", "wrong", "loss"], *wrong],
        )


def evaluate_labels(
    program: Program, dataset: Dataset, task: MultiLabel, *, batch_size: int | None = None
) -> MultiLabelReport:
    """Judge a network on pictures with any number of labels.

    Args:
        program: The network, loaded by an engine.
        dataset: The pictures and their labels.
        task: What the network was trained for, with the threshold.
        batch_size: Pictures computed at once; none: as many as bounded memory allows.

    Raises:
        DataError: The data are not the network's, or it answers with NaN or infinity.
    """
    return labels_report(outputs_of(program, dataset, task, batch_size), dataset, task)


def labels_report(
    outputs: NDArray[np.float64], dataset: Dataset, task: MultiLabel
) -> MultiLabelReport:
    """The same of outputs that are there.

    Args:
        outputs: Of the network for each picture, (N, K).
        dataset: As for :func:`evaluate_labels`.
        task: As for :func:`evaluate_labels`.
    """
    assert isinstance(dataset.targets, LabelSets)
    marks, probabilities = dataset.targets.marks, task.probabilities(outputs)
    scores = label_scores(probabilities, marks, task.threshold)
    losses = SigmoidCrossEntropy().per_image(outputs, marks)
    answers = task.answer(outputs)
    mistaken = np.flatnonzero((answers != marks).any(axis=1))
    order = mistaken[np.argsort(-losses[mistaken], kind="stable")]
    known = scores.support > 0
    return MultiLabelReport(
        classes=task.classes,
        count=len(dataset),
        noun=dataset.noun,
        threshold=task.threshold,
        mean_average_precision=scores.mean_average_precision,
        guessing=float((scores.support[known] / len(dataset)).mean()) if known.any() else 0.0,
        micro_f1=scores.micro_f1,
        macro_f1=scores.macro_f1,
        exact=1.0 - len(mistaken) / len(dataset),
        cross_entropy=float(losses.mean()),
        per_label=tuple(
            LabelRow(name, p, r, f, None if not n else a, n, g)
            for name, p, r, f, a, n, g in zip(
                task.classes, scores.precision.tolist(), scores.recall.tolist(),
                scores.f1.tolist(), scores.average_precision.tolist(), scores.support.tolist(),
                scores.given.tolist(), strict=True,
            )
        ),
        wrong=tuple(
            WrongLabels(
                i,
                dataset.picture_name(i),
                tuple(task.classes[k] for k in np.flatnonzero(marks[i] > answers[i])),
                tuple(task.classes[k] for k in np.flatnonzero(marks[i] < answers[i])),
                float(losses[i]),
            )
            for i in order.tolist()
        ),
    )  # fmt: skip
