"""Judging a detector: average precision, and what was found, missed and wrongly reported."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from math import isnan
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.evaluation.judgement import Judgement, json_values, written
from pellucid.evaluation.outputs import output_batches
from pellucid.metrics.detection import (
    average_precisions,
    mean_average_precision,
    mean_average_precision_interval,
    operating_point,
)
from pellucid.metrics.matching import match
from pellucid.short_repr import short_repr
from pellucid.tasks.detection import detections_of
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program
    from pellucid.evaluation.judgement import Row
    from pellucid.metrics.matching import Matches
    from pellucid.tasks import Detection

SCHEMA = 1
"""Version of :meth:`DetectionReport.to_dict`."""

LITTLE = 0.05
"""A mean average precision up to here is hardly more than nothing found."""


@dataclass(frozen=True)
class ClassRow:
    """How the boxes of a class fared.

    Attributes:
        name: Of the class.
        boxes: How many there are that are not ignored.
        average_precision_50: At an IoU of 0.5, 0 to 1; none where there are no boxes.
        average_precision: The mean of IoU 0.5, 0.55, … 0.95, 0 to 1; none without boxes.
        precision: The share of boxes that are shown that is right; none where none is shown.
        recall: The share of boxes that is found; none where there are none.
        missed: Boxes that are not found.
        false_alarms: Boxes that are shown and are none.
    """

    name: str
    boxes: int
    average_precision_50: float | None
    average_precision: float | None
    precision: float | None
    recall: float | None
    missed: int
    false_alarms: int


@dataclass(frozen=True)
class Box:
    """A box in pixels of the picture as the network gets it.

    Attributes:
        name: Of its class.
        box: x0, y0, x1, y1.
        probability: Of one that was found; none of a box of the data.
        overlap: IoU with the box of the data that it was found for; none where there is none.
    """

    name: str
    box: tuple[float, float, float, float]
    probability: float | None = None
    overlap: float | None = None


@dataclass(frozen=True)
class PictureRow:
    """What was found in a picture, missed and wrongly reported.

    Attributes:
        index: Its place in the data, from 0.
        name: Its name there: a path, or ``test[17]``.
        hits: Boxes that are right.
        false_alarms: Boxes that are none.
        missed: Boxes of the data that were not found.
    """

    index: int
    name: str
    hits: tuple[Box, ...]
    false_alarms: tuple[Box, ...]
    missed: tuple[Box, ...]

    @property
    def faults(self) -> int:
        """How many boxes are missed or wrong."""
        return len(self.missed) + len(self.false_alarms)


@short_repr
@dataclass(frozen=True, eq=False)
class DetectionReport(Judgement):
    """A detector's judgement on pictures with boxes.

    Attributes:
        classes: The K class names.
        count: How many pictures, N.
        map50: Mean average precision at an IoU of 0.5, as COCO defines it, 0 to 1.
        map50_interval: Its 95 % interval, by resampling pictures (bootstrap).
        map: The mean of IoU 0.5, 0.55, … 0.95, 0 to 1.
        shown: From which probability on boxes are shown; precision, recall and pictures are of
            these, at an IoU of 0.5.
        per_class: A row a class.
        wrong: Every picture, that with most faults first.
    """

    TABLES: ClassVar[tuple[str, ...]] = ("summary.csv", "per_class.csv", "boxes.csv")
    PICTURE: ClassVar[str] = "average_precision.png"
    record_kind: ClassVar[str] = "detection report"
    classes: tuple[str, ...]
    count: int
    map50: float
    map50_interval: tuple[float, float]
    map: float
    shown: float
    per_class: tuple[ClassRow, ...]
    wrong: tuple[PictureRow, ...] = field(repr=False)

    @property
    def score(self) -> float:
        """What the judgement comes to in one number: mean average precision at an IoU of 0.5."""
        return self.map50

    @property
    def headline(self) -> str:
        """The judgement in a line."""
        low, high = self.map50_interval
        return (
            f"mAP {self.map50:.1%} at IoU 0.5 (95 % interval {low:.1%} to {high:.1%}), "
            f"{self.map:.1%} at IoU 0.5 to 0.95; from probability {self.shown:.0%} on "
            f"{self.found} of {counted(self.boxes, 'box')} found, "
            f"{counted(self.false_alarms, 'false alarm')}"
        )

    @property
    def boxes(self) -> int:
        """How many boxes there are to be found."""
        return sum(row.boxes for row in self.per_class)

    @property
    def found(self) -> int:
        """How many of them are found."""
        return self.boxes - sum(row.missed for row in self.per_class)

    @property
    def false_alarms(self) -> int:
        """How many boxes are shown that are none."""
        return sum(row.false_alarms for row in self.per_class)

    @property
    def remark(self) -> str | None:
        """A remark where next to nothing is found; else none."""
        if self.map50 > LITTLE:
            return None
        return (
            f"next to nothing is found: mAP at IoU 0.5 is {self.map50:.1%}; train for more epochs, "
            "or start from a trained body"
        )

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values: the attributes above, and ``schema``."""
        values = json_values(asdict(self))
        pictures = values.pop("wrong")
        return {
            "schema": SCHEMA, "record": self.record_kind, **values, "pictures": pictures,
        }  # fmt: skip

    def _tables(self) -> Sequence[Sequence[Row]]:
        """The measures, a row a class, a row a box."""
        low, high = self.map50_interval
        summary: list[Row] = [
            ["mAP at IoU 0.5", f"{self.map50:.6f}"],
            ["… 95 % interval, from", f"{low:.6f}"],
            ["… 95 % interval, to", f"{high:.6f}"],
            ["mAP at IoU 0.5 to 0.95", f"{self.map:.6f}"],
            ["shown from probability", f"{self.shown:.6f}"],
            ["pictures", self.count],
            ["boxes", self.boxes],
            ["found", self.found],
            ["false alarms", self.false_alarms],
        ]
        classes: list[Row] = [
            [printable(row.name), *(written(v) for v in list(asdict(row).values())[1:])]
            for row in self.per_class
        ]
        boxes: list[Row] = [
            [each.index, printable(each.name), what, printable(box.name),
             *(f"{edge:.2f}" for edge in box.box), written(box.probability), written(box.overlap)]
            for each in sorted(self.wrong, key=lambda picture: picture.index)
            for what, found in (
                ("found", each.hits), ("false alarm", each.false_alarms), ("missed", each.missed)
            )
            for box in found
        ]  # fmt: skip
        head = "index", "path", "what", "class", "x0", "y0", "x1", "y1", "probability", "overlap"
        return (
            [["measure", "value"], *summary],
            [list(ClassRow.__dataclass_fields__), *classes],
            [list(head), *boxes],
        )


def evaluate_boxes(
    program: Program, dataset: Dataset, task: Detection, *, batch_size: int | None = None
) -> DetectionReport:
    """Judge a detector on pictures with boxes.

    Args:
        program: The network, loaded by an engine.
        dataset: The pictures and their boxes, in pixels of the pictures as the network gets them.
        task: What the network was trained for.
        batch_size: Pictures computed at once; none: as many as bounded memory allows.

    Raises:
        DataError: The data are not the network's, or it answers with NaN or infinity.
    """
    return judged_boxes(program, dataset, task, batch_size=batch_size)[0]


def judged_boxes(
    program: Program, dataset: Dataset, task: Detection, *, batch_size: int | None = None
) -> tuple[DetectionReport, Matches]:
    """The same, and which boxes are which, of which other measures can be made.

    Args:
        program: As for :func:`evaluate_boxes`.
        dataset: As for :func:`evaluate_boxes`.
        task: As for :func:`evaluate_boxes`.
        batch_size: As for :func:`evaluate_boxes`.
    """
    found = np.empty((len(dataset), task.most, 6))
    for batch, outputs in output_batches(program, dataset, task, batch_size):
        found[batch] = task.answer(outputs)
    return report_on(found, dataset, task)


def report_on(
    found: NDArray[np.float64], dataset: Dataset, task: Detection
) -> tuple[DetectionReport, Matches]:
    """The same of boxes that were found before.

    Args:
        found: What the task answers of each picture, (N, most, 6).
        dataset: As for :func:`evaluate_boxes`.
        task: As for :func:`evaluate_boxes`.
    """
    truth = dataset.targets.array
    matches = match(detections_of(found), truth, len(task.classes))
    point = operating_point(matches, truth, task.shown)
    precisions = average_precisions(matches)
    numbers = matches.numbers.sum(axis=0)
    precision, recall = point.precision.tolist(), point.recall.tolist()

    def boxes(rows: NDArray[Any], *, scored: bool) -> list[Box]:
        return [
            Box(
                task.classes[int(row[5] if scored else row[4])],
                (row[0], row[1], row[2], row[3]),
                row[4] if scored else None,
            )
            for row in rows.tolist()
        ]

    pictures = []
    for i, each in enumerate(point.pictures):
        places = [d for d, _, _ in each.hits]
        hits = [
            Box(box.name, box.box, box.probability, overlap)
            for box, (_, _, overlap) in zip(
                boxes(found[i, places], scored=True), each.hits, strict=True
            )
        ]
        pictures.append(
            PictureRow(
                i,
                dataset.picture_name(i),
                tuple(hits),
                tuple(boxes(found[i, list(each.false_alarms)], scored=True)),
                tuple(boxes(truth[i, list(each.misses)], scored=False)),
            )
        )
    report = DetectionReport(
        classes=task.classes,
        count=len(dataset),
        map50=_number(mean_average_precision(matches, 0.5)) or 0.0,
        map50_interval=mean_average_precision_interval(matches, 0.5),
        map=_number(mean_average_precision(matches)) or 0.0,
        shown=task.shown,
        per_class=tuple(
            ClassRow(
                name,
                int(numbers[k]),
                _number(precisions[0, k]),
                _number(precisions[:, k].mean()),
                _number(precision[k]),
                _number(recall[k]),
                int(point.misses[k]),
                int(point.false_alarms[k]),
            )
            for k, name in enumerate(task.classes)
        ),
        wrong=tuple(sorted(pictures, key=lambda each: (-each.faults, each.index))),
    )
    return report, matches


def _number(value: float) -> float | None:
    """A number, or none where it is not known (NaN)."""
    return None if isnan(value) else float(value)
